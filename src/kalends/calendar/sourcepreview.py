"""What would become of a file, before anything is written: how its columns are taken, and each row's fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kalends.base.errors import BadInputError, KalendsError
from kalends.calendar.models import Calendar
from kalends.calendar.reading import Fate, Reading
from kalends.calendar.reading.columns import guess_columns
from kalends.calendar.reading.tables import NoEventColumnsError
from kalends.calendar.sourcereading import read_content

SHOWN: Final = 50
"""Rows that are shown of those that are taken in; the refused ones are all shown."""
MOST_REFUSED: Final = 1_000
FIELD_LABELS: Final = {
    "name": "Name",
    "starts_on": "First day, or the day",
    "ends_on": "Last day",
    "type": "Type",
    "impact": "Impact",
    "direction": "Expected effect",
    "status": "Status",
    "markets": "Markets",
    "channels": "Channels",
    "brands": "Brands",
    "owner": "Owner",
    "description": "Description",
    "start_time": "Time of beginning",
    "end_time": "Time of ending",
    "zone": "Time zone",
    "days_before": "Days before that it shows",
    "days_after": "Days after that it shows",
    "weekday": "Weekday, to check the date",
    "flag": "Whether the day is special",
    "key": "Its number or id",
    "url": "Link",
}


class TwiceNamedError(BadInputError):
    """Two columns are taken for the same thing; leave one of them out."""

    code = "column_named_twice"


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """A column of the file: what it is taken for ('' for nothing), and some of what stands in it."""

    name: str
    field: str
    samples: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a file. `problem`: why it cannot be read as it is; `hidden`: rows that are not shown."""

    columns: Sequence[PreviewColumn]
    reading: Reading | None = None
    rows: Sequence[Fate] = ()
    hidden: int = 0
    problem: str = ""


def look_at(calendar: Calendar, *, content: bytes, settings: Mapping[str, Any]) -> Preview:
    """Read a file for show. `settings`: a SourceSettings as a source keeps it. What is wrong is part of the answer."""
    try:
        reading = read_content(calendar, content=content, settings=settings)
    except NoEventColumnsError as error:
        names: Sequence[str] = error.details["columns"]
        guessed = {column: field for field, column in _taken(names, settings).items()}
        samples: Mapping[str, Sequence[str]] = error.details["samples"]
        columns = [PreviewColumn(name, guessed.get(name, ""), samples[name]) for name in names]
        return Preview(columns, problem=error.message)
    except KalendsError as error:
        return Preview((), problem=error.message)
    columns = [PreviewColumn(name, reading.columns.get(name, ""), shown) for name, shown in reading.headings.items()]
    refused = [fate for fate in reading.fates if fate.outcome == "refused"]
    others = [fate for fate in reading.fates if fate.outcome != "refused"]
    rows = [*refused[:MOST_REFUSED], *others[:SHOWN]]
    return Preview(columns, reading, rows, hidden=len(reading.fates) - len(rows))


def _taken(names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, str]:
    return guess_columns(names, corrections=settings.get("columns") or {})


def corrections_of(names: Sequence[str], fields: Sequence[str]) -> dict[str, str | None]:
    """What a person chose for each column, as far as it differs from the guess: so a later file with another heading is
    guessed again. Raises TwiceNamedError.
    """
    chosen = [field for field in fields if field]
    twice = sorted({FIELD_LABELS.get(field, field) for field in chosen if chosen.count(field) > 1})
    if twice:
        raise TwiceNamedError(f"Two columns are taken for {', '.join(twice)}; leave one of them out.", fields=twice)
    guessed = {column: field for field, column in guess_columns(names).items()}
    pairs = zip(names, fields, strict=False)
    return {name: field or None for name, field in pairs if guessed.get(name, "") != field}
