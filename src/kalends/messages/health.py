"""Whether weeks get built and taken out: four numbers, and which of them need a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from kalends.base.work import Work
from kalends.messages.creator_pages import visible
from kalends.messages.models import CreatorPage, ScheduleExport

LEAST_SUCCESS: Final = 0.9
MOST_SECONDS: Final = 30.0
MOST_ERRORS: Final = 2
"""In an hour."""
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Health:
    """Builds, exports and pushes of the last seven days."""

    runs: int
    failed: int
    mean_seconds: float | None
    """Of a build that went well; null: none did."""
    last_at: datetime | None
    """Of the last that went well, however long ago."""
    errors_last_hour: int
    now: datetime

    @property
    def success_rate(self) -> float | None:
        """Null where nothing ran."""
        return 1 - self.failed / self.runs if self.runs else None

    @property
    def is_failing(self) -> bool:
        """Too many failed."""
        return self.success_rate is not None and self.success_rate < LEAST_SUCCESS

    @property
    def is_slow(self) -> bool:
        """A build takes too long."""
        return self.mean_seconds is not None and self.mean_seconds > MOST_SECONDS

    @property
    def is_silent(self) -> bool:
        """Nothing went well for a day, in a room that is used."""
        return self.last_at is not None and self.now - self.last_at > DAY

    @property
    def is_noisy(self) -> bool:
        """Errors come one after the other."""
        return self.errors_last_hour > MOST_ERRORS


def health_of(work: Work) -> Health:
    """The health of the pages that the caller may see."""
    seen = ScheduleExport.page_id.in_(visible(work, with_removed=True).with_only_columns(CreatorPage.id))
    went_well, went_wrong = ScheduleExport.status == "success", ScheduleExport.status == "failed"
    recent = ScheduleExport.exported_at >= work.now - WEEK
    row = work.session.execute(
        select(
            func.count().filter(recent),
            func.count().filter(recent, went_wrong),
            func.avg(ScheduleExport.seconds).filter(recent, went_well, ScheduleExport.way == "build"),
            func.max(ScheduleExport.exported_at).filter(went_well),
            func.count().filter(went_wrong, ScheduleExport.exported_at > work.now - HOUR),
        ).where(seen)
    ).one()
    return Health(row[0], row[1], row[2], row[3], row[4], work.now)
