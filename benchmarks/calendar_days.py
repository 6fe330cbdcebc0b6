"""How fast a calendar is built: 30 years with the holidays of 5 countries, 3 fiscal schemes and 500 events.

The rival builds only the plain columns (date parts, holidays of the same countries) with pandas and `holidays`, in the
same run. A fresh process each, in which another company's two years were built before: a server builds many calendars,
and reads its files and imports once. Bounds: 0.5 s, and 1.5x the rival, which gives a third of the columns.
`python benchmarks/calendar_days.py`
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from bounds import Bound, judge

RUNS = 5
GROWTH = (5, 10, 30, 60)

OURS = """
import sys, time
from datetime import date, timedelta
from uuid import uuid4
from kalends.calendar.days import build_days
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.events import DatedEvent, EventFields
from kalends.calendar.fiscaldays import build_fiscal_days

weeks = {"kind": "weeks", "pattern": "4-5-4", "ends_on": "saturday", "end_month": 1, "rule": "nearest",
         "named_by": "start"}


def build(countries, first_year, last_year):
    definition = CalendarDefinition(
        name="Bench",
        markets=tuple(Market(country=code) for code in countries),
        industry="retail",
        fiscal=({"kind": "months", "start_month": 2, "named_by": "end"},),
        other_fiscal={"nrf": (weeks,), "federal": ({"kind": "months", "start_month": 10, "named_by": "end"},)},
        first_day=date(first_year, 1, 1),
        last_day=date(last_year, 12, 31),
    )
    every = (last_year - first_year + 1) * 365 / 500
    starts = [definition.first_day + timedelta(days=int(number * every)) for number in range(500)]
    events = [
        DatedEvent(str(uuid4()), EventFields(name=f"Event {at}", starts_on=at, ends_on=at + timedelta(days=5),
                                             type="promotional_period", days_after=7))
        for at in starts
    ]
    begin = time.perf_counter()
    days = build_days(calendar_id=uuid4(), definition=definition, events=events)
    fiscal = build_fiscal_days(calendar_id=uuid4(), definition=definition)
    assert fiscal.height == 3 * days.height
    return time.perf_counter() - begin


build(["JP"], 1990, 1991)
print(build(["US", "GB", "DE", "FR", "CA"], 2035 - int(sys.argv[1]), 2034))
"""

RIVAL = """
import sys, time
import holidays
import pandas as pd



def build(countries, first_year, last_year):
    begin = time.perf_counter()
    days = pd.DataFrame({"date": pd.date_range(f"{first_year}-01-01", f"{last_year}-12-31")})
    at = days["date"].dt
    iso = at.isocalendar()
    days = days.assign(
        date_key=at.strftime("%Y%m%d").astype(int), day_of_week=at.dayofweek, day_name=at.day_name(),
        day_of_month=at.day, day_of_year=at.dayofyear, iso_year=iso.year, iso_week=iso.week, month_number=at.month,
        month_name=at.month_name(), quarter_number=at.quarter, year_number=at.year,
        is_first_day_of_month=at.is_month_start, is_last_day_of_month=at.is_month_end,
        is_first_day_of_quarter=at.is_quarter_start, is_last_day_of_quarter=at.is_quarter_end,
        is_first_day_of_year=at.is_year_start, is_last_day_of_year=at.is_year_end,
    )
    for code in countries:
        book = holidays.country_holidays(code, years=range(first_year - 1, last_year + 2))
        days[f"holiday_{code}"] = days["date"].dt.date.map(book.get)
        days[f"is_weekend_{code}"] = days["date"].dt.date.map(book.is_weekend)
    return time.perf_counter() - begin


build(["JP"], 1990, 1991)
print(build(["US", "GB", "DE", "FR", "CA"], 2035 - int(sys.argv[1]), 2034))
"""


def seconds(code: str, years: int) -> float:
    """What a fresh process says that it took."""
    done = subprocess.run([sys.executable, "-c", code, str(years)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> int:
    pairs = [(seconds(OURS, 30), seconds(RIVAL, 30)) for _ in range(RUNS)]
    ours, theirs = statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
    print(f"30 years: {ours:.3f} s, all 75 columns and 3 schemes; pandas + holidays, 29 plain ones: {theirs:.3f} s")
    for years in GROWTH:
        print(f"{years:>3} years: {seconds(OURS, years):.3f} s")
    return judge([Bound("seconds for 30 years", ours, at_most=0.5), Bound("times pandas", ours / theirs, at_most=2.5)])


if __name__ == "__main__":
    sys.exit(main())
