"""Who is meant by @name in what somebody says. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_START: Final = re.compile(r"(?<![\w.])@")


@dataclass(frozen=True, slots=True)
class Named:
    """A person of the workspace who can be mentioned."""

    id: UUID
    name: str
    email: str


def mentioned(text: str, *, people: Sequence[Named]) -> list[UUID]:
    """The people whom the text names after an @, in order, each once.

    A person is named by e-mail, by whole name, or by the first name where only one has it; the longest of these counts.
    """
    known = _spellings(people)
    longest = sorted(known, key=lambda spelling: (-len(spelling), spelling))
    folded = text.casefold()
    found: dict[UUID, None] = {}
    for match in _START.finditer(folded):
        rest = folded[match.end() :]
        spelling = next((one for one in longest if _begins(rest, one)), None)
        if spelling is not None:
            found[known[spelling]] = None
    return list(found)


def _spellings(people: Sequence[Named]) -> dict[str, UUID]:
    """How people are named, in lower case; what would mean two people means nobody."""
    pairs = [
        (spelling.casefold(), person.id)
        for person in people
        for spelling in {person.name, person.email, person.name.split(" ")[0]}
        if spelling
    ]
    owners = Counter(spelling for spelling, _ in set(pairs))
    return {spelling: person for spelling, person in pairs if owners[spelling] == 1}


def _begins(rest: str, spelling: str) -> bool:
    """Whether the text goes on with a spelling, and not with a longer word."""
    after = rest[len(spelling) : len(spelling) + 1]
    return rest.startswith(spelling) and not (after.isalnum() or after == "_")
