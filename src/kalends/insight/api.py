"""Answers over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.insight import service
from kalends.insight.schemas import AnswerOut, InsightsIn, InsightsOut

router = APIRouter(tags=["insight"])

Reader = Annotated[Work, permit("insight.read")]
DataReader = Annotated[Work, permit("data.read")]


@router.post("/marketing/insights", response_model=InsightsOut)
def ask(work: Reader, asked: InsightsIn) -> Response:
    """Metrics over a period by dimensions: key figures, platforms, movers, best and worst, in words and numbers."""
    return _json(service.insights_json(work, asked=asked))


@router.get("/insights", response_model=InsightsOut)
def look(
    work: Reader,
    data_source: Annotated[str | None, Query(max_length=100)] = None,
    date_range_days: Annotated[int, Query(ge=1, le=3660, description="Days, the last of them yesterday.")] = 30,
) -> Response:
    """The same for one platform, or all, over the last days."""
    last = service.today_of(work) - timedelta(days=1)
    asked = InsightsIn(
        data_sources=[data_source] if data_source else [],
        date_range_start=last - timedelta(days=date_range_days - 1),
        date_range_end=last,
        group_by=["data_source"],
    )
    return _json(service.insights_json(work, asked=asked))


@router.get("/insights/again")
def ask_again(work: Reader, handle: Annotated[str, Query(min_length=5, max_length=8000)]) -> AnswerOut:
    """The answer that a lineage handle names, from the state that it was first given on."""
    return service.answer_out(service.again(work, handle=handle))


def _json(made: bytes) -> Response:
    return Response(made, media_type="application/json")
