"""An .ics file cut into its parts, so that one broken event costs that event only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from kalends.base.reading import Lines, PayloadTooLargeError

Kind = Literal["VEVENT", "VTIMEZONE"]
VALUE: Final = re.compile(r'[^:"]*(?:"[^"]*"[^:"]*)*:(.*)', re.DOTALL)
"""A content line's value: what follows the first colon outside of quotes."""
NAME: Final = re.compile(r"([A-Za-z0-9-]{1,80})[;:]")
MAX_LINE: Final = 1 << 18
"""Characters of one unfolded line (attachments are longer, and are not read); what is beyond is cut."""
MAX_CHARACTERS: Final = 256 << 20
"""Of the whole file: ten years of a large company's calendar have a tenth of it."""


@dataclass(slots=True)
class Part:
    """One event's or time zone's lines, unfolded, without BEGIN and END; `line` is where it begins in the file."""

    kind: Kind
    line: int
    lines: list[str] = field(default_factory=list)
    is_damaged: bool = False
    """A BEGIN or END is missing."""

    def text(self) -> str:
        """It as icalendar reads it."""
        return "\r\n".join([f"BEGIN:{self.kind}", *self.lines, f"END:{self.kind}", ""])

    def value(self, name: str) -> str:
        """The plain text of the first line of that name; '' where there is none."""
        lines = (line for line in self.lines if name_of(line) == name)
        return next(map(value_of, lines), "")


@dataclass(slots=True)
class Outline:
    """The file: its header, its time zones and its events."""

    header: dict[str, str] = field(default_factory=dict)
    zones: list[Part] = field(default_factory=list)
    events: list[Part] = field(default_factory=list)
    stray_ends: list[int] = field(default_factory=list)
    """Lines that end an event which never began."""
    others: Counter[str] = field(default_factory=Counter)
    """How many of what else there was: to-dos, journals."""
    is_calendar: bool = False


class ContentLines(Lines):
    """The lines of a file as bytes in disguise (one character for each): a character may be folded in its middle."""

    odd_content: int = 0
    """How many content lines were not UTF-8."""

    def _decoded(self, line: bytes, number: int) -> str:  # noqa: ARG002 - the base's signature
        return line.decode("latin-1")

    def unfolded(self) -> Iterator[tuple[int, str]]:
        """Content lines with the number of the line they begin on (RFC 5545, 3.1: continuations begin with a blank).

        Empty lines count for nothing: files that went through the wrong hands have one after each line.
        """
        held: list[str] = []
        begins = size = 0
        for number, line in enumerate(self, start=1):
            clean = line.rstrip("\r\n")
            if not clean:
                continue
            if held and clean[0] in " \t":
                if size <= MAX_LINE:
                    held.append(clean[1:])
                    size += len(clean)
                continue
            if held:
                yield begins, self._text("".join(held))
            held, begins, size = [clean], number, len(clean)
        if held:
            yield begins, self._text("".join(held))

    def _text(self, content: str) -> str:
        raw = content.encode("latin-1").replace(b"\x00", b"")[:MAX_LINE]
        try:
            return raw.decode("utf-8", errors="ignore" if len(raw) == MAX_LINE else "strict")
        except UnicodeDecodeError:
            self.odd_content += 1
            return raw.decode("cp1252", errors="replace")


def name_of(line: str) -> str:
    """The property that a content line sets, in capitals; '' where it is no content line."""
    match = NAME.match(line)
    return match[1].upper() if match else ""


def value_of(line: str) -> str:
    """The text that a content line says, without parameters and escapes."""
    match = VALUE.match(line)
    text = match[1] if match else ""
    return re.sub(r"\\([\\,;nN])", lambda mark: "\n" if mark[1] in "nN" else mark[1], text).strip()


def outline(lines: ContentLines) -> Outline:
    """The parts of the file. Raises PayloadTooLargeError; everything else that is wrong is mended or told later."""
    found = Outline()
    builder = _Builder(found)
    size = 0
    for number, line in lines.unfolded():
        size += len(line)
        if size > MAX_CHARACTERS:
            raise PayloadTooLargeError("The calendar is larger than 256 MB; export it in several parts.")
        builder.add(number, line)
    builder.close(is_damaged=True)
    return found


@dataclass(slots=True)
class _Builder:
    """Sorts content lines into parts. `inner`: how deep inside an event's alarms and the like, which are not read."""

    found: Outline
    part: Part | None = None
    inner: int = 0

    def add(self, number: int, line: str) -> None:
        mark = line.strip().upper() if len(line) < 80 else ""
        if mark in {"BEGIN:VEVENT", "BEGIN:VTIMEZONE"}:
            self.close(is_damaged=True)
            self.open("VEVENT" if mark == "BEGIN:VEVENT" else "VTIMEZONE", number)
        elif mark == "END:VEVENT" and self.part is None:
            self.found.stray_ends.append(number)
        elif self.part is None:
            self.note(mark, line)
        elif mark in {"END:VEVENT", f"END:{self.part.kind}"}:
            self.close(is_damaged=mark != f"END:{self.part.kind}")
        elif self.part.kind == "VTIMEZONE":
            self.part.lines.append(line)
        elif mark.startswith(("BEGIN:", "END:")):
            self.nest(mark)
        elif not self.inner:
            self.part.lines.append(line)

    def open(self, kind: Kind, number: int) -> None:
        self.part, self.inner = Part(kind, number), 0
        (self.found.events if kind == "VEVENT" else self.found.zones).append(self.part)

    def close(self, *, is_damaged: bool) -> None:
        if self.part is not None:
            self.part.is_damaged |= is_damaged or self.inner > 0
        self.part = None

    def nest(self, mark: str) -> None:
        """Into an alarm or out of it; an END of what never began is passed over, and told."""
        self.inner += 1 if mark.startswith("BEGIN:") else -1
        if self.inner < 0 and self.part is not None:
            self.inner, self.part.is_damaged = 0, True

    def note(self, mark: str, line: str) -> None:
        """What stands outside of events and time zones."""
        self.found.is_calendar |= mark == "BEGIN:VCALENDAR"
        if mark in {"BEGIN:VTODO", "BEGIN:VJOURNAL"}:
            self.found.others[mark.removeprefix("BEGIN:V").lower()] += 1
        elif name := name_of(line):
            self.found.header.setdefault(name, value_of(line))


def only(part: Part, names: Iterable[str]) -> Part:
    """The part with only the lines of those names."""
    wanted = frozenset(names)
    return Part(part.kind, part.line, [line for line in part.lines if name_of(line) in wanted], part.is_damaged)
