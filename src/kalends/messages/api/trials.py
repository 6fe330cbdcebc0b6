"""Trials of volume and of captions over HTTP: what could be found, start, who has what, what it says, end."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import creator_pages, trials
from kalends.messages.models import MessageTrial
from kalends.messages.trialplans import Arm, Power, TrialIn

router = APIRouter(prefix="/messages/trials", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]


class TrialOut(BaseModel):
    """A trial. `plan`: what was set before its start: way, rule, smallest effect, and what it can find."""

    id: UUID
    name: str
    kind: str
    state: str
    old: Arm
    new: Arm
    plan: dict[str, Any]
    units: list[dict[str, Any]] = Field(description="Who has what: page, week (null: all), pair, is it new.")
    first_day: date
    weeks: int
    seed: int
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, trial: MessageTrial) -> TrialOut:
        """As it goes out."""
        same = {name: getattr(trial, name) for name in cls.model_fields if name not in {"old", "new", "units"}}
        return cls(**same, old=trial.arms["old"], new=trial.arms["new"], units=trial.blocks)


class EffectOut(BaseModel):
    """A change as a share of a usual week, and the interval that holds it; a bound that data cannot give is null."""

    estimate: float | None
    low: float | None
    high: float | None
    p_value: float | None


class ResultOut(BaseModel):
    """What a trial says: better, worse, alike, not enough data, or not finished. No number before its time."""

    answer: str
    blocks: int = Field(description="Pairs that are known.")
    planned: int
    effect: EffectOut | None
    old: float | None = Field(description="Mean outcome of the old way; 1.0 is a usual week.")
    new: float | None
    carry: EffectOut | None = Field(description="What the week before still changed, where weeks are compared.")
    is_carry_seen: bool = Field(description="Then the effect is not what it seems: compare pages, or longer turns.")


class ArmOut(BaseModel):
    """What a page's week has by lot."""

    trial_id: UUID
    is_new: bool
    arm: Arm


@router.get("")
def list_trials(work: Reader) -> list[TrialOut]:
    """Trials of your pages, the newest first."""
    return [TrialOut.of(trial) for trial in trials.list_trials(work)]


@router.post("/power")
def check_trial(body: TrialIn, work: Reader) -> Power:
    """What such a trial could find, from the weeks before its start; starts nothing."""
    return trials.check(work, body)


@router.post("", status_code=201)
def start_trial(body: TrialIn, work: Writer) -> TrialOut:
    """Draw the lots and start."""
    return TrialOut.of(trials.start(work, body))


@router.get("/arm")
def get_arm(work: Reader, page_id: UUID, first_day: Annotated[date, Query()]) -> ArmOut | None:
    """What the page's week that begins on that day has by lot; null: no trial."""
    creator_pages.get_page(work, page_id=page_id)
    found = trials.arm_of(work, page_id=page_id, first_day=first_day)
    return None if found is None else ArmOut(trial_id=found.trial_id, is_new=found.is_new, arm=found.arm)


@router.get("/{trial_id}")
def get_trial(trial_id: UUID, work: Reader) -> TrialOut:
    """One trial."""
    return TrialOut.of(trials.get_trial(work, trial_id=trial_id))


@router.get("/{trial_id}/result")
def get_result(trial_id: UUID, work: Reader) -> ResultOut:
    """What it says now; of one that has ended, what it said then."""
    return ResultOut(**trials.result(work, trial_id=trial_id))


@router.post("/{trial_id}/end")
def end_trial(trial_id: UUID, work: Writer) -> TrialOut:
    """Read it for the last time and end it."""
    return TrialOut.of(trials.end(work, trial_id=trial_id))
