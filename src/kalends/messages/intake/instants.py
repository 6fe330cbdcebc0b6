"""When a message was sent, out of what a cell says, as DuckDB SQL.

A cell with an offset is an instant. One without is read in a time zone: its own column's, the one that the sender
names, else the page's. An hour that the clocks show twice is taken as the first, one that they skip as if they had not
been put forward yet: as Python's fold=0.
"""

from __future__ import annotations

from kalends.marketing.mapping.cells import date_sql

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?$"
_OFFSET = r"\d:\d\d.*(Z|[+-]\d\d:?(\d\d)?)$"

DAY_FIRST = r"^(1[3-9]|2\d|3[01])[/-]\d{1,2}[/-]\d{4}"
MONTH_FIRST = r"^\d{1,2}[/-](1[3-9]|2\d|3[01])[/-]\d{4}"
"""Days that admit one reading only: they decide for the file."""


def normal(text: str) -> str:
    """The cell with its zone's usual marks as an offset: '... UTC' is '...Z'."""
    return rf"regexp_replace({text}, '\s*(UTC|GMT)$', 'Z')"


def has_clock(text: str) -> str:
    """Whether the cell says a time of day."""
    return rf"regexp_matches({text}, '\d:\d\d') OR regexp_full_match({text}, '\d{{10}}(\.\d+)?|\d{{13}}')"


def instant(text: str) -> str:
    """The instant of a cell that says one by itself: with an offset, or as Unix time."""
    return rf"""CASE
        WHEN regexp_full_match({text}, '\d{{10}}(\.\d+)?') THEN to_timestamp(CAST({text} AS DOUBLE))
        WHEN regexp_full_match({text}, '\d{{13}}') THEN to_timestamp(CAST({text} AS DOUBLE) / 1000)
        WHEN regexp_matches({text}, '{_OFFSET}')
            THEN TRY_CAST(regexp_replace(regexp_replace({text}, '([T ]\d\d:\d\d)\s*([Z+-])', '\1:00\2'),
                '\s*([+-])(\d\d):?(\d\d)$', '\1\2:\3') AS TIMESTAMPTZ) END"""


def wall_time(text: str, day_order: str | None) -> str:
    """The time on the wall that a cell without an offset says."""
    day = date_sql(rf"trim(regexp_replace({text}, '[T\s,]*{_CLOCK}', ''))", day_order)

    def part(number: int) -> str:
        return rf"TRY_CAST(nullif(regexp_extract({text}, '{_CLOCK}', {number}), '') AS INTEGER)"

    letter = rf"lower(regexp_extract({text}, '{_CLOCK}', 4))"
    hour = f"CASE {letter} WHEN 'p' THEN {part(1)} % 12 + 12 WHEN 'a' THEN {part(1)} % 12 ELSE {part(1)} END"
    is_clock = (
        f"({letter} = '' AND {part(1)} < 24 OR {letter} <> '' AND {part(1)} BETWEEN 1 AND 12)"
        f" AND {part(2)} < 60 AND coalesce({part(3)}, 0) < 60"
    )
    seconds = f"({hour}) * 3600 + {part(2)} * 60 + coalesce({part(3)}, 0)"
    # Plain notation first, which takes a tenth of the time.
    is_plain = rf"regexp_full_match({text}, '\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?')"
    plain = f"TRY_CAST(CASE WHEN length({text}) = 16 THEN {text} || ':00' ELSE {text} END AS TIMESTAMP)"
    written = f"CASE WHEN {is_clock} THEN CAST({day} AS TIMESTAMP) + to_seconds({seconds}) END"
    return f"CASE WHEN {is_plain} THEN {plain} ELSE {written} END"


def in_zone(wall: str, zone: str) -> str:
    """The instant of a time on the wall; `zone` must be null or a zone that there is."""
    later = f"timezone({zone}, {wall})"
    is_twice = f"timezone({zone}, {later} - INTERVAL 1 HOUR) = {wall}"
    return f"CASE WHEN {zone} IS NULL THEN NULL WHEN {is_twice} THEN {later} - INTERVAL 1 HOUR ELSE {later} END"
