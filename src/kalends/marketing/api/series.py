"""Series over HTTP: a KPI by week, a price index, and all else that is no platform's report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import serieslist
from kalends.marketing.batches import version_at

router = APIRouter(prefix="/marketing/series", tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
AsOf = Annotated[datetime | None, Query(description="As known then; else now.")]


class SeriesOut(BaseModel):
    """One series. `role`: kpi, control, treatment or organic; `geo` is '' where it is of no market."""

    name: str
    role: str
    metric: str | None
    channel: str | None
    geo: str
    unit: str | None
    first: date
    last: date
    values: int


class ValueOut(BaseModel):
    """One value of a day or period, and the row of the batch's file that says so."""

    date_from: date
    date_to: date
    geo: str
    metric: str | None
    value: float | None
    unit: str | None
    batch_seq: int
    source_row: int


@router.get("")
def list_series(work: Reader, as_of: AsOf = None) -> list[SeriesOut]:
    """The series that files with a column per series brought."""
    found = serieslist.list_series(work.warehouse, version=_version(work, as_of))
    return [SeriesOut(**row) for row in found]


@router.get("/values")
def list_values(
    work: Reader,
    name: Annotated[str, Query(max_length=300, pattern=r"^[^\x00]+$")],
    date_range_start: date | None = None,
    date_range_end: date | None = None,
    as_of: AsOf = None,
) -> list[ValueOut]:
    """A series' values by day; periods that are wholly inside the range."""
    version = _version(work, as_of)
    found = serieslist.values_of(
        work.warehouse, name=name, first=date_range_start, last=date_range_end, version=version
    )
    return [ValueOut(**row) for row in found]


def _version(work: Work, as_of: datetime | None) -> int | None:
    return None if as_of is None else version_at(work, instant=as_of)
