"""The span that a period is compared with, and which of its days each day answers to.

The comparisons differ, on purpose: the same dates of last year fall on other weekdays, the same weekdays (364 days
back) on other dates, and a moved event (Easter, Prime Day) on neither.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kalends.base.errors import BadInputError
from kalends.insight.periods import Period, add_months

KINDS: Final = ("previous_period", "same_dates_last_year", "same_weekdays_last_year", "event")
_WEEKS_OF_A_YEAR: Final = 364  # 52 whole weeks, so that Monday meets Monday


class UnknownComparisonError(BadInputError):
    """This comparison was not understood."""

    code = "unknown_comparison"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`period` is what is compared with; its days stand for days `shift` later, or one year later where None."""

    kind: str
    period: Period
    shift: int | None


def compare(kind: str, /, *, period: Period, anchors: tuple[date, date] | None = None) -> Comparison:
    """What `period` is compared with.

    `kind`: 'previous_period' (as many days, or as many whole months, just before), 'same_dates_last_year',
    'same_weekdays_last_year', or 'event' with `anchors` = (a day of the event in the period, its counterpart then).
    """
    if kind == "previous_period":
        return _previous(period)
    if kind == "same_dates_last_year":
        start, end = add_months(period.start, -12), add_months(period.end, -12)
        return Comparison(kind, Period(start, end, "the same dates last year"), None)
    if kind == "same_weekdays_last_year":
        return _shifted(kind, period, _WEEKS_OF_A_YEAR, "the same weekdays last year")
    if kind == "event" and anchors is not None:
        return _shifted(kind, period, (anchors[0] - anchors[1]).days, f"the same days around {anchors[1]}")
    raise UnknownComparisonError(
        f"{kind!r} is no comparison. There are: {', '.join(KINDS)}; 'event' needs a day of each event.", compare_to=kind
    )


def _shifted(kind: str, period: Period, days: int, label: str) -> Comparison:
    back = timedelta(days=days)
    return Comparison(kind, Period(period.start - back, period.end - back, label), days)


def _previous(period: Period) -> Comparison:
    """Whole months are compared with as many whole months, anything else with as many days."""
    if not _is_whole_months(period):
        return _shifted("previous_period", period, period.days, f"the {period.days} days before")
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
    start = add_months(period.start, -months)
    label = "the month before" if months == 1 else f"the {months} months before"
    before = Period(start, period.start - timedelta(days=1), label)
    return Comparison("previous_period", before, (period.start - start).days)


def _is_whole_months(period: Period) -> bool:
    return period.start.day == 1 and period.end.day == calendar.monthrange(period.end.year, period.end.month)[1]


def stands_for(day: date, /, *, comparison: Comparison, period: Period) -> date:
    """The day of `period` that `day` of the compared span answers to.

    A longer month's surplus days answer to the period's last day (a leap day's to the first), so that nothing falls out
    of a total.
    """
    moved = add_months(day, 12) if comparison.shift is None else day + timedelta(days=comparison.shift)
    return max(period.start, min(moved, period.end))
