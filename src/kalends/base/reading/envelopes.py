"""Envelopes that are taken off an answer while its rows stay closed: they are passed on as the bytes that came.

To make Python's objects of a row and to write it down again is most of the work of reading a large answer. Where a
platform's rows need nothing but what their answer says about all of them, nobody has to look into them here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
import orjson

WORTH_CHARACTERS = 4_096
"""Of a shorter document the rows are as quickly opened; many a file has one row on each line."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Envelope(Generic[Answer]):
    """The shape of the answers whose rows can stay closed. `answer` is their type: what it does not name is passed
    over, and a document that does not fit is opened. `rows` are its rows, each a `msgspec.Raw`; `given` is what it says
    about all of them.
    """

    def __init__(
        self,
        answer: type[Answer],
        *,
        rows: Callable[[Answer], Sequence[msgspec.Raw]],
        given: Callable[[Answer], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        self._answer, self._rows, self._given = answer, rows, given

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Answer]:
        return msgspec.json.Decoder(self._answer)

    def lines(self, document: str) -> bytes | None:
        """The rows as lines of JSON, each with what is given to it; None where they have to be opened.

        What is no object in the list, or has a key that it is given, makes a line that no reader takes for a row.
        """
        if len(document) < WORTH_CHARACTERS:
            return None
        try:
            answer = self._decoder.decode(document)
        except msgspec.MsgspecError:
            return None
        rows, given = self._rows(answer), self._given(answer)
        end = b"," + orjson.dumps(given)[1:] + b"\n" if given else b"}\n"
        return end.join([bytes(row)[:-1] for row in rows]) + end if rows else None
