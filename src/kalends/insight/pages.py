"""The page behind every number: where it comes from, down to the line of the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kalends.base.pages import Column, register_room, render
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.insight import tracing
from kalends.insight.exporting import router as exporting
from kalends.insight.graph import graph_of
from kalends.insight.lineage import trace
from kalends.insight.metrics import Metric
from kalends.insight.metrics import metric as metric_of
from kalends.insight.tracing import Trail
from kalends.marketing import service as marketing
from kalends.marketing.words import source_name

register_room(name="insight", templates=Path(__file__).parent / "templates")

router = APIRouter(include_in_schema=False)
router.include_router(exporting)

VERSIONS_A_PAGE = 100


@router.get("/trace")
def show_lineage(
    request: Request,
    work: Annotated[Work, permit("insight.read")],
    handle: Annotated[str, Query(min_length=5, max_length=8000)],
    metric: Annotated[str, Query(max_length=60)],
    data_source: Annotated[str | None, Query(max_length=100)] = None,
    account_id: Annotated[str | None, Query(max_length=200)] = None,
    day: date | None = None,
    batch: UUID | None = None,
    row: Annotated[int | None, Query(ge=1)] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """The number, its accounts, their days, the versions of a day's facts, and one raw line."""
    known = metric_of(metric)
    trail = Trail(handle, known.name, data_source, account_id, day, batch, row)
    parts = [metric_of(column) for column in known.columns if column != known.name]
    is_account = data_source is not None and account_id is not None
    return render(
        request,
        "insight/lineage.html",
        trail=trail,
        metric=known,
        parts=parts,
        columns=headings((known, *parts)),
        answer=tracing.asked(work, handle=handle, name=known.name),
        accounts=tracing.split(work, trail=Trail(handle, known.name), dimensions=tracing.ACCOUNTS),
        days=tracing.split(work, trail=trail, dimensions=("date",)) if is_account and day is None else None,
        types=tracing.types(work, trail=trail) if day is None else None,
        versions=tracing.versions(work, trail=trail, limit=VERSIONS_A_PAGE, offset=offset)
        if is_account and day
        else None,
        raw=marketing.raw_line(work, batch=marketing.get_batch(work, batch_id=batch), source_row=row)
        if batch and row
        else None,
        zone=workspace(work).zone,
        offset=offset,
        page=VERSIONS_A_PAGE,
        source_name=source_name,
    )


@router.get("/trace/graph")
def show_graph(
    request: Request,
    work: Annotated[Work, permit("insight.read")],
    handle: Annotated[str, Query(min_length=5, max_length=8000)],
    metric: Annotated[str, Query(max_length=60)],
) -> Response:
    """The number's whole way back as a picture."""
    found = trace(work, handle=handle, name=metric_of(metric).name)
    return render(
        request,
        "insight/graph.html",
        found=found,
        trail=Trail(handle, found.metric),
        metric=metric_of(found.metric),
        drawing=marketing.draw(graph_of(work, found)),
    )


def headings(shown: Sequence[Metric]) -> dict[str, list[Column]]:
    """The columns of the page's tables; `shown`: the metric, then the sums that it is made of."""
    numbers = [Column(label=one.label, is_number=True) for one in shown]
    return {
        "accounts": [Column(label="Account"), *numbers],
        "days": [Column(label="Day"), *numbers],
        "types": [Column(label="Type"), *numbers],
        "versions": [
            Column(label="What"),
            Column(label=shown[min(1, len(shown) - 1)].label, is_number=True),
            *(Column(label=label) for label in ("Reported", "State", "File and row")),
        ],
    }
