"""What insight does for everybody else: ask, look at the whole, export, and go back from a number to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import workspace
from kalends.insight import engine
from kalends.insight.answers import KPIS, MOVED_BY, answer_out, insights_out, lineage_out
from kalends.insight.asking import (
    ENGINE,
    asker,
    instant_of,
    is_still,
    snapshot_of,
    today_of,
    version_of,
)
from kalends.insight.claims import TOLD, is_overlap
from kalends.insight.comparisons import compare
from kalends.insight.dimensions import dimension
from kalends.insight.export import Export, export
from kalends.insight.home import Home, counted, key_figures, look, revenue_by_day
from kalends.insight.lineage import Lineage, trace
from kalends.insight.metrics import METRICS, Metric, metric
from kalends.insight.periods import FiscalDay, Period, resolve
from kalends.insight.query import Filter, Query, Snapshot, from_handle, known_by
from kalends.insight.result import Coverage, Result
from kalends.insight.sales import told_of
from kalends.insight.schemas import Asked, CausalIn, InsightsIn, InsightsOut
from kalends.marketing import service as marketing
from kalends.marketing.service import NotKnownYetError

__all__ = [
    "ENGINE",
    "METRICS",
    "CausalIn",
    "Coverage",
    "Export",
    "Filter",
    "Home",
    "Lineage",
    "Metric",
    "NotKnownYetError",
    "Period",
    "Query",
    "Result",
    "Snapshot",
    "again",
    "answer_out",
    "compare",
    "export_causal",
    "home",
    "insights",
    "insights_json",
    "instant_of",
    "lineage_out",
    "metric",
    "period_of",
    "question_of",
    "revenue_by_day",
    "run",
    "snapshot_of",
    "sql_of",
    "today_of",
    "trace",
]

LAST_DAYS: Final = "last 30 days"


def run(work: Work, *, query: Query) -> Result:
    """The answer to `query`. Raises what makes it unanswerable: unknown names, an `as_of` before the first data."""
    return engine.run(_asker(work, query), query)


def sql_of(work: Work, *, query: Query) -> str:
    """The SQL that the measures of the answer come from, with its values written in."""
    return engine.to_sql(_asker(work, query), query)


def again(work: Work, *, handle: str) -> Result:
    """The answer that a handle names, from the state that it was first given on. Raises UnknownHandleError."""
    query, snapshot = from_handle(handle)
    return engine.run(asker(work, snapshot=snapshot), query)


def _asker(work: Work, query: Query) -> engine.Asker:
    return asker(work, as_of=query.as_of, calendar_id=UUID(query.calendar) if query.calendar else None)


def period_of(work: Work, *, words: str, calendar_id: UUID | None = None) -> Period:
    """The days meant by `words`, on the tenant's own calendar and in its own zone."""
    today = today_of(work)
    fiscal = _fiscal_days(work, calendar_id) if "fiscal" in words.casefold() else ()
    return resolve(words, today=today, fiscal=fiscal)


def _fiscal_days(work: Work, calendar_id: UUID | None) -> list[FiscalDay]:
    """The fiscal days of all years that the calendar has."""
    chosen = calendar.get_calendar(work, calendar_id=calendar_id)
    definition = calendar.definition_of(chosen)
    held = calendar.days(work, first=definition.first_day, last=definition.last_day, calendar_id=chosen.id)
    columns = held.frame.select("date", "fiscal_year", "fiscal_quarter", "fiscal_month")
    return [FiscalDay(*row) for row in columns.iter_rows()]


def home(
    work: Work, *, period: Period | None = None, compare_to: str = "previous_period", currency: str | None = None
) -> Home:
    """Key figures, trend by day and channels of `period` (by default the last 30 days)."""
    return look(work, period=period or period_of(work, words=LAST_DAYS), compare_to=compare_to, currency=currency)


class PeriodMissingError(BadInputError):
    """A period needs both ends, or words for it."""

    code = "period_missing"


def question_of(work: Work, asked: Asked, *, metrics: Sequence[str], dimensions: Sequence[str] = ()) -> Query:
    """What was asked over HTTP as a query, not compared with anything yet."""
    if (asked.date_range_start is None) != (asked.date_range_end is None):
        raise PeriodMissingError("Give both date_range_start and date_range_end, or a period such as 'last 30 days'.")
    if asked.date_range_start and asked.date_range_end:
        period = Period(asked.date_range_start, asked.date_range_end)
    else:
        period = period_of(work, words=asked.period or LAST_DAYS, calendar_id=asked.calendar_id)
    sources = tuple(marketing.canonical_source(name) for name in asked.data_sources)
    kept = [Filter(one.dimension, tuple(one.values), one.operator) for one in asked.filters]
    chosen = calendar.existing_default(work) if asked.calendar_id is None else None
    return Query(
        metrics=tuple(metrics),
        period=period,
        dimensions=tuple(dimensions),
        filters=(*([Filter("data_source", sources)] if sources else []), *kept),
        calendar=str(asked.calendar_id or (chosen.id if chosen else "")) or None,
        currency=asked.currency,
        as_of=instant_of(work, asked.as_of),
    )


def insights(work: Work, *, asked: InsightsIn) -> InsightsOut:
    """What was asked, the key figures and platforms of the period, and what is remarkable about it."""
    question = question_of(work, asked, metrics=asked.metrics, dimensions=asked.group_by)
    if asked.compare_to != "none":
        question = replace(question, compare_to=compare(asked.compare_to, period=question.period))
    ask = _asker(work, question)
    groups = question.dimensions or ("data_source", "campaign_name")
    answer = engine.run(ask, replace(question, order=tuple(asked.order), limit=asked.limit))
    if not question.filters:
        answer = replace(answer, notes=(*answer.notes, *_counted_notes(work, ask, answer)))
    platforms = engine.run(ask, _asking(question, KPIS, ("data_source",)))
    return insights_out(
        asked=answer,
        platforms=platforms,
        figures=platforms if question.filters else key_figures(work, ask, _asking(question, KPIS, ())),
        groups=engine.run(ask, _asking(question, (*MOVED_BY, "roas"), groups)),
    )


def _asking(question: Query, metrics: Sequence[str], dimensions: tuple[str, ...]) -> Query:
    """The question for those of other metrics that can be told, by other dimensions."""
    entries = map(dimension, (*dimensions, *(kept.dimension for kept in question.filters)))
    return replace(question, metrics=known_by(metrics, entries), dimensions=dimensions)


def _counted_notes(work: Work, ask: engine.Asker, answer: Result) -> tuple[str, ...]:
    """What was counted of the sales that the answer has claims of: of the whole company, so never beside a part."""
    query = answer.query
    if not any(is_overlap(note) for note in answer.notes):
        return ()
    return told_of(
        counted(work, ask, replace(query, compare_to=None)),
        metrics=[name for name in query.metrics if name in TOLD],
        period=query.period,
        currency=query.currency or workspace(work).currency,
    )


def insights_json(work: Work, *, asked: InsightsIn) -> bytes:
    """The same as JSON, made once per question and state of data and calendar."""
    instant = instant_of(work, asked.as_of)
    state = snapshot_of(work, as_of=instant, calendar_id=asked.calendar_id)
    return work.house.cache.get_or_make(
        lambda: insights(work, asked=asked).model_dump_json().encode(),
        tenant_id=work.scope.tenant_id,
        scope="insight.read",
        version=version_of(state),
        question=["insights", asked.model_dump(mode="json")],
        keep=lambda: instant is not None or is_still(work, state),
    )


def export_causal(work: Work, *, asked: CausalIn) -> Export:
    """The causal-ready panel of what was asked. The same call on the same state gives the same bytes."""
    return export(work, asked=asked, question=question_of(work, asked, metrics=(asked.kpi,)))
