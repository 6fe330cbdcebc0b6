"""Where data comes from, over HTTP: the report, a file's or a fact's graph, and events for a data catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import Date, cast, func, select

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import batches
from kalends.marketing.models import Batch
from kalends.marketing.quality.standing import days_by_grade
from kalends.marketing.stewardship import graph
from kalends.marketing.stewardship.openlineage import event_of
from kalends.marketing.stewardship.report import LineageReport, report_of
from kalends.marketing.stewardship.schemas import GraphOut

router = APIRouter(tags=["lineage"])

Reader = Annotated[Work, permit("data.read")]
NDJSON = "application/x-ndjson"
DAYS = 31
"""How many days of events are given where nobody says from when."""


@router.get("/lineage/report")
def get_report(work: Reader) -> LineageReport:
    """How much data there is, of which sources, how good it is, from when to when, and who uses it."""
    return report_of(work, days_by_grade=days_by_grade(work))


@router.get("/marketing/batches/{batch_id}/lineage")
def get_batch_lineage(batch_id: UUID, work: Reader) -> GraphOut:
    """What one file brought, how it was read, and what was checked."""
    return GraphOut(**asdict(graph.of_batch(work, batch_id=batch_id)))


@router.get("/marketing/facts/{key_hash}/lineage")
def get_fact_lineage(key_hash: UUID, work: Reader) -> GraphOut:
    """Every version of one fact and where it came from. `key_hash` as lineage gives it."""
    return GraphOut(**asdict(graph.of_fact(work, key_hash=key_hash).named()))


@router.get("/marketing/batches/{batch_id}/openlineage")
def get_event(batch_id: UUID, work: Reader) -> dict[str, Any]:
    """The file as an OpenLineage run event."""
    return event_of(batches.get(work, batch_id))


@router.get(
    "/marketing/openlineage",
    response_class=Response,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
def list_events(
    work: Reader,
    first: Annotated[date | None, Query(description="The first day (UTC) on which files came.")] = None,
    last: Annotated[date | None, Query(description="The last such day; today if not given.")] = None,
) -> Response:
    """The files that came in a period as OpenLineage run events, one a line, oldest first."""
    until = last or work.now.date()
    since = first or until - timedelta(days=DAYS - 1)
    day = cast(func.timezone("UTC", Batch.received_at), Date)
    query = select(Batch).where(day.between(since, until)).order_by(Batch.seq)
    return Response(b"".join(_lines(work.session.execute(query).scalars())), media_type=NDJSON)


def _lines(found: Any) -> Iterator[bytes]:
    for batch in found:
        yield orjson.dumps(event_of(batch)) + b"\n"
