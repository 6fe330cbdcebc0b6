"""Consolidation over HTTP: how differences are settled, do it now, and what earlier runs did."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kalends.base.work import Work
from kalends.calendar import policies
from kalends.calendar.calendars import get_calendar
from kalends.calendar.conflictschemas import (
    ConsolidatedOut,
    ConsolidateIn,
    DoneOut,
    MetadataOut,
    MetadataRow,
    PolicyIn,
    PolicyOut,
    PolicySetOut,
    RunOut,
    RunsOut,
)
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.consolidation import consolidate
from kalends.calendar.policyrows import policy_of
from kalends.calendar.runs import consolidation_metadata, list_runs
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]


@router.get("/calendar/policy")
def read_policy(work: Reader, calendar_id: UUID | None = None) -> PolicyOut:
    """How the calendar's differences are settled, and the ways there are."""
    return PolicyOut.of(policies.get_policy(work, calendar_id=calendar_id))


@router.put("/calendar/policy")
def put_policy(work: Writer, body: PolicyIn) -> PolicySetOut:
    """Settle differences in another way; all that no person has decided is decided anew at once."""
    done = policies.set_policy(
        work,
        policy=body.policy(),
        priorities=body.priorities,
        row_version=body.row_version,
        calendar_id=body.calendar_id,
    )
    found = policies.get_policy(work, calendar_id=body.calendar_id)
    return PolicySetOut(policy=PolicyOut.of(found), events=done.events)


@router.post("/calendar/consolidate")
def post_consolidate(work: Writer, body: ConsolidateIn) -> ConsolidatedOut | DoneOut:
    """Consolidate the sources that are sent, and store nothing; without any, the workspace's own, now."""
    calendar = get_calendar(work, calendar_id=body.calendar_id)
    if body.sources is None:
        done = consolidate_pending(work, calendar_id=calendar.id, policy=body.policy())
        return DoneOut.model_validate(asdict(done))
    policy = body.policy() or policy_of(work, calendar_id=calendar.id)
    return ConsolidatedOut.of(consolidate(body.calendars(), policy=policy))


@router.get("/calendar/consolidations")
def read_consolidations(work: Reader, calendar_id: UUID | None = None) -> RunsOut:
    """The last consolidations, newest first: from what, how well, how long."""
    found = list_runs(work, calendar_id=calendar_id)
    return RunsOut(consolidations=[RunOut.model_validate(run, from_attributes=True) for run in found])


@router.get("/calendar/consolidation-metadata")
def read_consolidation_metadata(work: Reader, limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> MetadataOut:
    """The view `calendar_consolidation_metadata`, newest first: the workspace's consolidations by fixed names."""
    return MetadataOut(rows=[MetadataRow.model_validate(row) for row in consolidation_metadata(work, limit=limit)])
