"""Spans of days in words, and the span that each is compared with.

Days are the accounts' local dates. Both ends belong to a period. "Last" never holds the running day, whose numbers are
not complete; "past" and "this ... so far" do. A quarter is a calendar quarter unless the word "fiscal" is said: the
label says which it was. Fiscal periods come from the calendar's own rows, given as plain values.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from kalends.base.errors import BadInputError

Unit = Literal["day", "week", "month", "quarter", "year"]


class UnknownPeriodError(BadInputError):
    """This span of days was not understood."""

    code = "unknown_period"


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` to `end`, both included, and what they were called."""

    start: date
    end: date
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if self.end < self.start:
            raise UnknownPeriodError(f"The period ends on {self.end}, before it starts on {self.start}.")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def dates(self) -> list[date]:
        """Every day of it, in order."""
        return [self.start + timedelta(days=n) for n in range(self.days)]

    def holds(self, other: Period) -> bool:
        """Whether `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class FiscalDay:
    """What the calendar says about one day: the fiscal year, quarter and month that it belongs to."""

    date: date
    fiscal_year: int
    fiscal_quarter: int
    fiscal_month: int


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


_MONTHS: Final[dict[str, int]] = {"month": 1, "quarter": 3, "year": 12}


def unit_start(day: date, unit: Unit) -> date:
    """The first day of the week (Monday), month, quarter or year that `day` is in."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, (day.month - 1) // _MONTHS[unit] * _MONTHS[unit] + 1, 1)


def step(day: date, unit: Unit, count: int) -> date:
    """`day` moved by `count` units."""
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    return add_months(day, count * _MONTHS[unit])


def whole(start: date, unit: Unit, label: str, /) -> Period:
    """The whole week, month, quarter or year that begins on `start`."""
    return Period(start, step(start, unit, 1) - timedelta(days=1), label)


def resolve(text: str, /, *, today: date, fiscal: Iterable[FiscalDay] = ()) -> Period:
    """The days meant by `text`.

    Understands '2024-01-01..2024-01-31' (also 'to' and '/'), '2024', '2024-03', '2024-Q3' or 'Q3 2024', '2024-W05', a
    single day; 'today', 'yesterday'; 'last 30 days' (ending yesterday), 'past 30 days' (ending today), the same with
    weeks, months, quarters and years (whole ones for 'last'); 'this quarter' (so far), 'last quarter', 'quarter to
    date', and with 'fiscal' before month, quarter or year, or 'fiscal 2024', 'fiscal 2024-Q2', from the calendar.

    Raises `UnknownPeriodError`, which names examples.
    """
    words = " ".join(text.casefold().split())
    for pattern, reader in _READERS:
        found = pattern.fullmatch(words)
        if found is not None:
            return reader(found, today, tuple(fiscal))
    raise UnknownPeriodError(
        f"{text!r} is not a period. Right would be: 'last 30 days', 'this quarter', 'last fiscal year', '2024-Q3' "
        "or '2024-01-01..2024-01-31'.",
        period=text,
    )


Fiscal = tuple[FiscalDay, ...]
Reader = Callable[[re.Match[str], date, Fiscal], Period]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnknownPeriodError(f"{text!r} is no day of the calendar. Right would be YYYY-MM-DD.", day=text) from error


def _range(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    start, end = _day(found["start"]), _day(found["end"])
    return Period(start, end, f"{start} to {end}")


def _single_day(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    day = _day(found["day"])
    return Period(day, day, str(day))


def _year(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    return whole(_day(f"{found['year']}-01-01"), "year", found["year"])


def _month(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    start = _day(f"{found['year']}-{found['month']}-01")
    return whole(start, "month", start.strftime("%B %Y"))


def _quarter(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    start = date(int(found["year"]), int(found["quarter"]) * 3 - 2, 1)
    return whole(start, "quarter", f"calendar Q{found['quarter']} {found['year']}")


def _iso_week(found: re.Match[str], _today: date, _fiscal: Fiscal) -> Period:
    try:
        start = date.fromisocalendar(int(found["year"]), int(found["week"]), 1)
    except ValueError as error:
        raise UnknownPeriodError(f"{found['year']} has no ISO week {found['week']}.") from error
    return whole(start, "week", f"week {found['week']} of {found['year']}")


def _named_day(found: re.Match[str], today: date, _fiscal: Fiscal) -> Period:
    day = today if found["name"] == "today" else today - timedelta(days=1)
    return Period(day, day, found["name"])


def _unit(text: str) -> Unit:
    units: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}
    return units[text]


def _count_back(found: re.Match[str], today: date, _fiscal: Fiscal) -> Period:
    unit, count = _unit(found["unit"]), int(found["count"])
    if not 1 <= count <= 40_000 // {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[unit]:
        raise UnknownPeriodError(f"{found[0]!r} does not fit: count from 1 to about a hundred years.")
    label = f"{found['which']} {count} {unit}{'s' if count > 1 else ''}"
    if found["which"] == "past":
        return Period(step(today, unit, -count) + timedelta(days=1), today, label)
    last = unit_start(today, unit)
    return Period(step(last, unit, -count), last - timedelta(days=1), label)


def _this_or_last(found: re.Match[str], today: date, _fiscal: Fiscal) -> Period:
    unit = _unit(found["unit"])
    if found["which"] in ("last", "previous"):
        return _count_back_one(unit, today, found[0])
    return Period(unit_start(today, unit), today, f"{found[0]}, so far")


def _count_back_one(unit: Unit, today: date, label: str) -> Period:
    start = unit_start(today, unit)
    return Period(step(start, unit, -1), start - timedelta(days=1), label)


def _to_date(found: re.Match[str], today: date, _fiscal: Fiscal) -> Period:
    return Period(unit_start(today, _unit(found["unit"])), today, found[0])


def _fiscal_key(unit: str) -> Callable[[FiscalDay], tuple[int, ...]]:
    keys: dict[str, Callable[[FiscalDay], tuple[int, ...]]] = {
        "month": lambda day: (day.fiscal_year, day.fiscal_month),
        "quarter": lambda day: (day.fiscal_year, day.fiscal_quarter),
        "year": lambda day: (day.fiscal_year,),
    }
    return keys[unit]


def _fiscal_days(key: tuple[int, ...], unit: str, fiscal: Fiscal, label: str) -> Period:
    of = _fiscal_key(unit)
    days = sorted(day.date for day in fiscal if of(day) == key)
    if not days:
        raise UnknownPeriodError(f"The calendar does not know {label!r}: it has no such fiscal {unit}.", period=label)
    return Period(days[0], days[-1], label)


def _fiscal_around(day: date, unit: str, fiscal: Fiscal, label: str) -> Period:
    of = _fiscal_key(unit)
    found = next((row for row in fiscal if row.date == day), None)
    if found is None:
        raise UnknownPeriodError(f"The calendar has no fiscal {unit} for {day}: extend the calendar.", period=label)
    return _fiscal_days(of(found), unit, fiscal, label)


def _fiscal_relative(found: re.Match[str], today: date, fiscal: Fiscal) -> Period:
    running = _fiscal_around(today, found["unit"], fiscal, found[0])
    if found["which"] in ("last", "previous"):
        return _fiscal_around(running.start - timedelta(days=1), found["unit"], fiscal, found[0])
    return Period(running.start, today, f"{found[0]}, so far")


def _fiscal_to_date(found: re.Match[str], today: date, fiscal: Fiscal) -> Period:
    return Period(_fiscal_around(today, found["unit"], fiscal, found[0]).start, today, found[0])


def _fiscal_named(found: re.Match[str], _today: date, fiscal: Fiscal) -> Period:
    if found["quarter"] is None:
        return _fiscal_days((int(found["year"]),), "year", fiscal, f"fiscal {found['year']}")
    key = (int(found["year"]), int(found["quarter"]))
    return _fiscal_days(key, "quarter", fiscal, f"fiscal Q{found['quarter']} {found['year']}")


_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_UNITS: Final = r"(?P<unit>day|week|month|quarter|year)"
_FISCAL: Final = r"fiscal (?P<unit>month|quarter|year)"
_WHICH: Final = r"(?P<which>this|current|last|previous)"
_READERS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = (
    (re.compile(rf"(?P<start>{_DAY}) ?(?:\.\.|/|to|-) ?(?P<end>{_DAY})"), _range),
    (re.compile(rf"(?P<day>{_DAY})"), _single_day),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"), _month),
    (re.compile(r"(?P<year>\d{4})[- ]?q(?P<quarter>[1-4])"), _quarter),
    (re.compile(r"q(?P<quarter>[1-4]) (?P<year>\d{4})"), _quarter),
    (re.compile(r"(?P<year>\d{4})-w(?P<week>\d{1,2})"), _iso_week),
    (re.compile(r"(?P<year>\d{4})"), _year),
    (re.compile(r"(?P<name>today|yesterday)"), _named_day),
    (re.compile(rf"(?P<which>last|past) (?P<count>\d{{1,5}}) {_UNITS}s?"), _count_back),
    (re.compile(rf"{_WHICH} {_UNITS}"), _this_or_last),
    (re.compile(rf"{_UNITS} to date"), _to_date),
    (re.compile(rf"{_WHICH} {_FISCAL}"), _fiscal_relative),
    (re.compile(rf"{_FISCAL} to date"), _fiscal_to_date),
    (re.compile(r"fiscal (?:year )?(?P<year>\d{4})(?:[- ]?q(?P<quarter>[1-4]))?"), _fiscal_named),
)
