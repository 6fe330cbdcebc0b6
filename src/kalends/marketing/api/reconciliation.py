"""Reconciliation over HTTP: one number per cell, where sources disagree, and what people choose."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.marketing.mapping import canonical_source
from kalends.marketing.reconciliation import service
from kalends.marketing.reconciliation.answers import STATES, Question
from kalends.marketing.reconciliation.schemas import (
    Aggregated,
    AggregateIn,
    Conflicts,
    Cut,
    Resolved,
    ResolveIn,
    RulesIn,
    RulesOut,
)

router = APIRouter(prefix="/data", tags=["reconciliation"])

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]


@router.post("/aggregate")
def aggregate(body: AggregateIn, work: Reader) -> Aggregated:
    """Metrics over days, each once however many sources report it: with intervals, sources and conflicts."""
    return service.aggregate(work, question=body.question(zone=workspace(work).zone))


@router.get("/conflicts")
def list_conflicts(
    work: Reader,
    first: Annotated[date | None, Query(description="First day; else ninety days before the last.")] = None,
    last: Annotated[date | None, Query(description="Last day; else the newest with data.")] = None,
    date_range_start: Annotated[date | None, Query(description="`first`, as /data/aggregate calls it.")] = None,
    date_range_end: Annotated[date | None, Query(description="`last`, as /data/aggregate calls it.")] = None,
    metric: Annotated[list[str] | None, Query(max_length=20)] = None,
    state: Annotated[list[str] | None, Query(max_length=3, description="open, settled, decided; else all.")] = None,
    source: Annotated[
        str | None, Query(max_length=200, description="Only those about which it says something.")
    ] = None,
    group_by: Annotated[list[Cut] | None, Query(max_length=2, description="channel or campaign.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Conflicts:
    """The numbers on which sources disagree by more than their noise: what waits for a person first."""
    days = service.usual_days(work, first=_one(first, date_range_start), last=_one(last, date_range_end))
    question = Question(*days, metrics=tuple(metric or service.USUAL), group_by=tuple(group_by or ()))
    return service.conflicts(
        work,
        question=question,
        states=state or STATES,
        source=canonical_source(source) if source else None,
        limit=limit,
        offset=offset,
    )


def _one(day: date | None, other: date | None) -> date | None:
    """The day that is given by either name. Raises BadInputError for two days."""
    if day and other and day != other:
        raise BadInputError("first is date_range_start and last is date_range_end: give one of them.")
    return day or other


@router.put("/resolve-conflicts")
def resolve_conflicts(body: ResolveIn, work: Writer) -> Resolved:
    """Choose a value, a source or a strategy for some numbers, or take such choices back. History is kept."""
    return service.resolve(work, told=body)


@router.get("/conflict-rules")
def get_rules(work: Reader) -> RulesOut:
    """How disagreements are settled."""
    return service.get_rules(work)


@router.put("/conflict-rules")
def put_rules(body: RulesIn, work: Writer) -> RulesOut:
    """Settle disagreements in another way from now on. What people decided stays."""
    return service.set_rules(work, told=body)
