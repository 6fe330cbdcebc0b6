"""Series over HTTP: a KPI by week, a price index, and all else that is no platform's report; and their markets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import markets, serieslist
from kalends.marketing.batches import version_at
from kalends.marketing.markets import Market
from kalends.marketing.serieslist import SeriesName, Unit

router = APIRouter(prefix="/marketing", tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
AsOf = Annotated[datetime | None, Query(description="As known then; else now.")]


class SeriesOut(BaseModel):
    """One series. `role`: kpi, control, treatment or organic; `geo` is '' where it is of no market; `latest`: its last
    value; `batch_seq`: the newest batch that brought some.
    """

    name: str
    role: str
    metric: str | None
    channel: str | None
    geo: str
    unit: str | None
    first: date
    last: date
    values: int
    latest: float | None
    batch_seq: int


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


class Units(BaseModel):
    """What series are measured in, by name."""

    model_config = ConfigDict(extra="forbid")

    units: dict[SeriesName, Unit] = Field(min_length=1, max_length=1_000)


class Markets(BaseModel):
    """All markets of a company."""

    model_config = ConfigDict(extra="forbid")

    markets: list[Market] = Field(max_length=markets.MOST)


@router.get("/series")
def list_series(work: Reader, as_of: AsOf = None) -> list[SeriesOut]:
    """The series that files with a column per series brought."""
    found = serieslist.list_series(work, version=_version(work, as_of))
    return [SeriesOut(**row) for row in found]


@router.get("/series/values")
def list_values(
    work: Reader,
    name: SeriesName,
    date_range_start: date | None = None,
    date_range_end: date | None = None,
    as_of: AsOf = None,
) -> list[ValueOut]:
    """A series' values by day; periods that are wholly inside the range."""
    version = _version(work, as_of)
    found = serieslist.values_of(work, name=name, first=date_range_start, last=date_range_end, version=version)
    return [ValueOut(**row) for row in found]


@router.put("/series/units", status_code=204)
def set_units(body: Units, work: Writer) -> None:
    """Say what series are measured in; '' takes back what was said. It holds for all values of the name."""
    serieslist.set_units(work, body.units)


@router.get("/markets")
def list_markets(work: Reader) -> Markets:
    """The markets, by name."""
    return Markets(markets=markets.list_markets(work))


@router.put("/markets")
def set_markets(body: Markets, work: Writer) -> Markets:
    """Let these be all markets: the list takes the place of the one before. Each parent is a market of the list."""
    markets.set_markets(work, body.markets)
    return Markets(markets=markets.list_markets(work))


def _version(work: Work, as_of: datetime | None) -> int | None:
    return None if as_of is None else version_at(work, instant=as_of)
