"""The lineage report: how much data there is, of whom, how good, from when to when, and who uses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlalchemy import case, func, select

from kalends.base.work import Work
from kalends.marketing import overview
from kalends.marketing.models import Batch
from kalends.marketing.overview import Source
from kalends.marketing.records import LOG
from kalends.marketing.stewardship.usage import usage_of

FEW = 0.05
"""Up to one row of twenty set aside is a slip or two in a file; more means that the file was read wrongly."""


class SourceOut(BaseModel):
    """One data source of the report."""

    data_source: str
    data_points: int
    accounts: int
    first_day: date | None
    last_day: date | None
    days_with_data: int


class TemporalCoverage(BaseModel):
    """From when to when there is data. `days` counts from the first to the last."""

    first_day: date | None
    last_day: date | None
    days: int
    days_with_data: int


class LineageReport(BaseModel):
    """What there is, how good it is, and who uses it.

    `quality_distribution`: how many account-days are of each grade, A to E. `files_read`: how many standing files were
    read wholly (`clean`), with at most one row of twenty set aside (`few_set_aside`), with more (`many_set_aside`), or
    not at all (`failed`). `cross_module_usage`: calls of the last 90 days by API key and room.
    """

    total_data_points: int
    total_versions: int
    data_sources: list[SourceOut]
    quality_distribution: dict[str, int]
    files_read: dict[str, int]
    temporal_coverage: TemporalCoverage
    cross_module_usage: dict[str, dict[str, int]]


USAGE_DAYS = 90


def report_of(work: Work, *, days_by_grade: Mapping[str, int]) -> LineageReport:
    """The report of this tenant, as of now. `days_by_grade`: its account-days by grade, which quality knows."""
    sources = overview.list_sources(work)
    return LineageReport(
        total_data_points=sum(source.rows for source in sources),
        total_versions=_versions(work),
        data_sources=[_source(source) for source in sources],
        quality_distribution=dict(days_by_grade),
        files_read=_files(work),
        temporal_coverage=_coverage(work, sources),
        cross_module_usage=usage_of(work, days=USAGE_DAYS),
    )


def _source(source: Source) -> SourceOut:
    return SourceOut(
        data_source=source.name,
        data_points=source.rows,
        accounts=source.accounts,
        first_day=source.first,
        last_day=source.last,
        days_with_data=source.days,
    )


def _versions(work: Work) -> int:
    if not work.warehouse.exists("facts_past"):
        return 0
    counted = work.warehouse.execute(f"SELECT count(*) AS n FROM {LOG} AS l")  # noqa: S608 (a name of ours)
    return int(counted.column("n")[0].as_py())


def _files(work: Work) -> dict[str, int]:
    share = Batch.quarantined * 1.0 / func.nullif(Batch.received, 0)
    kind = case(
        (Batch.state == "failed", "failed"),
        (func.coalesce(Batch.quarantined, 0) == 0, "clean"),
        (share <= FEW, "few_set_aside"),
        else_="many_set_aside",
    ).label("kind")
    standing = overview.STANDS & Batch.state.in_(("published", "failed"))
    found: Any = work.session.execute(select(kind, func.count().label("files")).where(standing).group_by(kind))
    return {"clean": 0, "few_set_aside": 0, "many_set_aside": 0, "failed": 0} | {row.kind: row.files for row in found}


def _coverage(work: Work, sources: list[Source]) -> TemporalCoverage:
    firsts, lasts = ([day for one in sources if (day := getattr(one, edge))] for edge in ("first", "last"))
    first, last = min(firsts, default=None), max(lasts, default=None)
    held = [name for name in ("facts", "series") if work.warehouse.exists(name)]
    union = " UNION ".join(f"SELECT date_from FROM {name}" for name in held)  # noqa: S608 (our names)
    days = work.warehouse.execute(f"SELECT count(*) AS n FROM ({union}) AS d").column("n")[0].as_py() if held else 0  # noqa: S608
    spanned = (last - first).days + 1 if first and last else 0
    return TemporalCoverage(first_day=first, last_day=last, days=spanned, days_with_data=days)
