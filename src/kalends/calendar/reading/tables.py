"""Spreadsheets and JSON tables of events, to entries: columns guessed by their headings, each row's fate told.

Two shapes: a row for each event (with a first and perhaps a last day), and a row for each day, where the same name on
days in a row is one event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from kalends.base.reading import Payload, Row, UnreadablePayloadError, rows_of, sniff
from kalends.calendar.events import EVENT_FIELDS
from kalends.calendar.reading.columns import NEEDED, guess_columns
from kalends.calendar.reading.dates import (
    DayOrder,
    day_order,
    parse_day,
    parse_days,
    parse_time,
    split_weekday,
    weekday_of,
)
from kalends.calendar.reading.entries import (
    MAX_DESCRIPTION,
    MAX_NAME,
    Fate,
    Reading,
    SourceEntry,
    checked,
    unique_keys,
)
from kalends.calendar.reading.words import DIRECTION_WORDS, IMPACT_WORDS, STATUS_WORDS, type_of, word_of

MAX_ROWS: Final = 200_000
LISTS: Final = ("markets", "channels", "brands")
DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CONTRADICTED: Final = 0.25
"""What a date is worth whose weekday is another one: mostly a year's list that was copied without its dates."""
CONFIRMED: Final = 1.5
"""What a date is worth that comes with its right weekday: somebody looked at a calendar."""


class NoEventColumnsError(UnreadablePayloadError):
    """The table has no column for the event's name or its day; say which columns they are."""

    code = "no_event_columns"


@dataclass(slots=True)
class _Line:
    """A row being read: what it says, what was noticed, what it is worth."""

    row: Row
    columns: Mapping[str, str]
    reasons: list[str] = field(default_factory=list)
    support: float = 1.0

    def cell(self, name: str) -> str:
        column = self.columns.get(name)
        return (self.row.cells.get(column) or "").strip() if column else ""

    @property
    def where(self) -> str:
        return f"row {self.row.number}"


def read_table(
    payload: Payload,
    *,
    zone: str,
    order: DayOrder,
    corrections: Mapping[str, str | None] | None = None,
    is_order_told: bool = False,
) -> Reading:
    """The entries of a CSV, Excel or JSON table.

    `corrections`: column -> field (or None: leave it out), over the guess. `order`: how 03/04/2026 is read where the
    column itself does not show it; `is_order_told`: whether a person said so. Raises NoEventColumnsError and the
    errors of `base.reading`; a bad row is refused, the rest kept.
    """
    source = rows_of(payload, sniff(payload))
    rows = [row for row, _ in zip(source, range(MAX_ROWS + 1), strict=False)]
    names = list(dict.fromkeys(name for row in rows for name in row.cells))
    columns = guess_columns(names, corrections=corrections)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise NoEventColumnsError(columns=names, missing=missing)
    reading = Reading(notes=list(source.notes), columns={column: name for name, column in columns.items()})
    if len(rows) > MAX_ROWS:
        reading.notes.append(f"Only the first {MAX_ROWS:,} rows were read.")
    lines = [_Line(row, columns) for row in rows[:MAX_ROWS]]
    order = _settled(lines, order, reading, is_order_told=is_order_told)
    made = [(line, *_read(line, zone, order)) for line in lines]
    is_daily = "ends_on" not in columns and not any(_is_span(fields) for _, fields, _ in made)
    entries = list(_joined(made, reading) if is_daily else _each(made, reading))
    reading.entries = unique_keys(entries)
    return reading


def _settled(lines: Sequence[_Line], order: DayOrder, reading: Reading, *, is_order_told: bool) -> DayOrder:
    """The order of day and month: as the columns show it, else as told, else the calendar's, and then it is said."""
    texts = [text for line in lines for name in ("starts_on", "ends_on") if (text := line.cell(name))]
    shown = day_order(texts)
    if shown is not None or is_order_told:
        return shown or order
    readings = [(parse_days(text, "dmy"), parse_days(text, "mdy")) for text in texts]
    if any(dmy != mdy for dmy, mdy in readings):
        first = "day" if order == "dmy" else "month"
        reading.notes.append(f"The dates do not show whether day or month comes first; the {first} was taken first.")
    return order


Fields = dict[str, Any]
Made = tuple[_Line, Fields, str | None]


def _read(line: _Line, zone: str, order: DayOrder) -> tuple[Fields, str | None]:
    """The fields that the row says, or why it cannot be taken in."""
    if line.row.fault:
        return {}, line.row.fault
    if not line.cell("name") and not line.cell("starts_on"):
        return {}, "The row has neither a name nor a day."
    if not line.cell("name"):
        return {}, None
    days, wrong = _days(line, order)
    if days is None:
        return {}, wrong
    said = {
        "name": line.cell("name")[:MAX_NAME],
        "starts_on": days[0],
        "ends_on": days[1],
        **_times(line, zone),
        **_words(line),
        **{name: parts for name in LISTS if (parts := _list(line.cell(name)))},
        "description": line.cell("description")[:MAX_DESCRIPTION],
        "owner": line.cell("owner")[:MAX_NAME],
    }
    return checked({name: value for name, value in said.items() if value})


def _days(line: _Line, order: DayOrder) -> tuple[tuple[date, date] | None, str | None]:
    """The first and the last day, or what is wrong with them."""
    text, until = line.cell("starts_on"), line.cell("ends_on")
    if not text:
        return None, "The row has no day."
    found = parse_days(text, order)
    end = parse_day(until, order) if until and found else None
    if found is None or (until and end is None):
        return None, f"{(text if found is None else until)[:60]!r} is no day; write it as 2026-11-27."
    _weigh_weekday(line, text, found[0])
    first, last = found[0], end or found[1]
    return ((first, last), None) if first <= last else (None, f"It ends ({last}) before it begins ({first}).")


def _weigh_weekday(line: _Line, text: str, day: date) -> None:
    """A weekday beside the date agrees with it or not: a free test of whether the date is right."""
    said = split_weekday(text)[1]
    said = weekday_of(line.cell("weekday")) if said is None else said
    if said is None:
        return
    line.support = CONFIRMED if said == day.weekday() else CONTRADICTED
    if said != day.weekday():
        line.reasons.append(f"{day} is a {DAY_NAMES[day.weekday()]}, not a {DAY_NAMES[said]}: check the date.")


def _times(line: _Line, zone: str) -> Fields:
    """Times of day, where both are given and readable."""
    begin, end = parse_time(line.cell("start_time")), parse_time(line.cell("end_time"))
    if begin is None or end is None:
        if line.cell("start_time") or line.cell("end_time"):
            line.reasons.append("The times were left out: an event needs both, such as 09:00 and 17:30.")
        return {}
    return {"start_time": begin, "end_time": end, "zone": line.cell("zone") or zone}


def _words(line: _Line) -> Fields:
    """Type, impact, direction and status by the words that people use; what is not understood is left out and told."""
    found: Fields = {"type": type_of([line.cell("type"), line.cell("name")])}
    for name, words in (("impact", IMPACT_WORDS), ("direction", DIRECTION_WORDS), ("status", STATUS_WORDS)):
        text = line.cell(name)
        found[name] = word_of(text, words)
        if text and found[name] is None:
            line.reasons.append(f"{text[:60]!r} was not understood as {name} and left out.")
    return found


def _list(text: str) -> list[str]:
    """Several values in one cell: commas, semicolons, slashes or bars between them."""
    for mark in ";/|\n":
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_span(fields: Fields) -> bool:
    return bool(fields) and fields["starts_on"] != fields["ends_on"]


def _each(made: Sequence[Made], reading: Reading) -> Iterator[SourceEntry]:
    """A row for each event."""
    for line, fields, wrong in made:
        reading.fates.append(_fate(line, fields, wrong, entries=1 if fields else 0))
        if fields:
            yield _entry(line, fields)


def _joined(made: Sequence[Made], reading: Reading) -> Iterator[SourceEntry]:
    """A row for each day: rows that say the same of days in a row are one event."""
    open_: dict[str, tuple[_Line, Fields]] = {}
    ordered = sorted((item for item in made if item[1]), key=lambda item: item[1]["starts_on"])
    joined: set[int] = set()
    for line, fields, _ in ordered:
        before = open_.get(fields["name"])
        if before is not None and _follows(before[1], fields):
            before[1]["ends_on"] = fields["ends_on"]
            joined.add(line.row.number)
        else:
            open_[fields["name"]] = (line, fields)
    for line, fields, wrong in made:
        is_part = line.row.number in joined
        reading.fates.append(_fate(line, fields, wrong, entries=0 if is_part or not fields else 1))
        if fields and not is_part:
            yield _entry(line, fields)


def _follows(before: Fields, fields: Fields) -> bool:
    """Whether a day continues what went before it: the next day, and nothing else said of it."""
    days = {"starts_on", "ends_on"}
    same = {k: v for k, v in before.items() if k not in days} == {k: v for k, v in fields.items() if k not in days}
    return same and date.fromisoformat(before["ends_on"]) + timedelta(days=1) == date.fromisoformat(fields["starts_on"])


def _fate(line: _Line, fields: Fields, wrong: str | None, *, entries: int) -> Fate:
    name = str(fields.get("name") or line.cell("name"))[:MAX_NAME]
    if wrong:
        shown = (wrong, f"It said: {line.row.raw}") if line.row.raw else (wrong,)
        return Fate(line.where, "refused", name, shown)
    return Fate(line.where, "mended" if line.reasons else "kept", name, tuple(line.reasons), entries)


def _entry(line: _Line, fields: Fields) -> SourceEntry:
    """The entry; without a key column its key follows from name and year, so that a moved date stays the same event."""
    key = line.cell("key") or _made_up_key(fields)
    said = {name: fields[name] for name in EVENT_FIELDS if name in fields}
    return SourceEntry(key=key[:MAX_NAME], fields=said, url=line.cell("url") or None, support=line.support)


def _made_up_key(fields: Fields) -> str:
    place = ",".join(fields.get("markets", ()))
    text = f"{fields['name'].casefold()}|{fields['starts_on'][:4]}|{place}"
    return "row-" + hashlib.sha256(text.encode()).hexdigest()[:16]
