"""The faint strip at the foot of each past day on the calendar: that day's revenue, against the busiest day shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from kalends.base.formats import money
from kalends.base.work import Work
from kalends.calendar.service import DayStrip
from kalends.identity.service import workspace
from kalends.insight import service as insight
from kalends.insight.service import Period


def revenue_strip(work: Work, first: date, last: date) -> Mapping[date, DayStrip]:
    """Revenue of the days from `first` to `last`; days without data are left out."""
    end = min(last, insight.today_of(work) - timedelta(days=1))
    if end < first:
        return {}
    currency = workspace(work).currency
    known = insight.revenue_by_day(work, period=Period(first, end), currency=currency)
    most = max(known.values(), default=0)
    return {
        day: DayStrip(share=value / most, words=f"{money(value, currency=currency)} revenue")
        for day, value in known.items()
        if most > 0
    }
