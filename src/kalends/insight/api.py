"""Answers over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.insight import service
from kalends.insight.causal import digest
from kalends.insight.graph import graph_of
from kalends.insight.schemas import AnswerOut, CausalIn, InsightsIn, InsightsOut, LineageOut, SearchIn, SearchOut
from kalends.insight.search import search
from kalends.marketing.service import GraphOut

router = APIRouter(tags=["insight"])

Reader = Annotated[Work, permit("insight.read")]
Exporter = Annotated[Work, permit("export.read")]


@router.post("/marketing/insights", response_model=InsightsOut)
def ask(work: Reader, asked: InsightsIn) -> Response:
    """Metrics over a period by dimensions: key figures, platforms, movers, best and worst, in words and numbers."""
    return _json(service.insights_json(work, asked=asked))


@router.post("/marketing/search")
def look_for(work: Reader, asked: SearchIn) -> SearchOut:
    """Campaigns, ad groups, ads, accounts, flows and lists by name, and by what they did in the period."""
    return search(work, asked=asked)


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


@router.get("/lineage")
def read_lineage(
    work: Reader,
    handle: Annotated[str, Query(min_length=5, max_length=8000, description="The `lineage` of an answer.")],
    metric: Annotated[str | None, Query(max_length=100)] = None,
    cell: Annotated[
        list[str] | None, Query(max_length=20, description="Each as dimension=value; none for the total.")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> LineageOut:
    """From a number to its facts, their batches, and the rows of the payloads that said them."""
    named = dict(one.partition("=")[::2] for one in cell or ())
    return service.lineage_out(service.trace(work, handle=handle, name=metric, cell=named, offset=offset))


@router.get("/lineage/graph")
def read_graph(
    work: Reader,
    handle: Annotated[str, Query(min_length=5, max_length=8000, description="The `lineage` of an answer.")],
    metric: Annotated[str | None, Query(max_length=100)] = None,
    cell: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> GraphOut:
    """The same as a graph: number, sums, reports, files, the rules that read them, what was checked and resolved."""
    named = dict(one.partition("=")[::2] for one in cell or ())
    found = service.trace(work, handle=handle, name=metric, cell=named)
    return GraphOut(**asdict(graph_of(work, found)))


_FILES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@router.post(
    "/marketing/export/causal",
    responses={
        200: {
            "description": "The panel as a file, or with `json` its rows in the sidecar.",
            "content": {
                "application/json": {},
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
    response_class=Response,
)
def export_causal(work: Exporter, asked: CausalIn) -> Response:
    """A complete panel for a causal model, with checks. `X-Content-SHA256` is the file's digest, as in the sidecar."""
    made = service.export_causal(work, asked=asked)
    if asked.format == "json":
        return _json(made.as_json())
    content = made.content(asked.format)
    name = f"kalends-{made.outcome.query.period.start}-{made.outcome.query.period.end}.{asked.format}"
    headers = {"X-Content-SHA256": digest(content), "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_FILES[asked.format], headers=headers)


def _json(made: bytes) -> Response:
    return Response(made, media_type="application/json")
