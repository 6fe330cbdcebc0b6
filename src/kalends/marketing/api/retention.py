"""Retention over HTTP: rules, holds, a plan that says what would go, and its confirmation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import batches
from kalends.marketing.schemas import BatchOut
from kalends.marketing.stewardship import retention

router = APIRouter(prefix="/retention", tags=["retention"])

Manager = Annotated[Work, permit("settings.manage")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class HoldIn(BaseModel):
    """What must not go: a `batch` by its number, or a `source` by its name, and why."""

    subject_kind: Literal["batch", "source"]
    subject: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=500)


class HoldOut(_Out):
    """A hold that stands."""

    id: UUID
    subject_kind: str
    subject: str
    reason: str
    placed_at: datetime


class RetentionOut(BaseModel):
    """Months by class of data; null keeps for ever. `known_since`: earlier versions were removed."""

    months: dict[str, int | None]
    holds: list[HoldOut]
    known_since: datetime | None


class RunOut(_Out):
    """A plan: what would go, class by class; and what went, once it is done."""

    id: UUID
    state: str
    plan: list[dict[str, Any]]
    removed: dict[str, int] | None
    made_at: datetime
    finished_at: datetime | None


@router.get("")
def get_retention(work: Manager) -> RetentionOut:
    """The rules, the holds, and since when versions are kept."""
    holds = [HoldOut.model_validate(hold) for hold in retention.list_holds(work)]
    return RetentionOut(months=retention.rules_of(work), holds=holds, known_since=batches.known_since(work)[0])


@router.put("")
def put_retention(work: Manager, body: dict[str, int | None]) -> RetentionOut:
    """Change the months of some classes. Nothing goes before a plan is confirmed."""
    for name, months in body.items():
        retention.set_rule(work, data_class=name, months=months)
    return get_retention(work)


@router.post("/plan", status_code=201)
def make_plan(work: Manager) -> RunOut:
    """A dry run: what would go by the rules as they are now. Nothing is removed."""
    return RunOut.model_validate(retention.plan(work))


@router.get("/runs")
def list_runs(work: Manager) -> list[RunOut]:
    """Plans and clearings, the newest first."""
    return [RunOut.model_validate(run) for run in retention.list_runs(work)]


@router.post("/runs/{run_id}/confirm", status_code=202)
def confirm_run(run_id: UUID, work: Manager) -> BatchOut:
    """Carry a plan out; gives the batch that does. What is gone cannot be brought back."""
    return BatchOut.of(retention.confirm(work, run_id=run_id))


@router.post("/holds", status_code=201)
def place_hold(body: HoldIn, work: Manager) -> HoldOut:
    """Let nothing of a file or a source go until the hold is lifted."""
    return HoldOut.model_validate(retention.place_hold(work, **body.model_dump()))


@router.delete("/holds/{hold_id}", status_code=204)
def lift_hold(hold_id: UUID, work: Manager) -> None:
    """Lift a hold."""
    retention.lift_hold(work, hold_id=hold_id)
