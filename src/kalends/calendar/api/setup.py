"""Setting the calendar up over HTTP: what it is made of, tried or built from a plan, as JSON or as a YAML file."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from kalends.base.reading import PayloadTooLargeError
from kalends.base.work import Work
from kalends.calendar.wizard import Plan, plain_plan, read_yaml
from kalends.calendar.wizard.building import build_calendar, review
from kalends.calendar.wizard.drafts import start_plan
from kalends.calendar.wizard.written import LONGEST, PlanError
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Manager = Annotated[Work, permit("settings.manage")]
Trial = Annotated[bool, Query(description="Only say what would be built.")]


class PlanOut(BaseModel):
    """What the calendar is made of, as it could be sent again."""

    plan: dict[str, Any]


class BuiltOut(BaseModel):
    """What was built, or would be: the fiscal year that today lies in, and what falls into it."""

    is_trial: bool
    calendar_id: UUID | None
    name: str
    fiscal_year: str
    fiscal_first: date
    fiscal_last: date
    first_day: date
    last_day: date
    days: int
    holidays: int
    moment_days: int
    competitor_events: int


@router.get("/calendar/setup")
def read_setup(work: Reader) -> PlanOut:
    """What the calendar is made of; of one that was never set up, what is usual in the company's industry."""
    return PlanOut(plan=plain_plan(start_plan(work)))


@router.post("/calendar/setup")
def post_setup(work: Manager, body: Plan, *, is_trial: Trial = False) -> BuiltOut:
    """Build the calendar that a plan describes. The same plan again changes nothing."""
    return _built(work, body, is_trial=is_trial)


@router.post("/calendar/setup/file")
def post_setup_file(
    work: Manager,
    content: Annotated[bytes, Body(media_type="application/yaml", description="The plan: company.yaml.")],
    *,
    is_trial: Trial = False,
) -> BuiltOut:
    """Build the calendar that a YAML file describes; what is wrong in it is told by line."""
    if len(content) > 4 * LONGEST:
        raise PayloadTooLargeError(f"A plan has at most {LONGEST:,} characters.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"The plan must be UTF-8 text; the byte at {error.start} is not.") from error
    return _built(work, read_yaml(text), is_trial=is_trial)


def _built(work: Work, plan: Plan, *, is_trial: bool) -> BuiltOut:
    """Build it, or only look."""
    found = review(work, plan=plan, today=work.now.astimezone(ZoneInfo(plan.zone)).date())
    calendar = None if is_trial else build_calendar(work, plan=plan)
    return BuiltOut(
        is_trial=is_trial,
        calendar_id=calendar.id if calendar else None,
        name=plan.name,
        fiscal_year=found.label,
        fiscal_first=found.first,
        fiscal_last=found.last,
        first_day=found.definition.first_day,
        last_day=found.definition.last_day,
        days=found.day_count,
        holidays=found.holidays,
        moment_days=found.moment_days,
        competitor_events=len(plan.competitors),
    )
