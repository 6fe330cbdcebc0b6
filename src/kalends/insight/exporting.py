"""The page that hands a panel for a model to somebody without a notebook."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kalends.base.pages import Choice, render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.insight import service
from kalends.insight.api import export_causal
from kalends.insight.causal import Grain
from kalends.insight.metrics import metric
from kalends.insight.schemas import CausalIn

router = APIRouter(include_in_schema=False)

Exporter = Annotated[Work, permit("export.read")]
Name = Annotated[str, Query(max_length=60)]

KPIS: Final = ("revenue", "conversions", "leads", "sessions", "deals_won", "clicks")
SPLITS: Final = (("Channel", "channel"), ("Platform", "data_source"), ("Campaign type", "campaign_type"))
GRAINS: Final = (("One row per day", "day"), ("One row per week", "week"))
OFFERED: Final = timedelta(days=2 * 365)
"""Two years show each season twice, which is what a model needs to tell season from effect."""


@router.get("/export")
def show_export(request: Request, work: Exporter) -> Response:
    """What the panel shall hold."""
    last = service.today_of(work) - timedelta(days=1)
    return render(
        request,
        "insight/export.html",
        first=last - OFFERED + timedelta(days=1),
        last=last,
        kpis=[Choice(label=metric(name).label, value=name) for name in KPIS],
        splits=[Choice(label=label, value=value) for label, value in SPLITS],
        grains=[Choice(label=label, value=value) for label, value in GRAINS],
    )


@router.get("/export/file")
def download(
    work: Exporter,
    first: date,
    last: date,
    kpi: Name = KPIS[0],
    by: Name = SPLITS[0][1],
    grain: Grain = "day",
    format: Literal["csv", "parquet"] = "csv",  # noqa: A002  the name in the address
) -> Response:
    """The file itself: that of the API, for a plain form."""
    return export_causal(
        work, asked=CausalIn(date_range_start=first, date_range_end=last, kpi=kpi, by=by, grain=grain, format=format)
    )
