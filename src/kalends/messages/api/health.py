"""How the building of weeks goes, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages.health import Alert, health_of

router = APIRouter(prefix="/messages/health", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]


class AlertOut(BaseModel):
    """Something that needs a look."""

    kind: Alert
    words: str


class HealthOut(BaseModel):
    """Builds of the last seven days of the pages that you see. Null: nothing was built."""

    builds: int
    failed: int
    success_rate: float | None = Field(description="0 to 1; below 0.9 is an alert.")
    mean_seconds: float | None = Field(description="Of builds that went well; above 30 is an alert.")
    last_success_at: datetime | None = Field(description="More than a day ago is an alert if a page is due.")
    pages_due: int = Field(description="Pages whose next week begins within 48 hours and has no schedule.")
    errors_last_hour: int = Field(description="Failed builds, exports and webhooks; more than two are an alert.")
    alerts: list[AlertOut]


@router.get("")
def get_health(work: Reader) -> HealthOut:
    """Success rate, mean duration, last build, errors of the last hour, and what of it needs a look."""
    found = health_of(work)
    return HealthOut(
        builds=found.runs,
        failed=found.failed,
        success_rate=found.success_rate,
        mean_seconds=found.mean_seconds,
        last_success_at=found.last_at,
        pages_due=found.due,
        errors_last_hour=found.errors_last_hour,
        alerts=[AlertOut(kind=alert, words=found.words(alert)) for alert in found.alerts],
    )
