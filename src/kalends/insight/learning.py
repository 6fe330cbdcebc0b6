"""What the company's own facts teach about its year: seasonal factors from daily revenue, handed to the calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import workspace
from kalends.insight import service as insight
from kalends.insight.periods import Period
from kalends.insight.query import Query
from kalends.marketing import service as marketing
from kalends.methods.seasonality import SeasonalFactors, learn_seasonality

LEARN: Final = "insight.learn_seasons"
LEARN_AGAIN: Final = timedelta(hours=20)
"""Seasons change slowly: once a day is enough, however many files come in."""
LEARNED_FROM: Final = "revenue"
UNSETTLED_DAYS: Final = 3
"""Days that platforms have hardly begun to report; a year has 365 others."""
YEARS: Final = 6
"""Older years say little of the company as it is now."""


def is_due(work: Work) -> bool:
    """Whether facts came in since the seasons were last learned, and that is a day ago."""
    last = calendar.seasonality_learned_at(work)
    if last is not None and work.now - last < LEARN_AGAIN:
        return False
    loaded = [source.loaded_at for source in marketing.list_sources(work) if source.loaded_at is not None]
    return bool(loaded) and (last is None or max(loaded) > last)


def learn_seasons(work: Work) -> bool:
    """Learn from the facts if that is due; gives whether the calendar's days follow."""
    return is_due(work) and calendar.set_learned_factors(work, factors=learned(work))


def learned(work: Work) -> SeasonalFactors | None:
    """The factors that daily revenue teaches, shrunk to the industry's pattern; None until there is a year of it."""
    end = insight.today_of(work) - timedelta(days=UNSETTLED_DAYS)
    period = Period(end.replace(year=end.year - YEARS, month=1, day=1), end)
    asked = Query(metrics=(LEARNED_FROM,), period=period, dimensions=("date",), currency=workspace(work).currency)
    rows = [(row["date"], row[LEARNED_FROM]) for row in insight.run(work, query=asked).rows]
    known = [(day, float(value)) for day, value in rows if value is not None]
    series = pl.DataFrame(known, schema={"date": pl.Date, "value": pl.Float64}, orient="row")
    return learn_seasonality(series=series, pattern=calendar.believed_seasonality(work))
