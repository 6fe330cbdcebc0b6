"""Results as they go out over HTTP, and what is remarkable about them. Pure: no question is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from kalends.insight.lineage import Lineage
from kalends.insight.metrics import metric
from kalends.insight.result import Result
from kalends.insight.schemas import AnswerOut, CoverageOut, InsightsOut, KpiOut, LineageOut, MoverOut, RankedOut, plain
from kalends.insight.sentences import amount, best_and_worst, mover_told, movers, name_of, told

KPIS: Final = ("spend", "revenue", "roas", "conversions", "impressions", "clicks", "ctr", "conversion_rate")
MOVED_BY: Final = ("revenue", "conversions", "spend")
"""What a mover is looked for in: the first of these that the data has."""


def answer_out(result: Result) -> AnswerOut:
    """A result as JSON has it."""
    compared = result.query.compare_to
    return AnswerOut(
        words=result.words,
        date_range_start=result.query.period.start,
        date_range_end=result.query.period.end,
        compared_with=compared and f"{compared.period.label} ({compared.period.start} to {compared.period.end})",
        rows=plain(result.rows),
        totals=plain(result.totals),
        coverage=CoverageOut.model_validate(asdict(result.coverage)),
        is_provisional=result.is_provisional,
        provisional_sources=list(result.provisional_sources),
        settled_until=result.settled_until,
        currency=result.currency,
        notes=list(result.notes),
        data_version=result.snapshot.data_version,
        lineage=result.handle,
    )


def lineage_out(found: Lineage) -> LineageOut:
    """A number's lineage as JSON has it."""
    return LineageOut(
        words=found.result.words,
        metric=found.metric,
        cell=dict(found.cell),
        value=plain(found.value),
        currency=found.result.currency,
        columns=list(found.columns),
        count=found.count,
        facts=plain(found.facts),
        batches=plain(found.batches),
        reports=plain(found.reports),
        data_version=found.result.snapshot.data_version,
    )


def insights_out(asked: Result, platforms: Result, figures: Result, groups: Result) -> InsightsOut:
    """`asked` as it was asked; platforms by row; key figures are the totals of `figures`; movers, best and worst out of
    `groups`.
    """
    moved = [MoverOut(**plain(asdict(m)), words=mover_told(m, groups.currency)) for m in _moved(groups)]
    is_ranked = "roas" in groups.query.metrics
    best, worst = best_and_worst(groups.rows, by="roas", weight="spend") if is_ranked else (None, None)
    ranked = [row and _ranked(row, groups, word) for row, word in ((best, "best"), (worst, "lowest"))]
    kpis = [_kpi(name, figures) for name in KPIS if figures.totals.get(name) is not None]
    spoken = [kpi.words for kpi in kpis] + [mover.words for mover in moved[:3]] + [one.words for one in ranked if one]
    return InsightsOut(
        **answer_out(asked).model_dump(),
        kpis=kpis,
        platforms=plain(platforms.rows),
        movers=moved,
        best=ranked[0],
        worst=ranked[1],
        insights=[*spoken, *caveats(asked)],
    )


def _moved(groups: Result) -> Sequence[Any]:
    if groups.query.compare_to is None:
        return ()
    of = next((name for name in MOVED_BY if groups.totals.get(name) is not None), None)
    return movers(groups.rows, dimensions=groups.query.dimensions, of=of) if of else ()


def _kpi(name: str, found: Result) -> KpiOut:
    entry, totals = metric(name), plain(found.totals)
    return KpiOut(
        metric=name,
        label=entry.label,
        unit=entry.unit.value,
        good=entry.good,
        value=totals[name],
        before=totals.get(f"{name}_before"),
        change=totals.get(f"{name}_change"),
        words=told(name, found.totals, found.currency),
    )


def _ranked(row: Any, groups: Result, word: str) -> RankedOut:
    dimensions = groups.query.dimensions
    value = amount(row["roas"], metric("roas"), None)
    return RankedOut(
        group=plain({name: row[name] for name in dimensions}),
        metric="roas",
        value=row["roas"],
        words=f"{name_of(row, dimensions)} had the {word} return on ad spend: {value}.",
    )


def caveats(result: Result) -> list[str]:
    """What a reader must know before believing the numbers."""
    covered, days = result.coverage, result.coverage.days_asked
    said = list(result.notes)
    if covered.days_with_data < days:
        said.append(f"There is data for {covered.days_with_data} of {days} days.")
    if covered.left_out_spans:
        said.append(f"{covered.left_out_spans} rows over several days were not counted: they are never spread.")
    said += [
        f"{one.data_source}, account {one.account_id}, is silent on {one.days} days: load its {one.ask_for} report."
        for one in covered.missing
    ]
    if result.is_provisional:
        said.append(f"Still provisional: {', '.join(result.provisional_sources)}.")
    return said
