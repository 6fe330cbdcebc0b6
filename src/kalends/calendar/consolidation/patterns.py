"""Shared causes of many conflicts, in words: one calendar a day late, dates read day first, a source that hedges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from kalends.calendar.consolidation.claims import GROUPS, WORDING, group_fields
from kalends.calendar.consolidation.master import Conflict
from kalends.calendar.consolidation.tables import is_table

Key = tuple[str, str]
"""(event id, group of fields): one conflict."""
FEWEST: Final = 3
"""Conflicts that share a cause: two may be chance."""
SHARE: Final = 0.6
"""Of a source's conflicts about these fields; below, what they share explains too little of them."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A cause that explains several conflicts at once, and what each would hold if the source is wrong, or right."""

    source: str
    group: str
    kind: str
    count: int
    """How many of the source's conflicts about these fields it explains ..."""
    of: int
    """... and how many there are."""
    others: Mapping[Key, str]
    """Conflict -> what the other sources say."""
    own: Mapping[Key, str]
    """Conflict -> what the source itself says."""

    @property
    def key(self) -> str:
        """Tells patterns apart, the same from run to run."""
        return f"{self.source}/{self.group}/{self.kind}"

    def told(self, label: str = "") -> str:
        """As in "The agency's calendar is one day late on 7 of 9 events: a time zone?"; `label`: its source's name."""
        return f"“{label or self.source}” {self.kind.format(share=f'{self.count} of {self.of} events')}"


def conflict_patterns(conflicts: Sequence[Conflict]) -> tuple[Pattern, ...]:
    """The causes that several conflicts share, the one that explains most first. Neither order of input matters.

    Where two sources differ each is as far from the other: the one whose values hold less often is named.
    """
    told = [conflict for conflict in conflicts if conflict.group not in WORDING]
    found = [pattern for source, group in _parties(told) for pattern in _of(source, group, told)]
    held = {(c.event_id, c.group): c.choice for c in told}
    ranked = sorted(found, key=lambda p: (-p.count, _held_by(p, held), p.source, p.group, p.kind))
    kept: list[Pattern] = []
    explained: set[Key] = set()
    for pattern in ranked:
        if len(explained.intersection(pattern.others)) * 2 <= pattern.count:
            kept.append(pattern)
            explained |= set(pattern.others)
    return tuple(kept)


def _parties(conflicts: Sequence[Conflict]) -> list[tuple[str, str]]:
    """Every calendar in a conflict, with the fields. The tables of moments and holidays are not late: others are."""
    said = {(source, conflict.group) for conflict in conflicts for source, _ in conflict.values}
    return sorted((source, group) for source, group in said if not is_table(source))


def _held_by(pattern: Pattern, held: Mapping[Key, str]) -> int:
    """In how many of its conflicts the source's own value holds."""
    return sum(held[key] == value for key, value in pattern.own.items())


def _of(source: str, group: str, conflicts: Sequence[Conflict]) -> list[Pattern]:
    """The causes that a source's conflicts about a group of fields share."""
    by_kind: dict[str, dict[Key, tuple[str, str]]] = {}
    mine = [c for c in conflicts if c.group == group and source in dict(c.values)]
    for conflict in mine:
        own, others = _sides(source, conflict)
        kind = None if others is None else _kind(group, own, others)
        if kind is not None and others is not None:
            by_kind.setdefault(kind, {})[conflict.event_id, group] = (own, others)
    return [
        Pattern(
            source=source,
            group=group,
            kind=kind,
            count=len(found),
            of=len(mine),
            others={key: others for key, (_, others) in sorted(found.items())},
            own={key: own for key, (own, _) in sorted(found.items())},
        )
        for kind, found in sorted(by_kind.items())
        if len(found) >= FEWEST and len(found) >= SHARE * len(mine)
    ]


def _sides(source: str, conflict: Conflict) -> tuple[str, str | None]:
    """What the source says, and what the others agree on; None where they do not agree."""
    own = dict(conflict.values)[source]
    others = {value for name, value in conflict.values if name != source} - {own}
    return own, others.pop() if len(others) == 1 else None


def _kind(group: str, own: str, others: str) -> str | None:
    """What is the matter, in words with a place for the share; None where it is nothing that could be shared."""
    if group == "days":
        return _shift(group_fields(group, own), group_fields(group, others))
    said = [str(value) for value in group_fields(group, own).values()]
    if len(GROUPS[group]) > 1 or not said:
        return None
    return f"says “{said[0].replace('_', ' ')}” where others do not, on {{share}}"


def _shift(own: Mapping[str, str], others: Mapping[str, str]) -> str | None:
    """How far a source's days are from the others', and the likely reason."""
    if own.keys() != others.keys() or len(own) < len(GROUPS["days"]):
        return None
    mine = [date.fromisoformat(own[name]) for name in GROUPS["days"]]
    theirs = [date.fromisoformat(others[name]) for name in GROUPS["days"]]
    both = tuple(zip(mine, theirs, strict=True))
    first, last = ((a - b).days for a, b in both)
    if all(_swapped(a) == b for a, b in both):
        return "has day and month the other way round on {share}: dates read day first?"
    if all(
        (a.month, a.day) == (b.month, b.day) and abs(a.year - b.year) == 1 for a, b in zip(mine, theirs, strict=True)
    ):
        return "is one year off on {share}: another year's plan?"
    if first == last:
        late, days = ("late" if first > 0 else "early"), abs(first)
        why = ": a time zone?" if days == 1 else ""
        return f"is {'one day' if days == 1 else f'{days} days'} {late} on {{share}}{why}"
    if first == 0 and abs(last) == 1:
        return f"ends one day {'later' if last > 0 else 'sooner'} on {{share}}: is the last day included?"
    return None


def _swapped(day: date) -> date | None:
    """The day with its month and day of month changed over; None where that is no other day."""
    try:
        other = day.replace(month=day.day, day=day.month)
    except ValueError:
        return None
    return other if other != day else None
