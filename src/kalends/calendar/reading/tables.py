"""Spreadsheets and JSON tables of events, to entries: columns guessed by their headings, each row's fate told.

Two shapes: a row for each event (with a first and perhaps a last day), and a row for each day, where the same name on
days in a row is one event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import islice
from typing import Any, Final

from kalends.base.reading import Payload, Row, UnreadablePayloadError
from kalends.calendar.events import EVENT_FIELDS, EVENT_TYPES
from kalends.calendar.reading.columns import NEEDED, guess_columns, plain_heading
from kalends.calendar.reading.dates import (
    DayOrder,
    day_order,
    parse_day,
    parse_days,
    parse_time,
    split_weekday,
    time_in,
    weekday_of,
)
from kalends.calendar.reading.entries import (
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_URL,
    Fate,
    Reading,
    SourceEntry,
    checked,
    cut,
    in_days,
    short_key,
    unique_keys,
)
from kalends.calendar.reading.icszones import known_zone
from kalends.calendar.reading.shapes import HOLIDAY_HEADINGS, level_of, number_of, score_scale, shape_notes
from kalends.calendar.reading.tablerows import MAX_ROWS, table_rows
from kalends.calendar.reading.words import DIRECTION_WORDS, IMPACT_WORDS, STATUS_WORDS, type_of, word_of

SAMPLES, SAMPLE, SAMPLED = 3, 60, 200
"""Texts of a column that are shown, their length, and the rows that they are looked for in."""
LISTS: Final = ("markets", "channels", "brands")
DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BLANK: Final = frozenset({"-", "--", "n/a", "na", "#n/a", "nan", "nat", "null", "none", "nil"})
"""What programs and people write where there is nothing."""
YES: Final = frozenset({"1", "true", "yes", "y", "x", "ja", "oui", "si", "sí"})
NO: Final = frozenset({"0", "false", "no", "n", "nein", "non"})
MAX_WINDOW: Final = 366
ALL_DAY: Final = frozenset({time(0), time(23, 59)})
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
    scale: float | None = None
    """What impact scores are out of, where they are numbers."""
    reasons: list[str] = field(default_factory=list)
    support: float = 1.0

    def cell(self, name: str) -> str:
        column = self.columns.get(name)
        text = ("" if column is None else self.row.cells.get(column) or "")[: MAX_DESCRIPTION + 1]
        plain = text.encode("utf-8", "replace").decode().replace("\x00", "").strip()
        return "" if plain.casefold() in BLANK and name != "direction" else plain

    def text(self, name: str, *, most: int) -> str:
        """A cell, no longer than it may be."""
        return cut(self.cell(name), most=most, what=name, reasons=self.reasons)

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
    rows, notes = table_rows(payload, columns=list(corrections or ()))
    names = list(dict.fromkeys(name for row in rows for name in row.cells))
    columns = guess_columns(names, corrections=corrections)
    headings = {name: _samples(rows, name) for name in names}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise NoEventColumnsError(columns=names, missing=missing, samples=headings)
    reading = Reading(
        notes=notes,
        columns={column: name for name, column in columns.items()},
        headings=headings,
    )
    if len(rows) > MAX_ROWS:
        reading.notes.append(f"Only the first {MAX_ROWS:,} rows were read.")
    reading.notes += shape_notes(names, columns.values())
    lines = [_Line(row, columns) for row in rows[:MAX_ROWS]]
    scale = score_scale(line.cell("impact") for line in lines) if "impact" in columns else None
    if scale is not None:
        reading.notes.append(f"{columns['impact']} was read as a score from 0 to {scale:g}, a quarter for each level.")
        lines = [_Line(row, columns, scale) for row in rows[:MAX_ROWS]]
    order = _settled(lines, order, reading, is_order_told=is_order_told)
    made = [(line, *_read(line, zone, order)) for line in lines]
    is_daily = "ends_on" not in columns and not any(_is_span(fields) for _, fields, _ in made)
    entries = list(_joined(made, reading) if is_daily else _each(made, reading))
    reading.entries = unique_keys(entries)
    return reading


def _samples(rows: Sequence[Row], column: str) -> list[str]:
    """The first few different texts of a column."""
    said = (text[:SAMPLE] for row in rows[:SAMPLED] if (text := row.cells.get(column)))
    return list(islice(dict.fromkeys(said), SAMPLES))


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
        is_marked = line.cell("flag").casefold() in YES
        return {}, "The day is marked as special and has no name." if is_marked else None
    days, wrong = _days(line, order)
    if days is None:
        return {}, wrong
    said = {
        "name": line.text("name", most=MAX_NAME),
        "starts_on": days[0],
        "ends_on": days[1],
        **_times(line, zone),
        **_words(line),
        **{name: parts for name in LISTS if (parts := _list(line.cell(name)))},
        "description": line.text("description", most=MAX_DESCRIPTION),
        "owner": line.text("owner", most=MAX_NAME),
        **{name: around for name in ("days_before", "days_after") if (around := _window(line, name))},
    }
    return checked({name: value for name, value in said.items() if value})


def _is_holiday(line: _Line) -> bool:
    """Whether what names the row says that it is a holiday, and its flag, where there is one, does not deny it."""
    return plain_heading(line.columns["name"]) in HOLIDAY_HEADINGS and line.cell("flag").casefold() not in NO


def _window(line: _Line, name: str) -> int:
    """Days around an event; Prophet writes those before it as negative numbers."""
    text = line.cell(name)
    number = number_of(text)
    if text and (number is None or abs(number) > MAX_WINDOW):
        line.reasons.append(f"{text[:60]!r} was not understood as {name.replace('_', ' ')} and left out.")
        return 0
    return round(abs(number or 0))


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
    """Times of day, where both are given and readable; they may stand behind the days."""
    begin, end = parse_time(line.cell("start_time")), parse_time(line.cell("end_time"))
    if line.cell("start_time") or line.cell("end_time"):
        if begin is None or end is None:
            line.reasons.append("The times were left out: an event needs both, such as 09:00 and 17:30.")
            return {}
    else:
        begin, end = time_in(line.cell("starts_on")), time_in(line.cell("ends_on"))
        if begin is None or end is None or {begin, end} <= ALL_DAY:
            return {}
    return {"start_time": begin, "end_time": end, "zone": _zone(line, zone)}


def _zone(line: _Line, zone: str) -> str:
    text = line.cell("zone")
    known = known_zone(text)
    if text and known is None:
        line.reasons.append(f"The time zone {text[:60]!r} is unknown; the times were read as {zone}.")
    return known or zone


def _words(line: _Line) -> Fields:
    """Type, impact, direction and status by the words that people use; what is not understood is left out and told."""
    kind = line.cell("type")
    of_kind = kind.casefold() if kind.casefold() in EVENT_TYPES else type_of([kind])
    of_name = "holiday" if _is_holiday(line) else type_of([line.cell("name")[:MAX_NAME]])
    found: Fields = {"type": of_kind or of_name}
    if kind and of_kind is None:
        line.reasons.append(f"{kind[:60]!r} was not understood as type and left out.")
    for name, words in (("impact", IMPACT_WORDS), ("direction", DIRECTION_WORDS), ("status", STATUS_WORDS)):
        text = line.cell(name)[:MAX_NAME]
        found[name] = word_of(text, words) or (_sign(text) if name == "direction" else None)
        if name == "impact" and line.scale is not None and text:
            found[name] = level_of(number_of(text) or 0.0, scale=line.scale)
        if text and found[name] is None:
            line.reasons.append(f"{text[:60]!r} was not understood as {name} and left out.")
    return found


def _sign(text: str) -> str | None:
    """The direction of an effect that is given as a number: 0.15, -3 %, +12,5%."""
    number = number_of(text)
    if number is None:
        return None
    return "up" if number > 0 else "down" if number < 0 else "none"


def _list(text: str) -> list[str]:
    """Several values in one cell: commas, semicolons, slashes or bars between them, or a JSON list."""
    if text.startswith("["):
        try:
            return [str(part).strip() for part in json.loads(text) if part]
        except (ValueError, TypeError, RecursionError):
            text = text.strip("[]")
    for mark in ";/|\n":
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_span(fields: Fields) -> bool:
    return bool(fields) and fields["starts_on"] != fields["ends_on"]


def _each(made: Sequence[Made], reading: Reading) -> Iterator[SourceEntry]:
    """A row for each event."""
    for line, fields, wrong in made:
        reason = wrong or (None if fields else "The row has no name.")
        reading.fates.append(_fate(line, fields, reason, entries=1 if fields else 0))
        if fields:
            yield _entry(line, fields)


def _joined(made: Sequence[Made], reading: Reading) -> Iterator[SourceEntry]:
    """A row for each day: rows that say the same of days in a row, or of the same day, are one event."""
    open_: dict[str, tuple[_Line, Fields]] = {}
    joined: dict[int, str] = {}
    for line, fields, _ in sorted((item for item in made if item[1]), key=lambda item: str(item[1]["starts_on"])):
        said = json.dumps({k: v for k, v in fields.items() if k not in {"starts_on", "ends_on"}}, sort_keys=True)
        first, before = open_.get(said, (line, {}))
        if before and _reaches(before, fields):
            before["ends_on"] = fields["ends_on"]
            first.support = min(first.support, line.support)
            joined[line.row.number] = first.where
        else:
            open_[said] = (line, fields)
    for line, fields, wrong in made:
        part_of = joined.get(line.row.number)
        reading.fates.append(_fate(line, fields, wrong, entries=0 if part_of or not fields else 1, part_of=part_of))
        if fields and not part_of:
            yield _entry(line, fields)


def _reaches(before: Fields, fields: Fields) -> bool:
    """Whether what went before ends on that day, or the day before it."""
    return date.fromisoformat(fields["starts_on"]) <= date.fromisoformat(before["ends_on"]) + timedelta(days=1)


def _fate(line: _Line, fields: Fields, wrong: str | None, *, entries: int, part_of: str | None = None) -> Fate:
    name = str(fields.get("name") or line.cell("name"))[:MAX_NAME]
    if wrong:
        shown = (wrong, f"It said: {line.row.raw}") if line.row.raw else (wrong,)
        return Fate(line.where, "refused", name, shown)
    told = (*line.reasons, f"It is a day of the event in {part_of}.") if part_of else tuple(line.reasons)
    return Fate(
        line.where, "mended" if line.reasons else "kept", name, told, entries, in_days(fields) if fields else ""
    )


def _entry(line: _Line, fields: Fields) -> SourceEntry:
    """The entry; without a key column its key follows from name and year, so that a moved date stays the same event."""
    key = short_key(line.cell("key")) or _made_up_key(fields)
    said = {name: fields[name] for name in EVENT_FIELDS if name in fields}
    return SourceEntry(key=key, fields=said, url=line.cell("url")[:MAX_URL] or None, support=line.support)


def _made_up_key(fields: Fields) -> str:
    place = ",".join(fields.get("markets", ()))
    text = f"{fields['name'].casefold()}|{fields['starts_on'][:4]}|{place}"
    return "row-" + hashlib.sha256(text.encode()).hexdigest()[:16]
