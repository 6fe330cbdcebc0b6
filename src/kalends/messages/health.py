"""Whether weeks get built: four numbers, what is wrong with them, and telling those who can mend it, once.

The numbers are of builds; of failures every kind counts, since an export that fails is one, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, true

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.creator_pages import sees_all, visible
from kalends.messages.models import CreatorPage, MessageAlert, MessageSchedule, ScheduleExport
from kalends.messages.turns import in_turn
from kalends.notify.service import tell_admins

LEAST_SUCCESS: Final = 0.9
MOST_SECONDS: Final = 30.0
MOST_ERRORS: Final = 2
"""In an hour."""
AHEAD: Final = timedelta(hours=48)
"""How long before a week begins it should be there: somebody has to look at it and take it out."""
LIVING: Final = ("draft", "approved", "exported")
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


class Alert(StrEnum):
    """What can be wrong."""

    FAILING = "failing"
    SLOW = "slow"
    SILENT = "silent"
    NOISY = "noisy"


@dataclass(frozen=True, slots=True)
class Health:
    """Builds of the last seven days."""

    runs: int
    failed: int
    mean_seconds: float | None
    """Of a build that went well; null: none did."""
    last_at: datetime | None
    """Of the last build that went well, however long ago."""
    errors_last_hour: int
    """Failures of any kind."""
    due: int
    """Pages whose next week begins within two days, or began lately, and has no schedule."""
    now: datetime

    @property
    def success_rate(self) -> float | None:
        """Null where nothing ran."""
        return 1 - self.failed / self.runs if self.runs else None

    @property
    def is_failing(self) -> bool:
        """Fewer than 90 % went well."""
        return self.success_rate is not None and self.success_rate < LEAST_SUCCESS

    @property
    def is_slow(self) -> bool:
        """A build takes more than half a minute."""
        return self.mean_seconds is not None and self.mean_seconds > MOST_SECONDS

    @property
    def is_silent(self) -> bool:
        """Nothing was built for a day, in a room that is used."""
        return self.last_at is not None and self.now - self.last_at > DAY

    @property
    def is_late(self) -> bool:
        """Nothing was built for a day although a week was due: whoever builds once a week is not to be disturbed."""
        return self.is_silent and self.due > 0

    @property
    def is_noisy(self) -> bool:
        """Errors come one after the other."""
        return self.errors_last_hour > MOST_ERRORS

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What is wrong now."""
        seen = (self.is_failing, self.is_slow, self.is_late, self.is_noisy)
        return tuple(alert for alert, is_wrong in zip(Alert, seen, strict=True) if is_wrong)

    def words(self, alert: Alert) -> str:
        """What is wrong, in a sentence."""
        match alert:
            case Alert.FAILING:
                return f"{self.failed} of {self.runs} weeks could not be built in the last seven days."
            case Alert.SLOW:
                return f"A week takes {self.mean_seconds or 0.0:.0f} seconds to build; {MOST_SECONDS:.0f} is too many."
            case Alert.SILENT:
                last = f" The last one was on {self.last_at:%d %B at %H:%M} UTC." if self.last_at else ""
                pages = "1 page has" if self.due == 1 else f"{self.due} pages have"
                return f"No week has been built for a day, and {pages} none for the next two days.{last}"
            case Alert.NOISY:
                return f"{self.errors_last_hour} weeks failed in the last hour."


def health_of(work: Work) -> Health:
    """The health of the pages that the caller may see."""
    is_build, went_well = ScheduleExport.way == "build", ScheduleExport.status == "success"
    recent = ScheduleExport.exported_at > work.now - WEEK
    row = work.session.execute(
        select(
            func.count().filter(is_build, recent),
            func.count().filter(is_build, recent, ~went_well),
            func.avg(ScheduleExport.seconds).filter(is_build, recent, went_well),
            func.max(ScheduleExport.exported_at).filter(is_build, went_well),
            func.count().filter(~went_well, ScheduleExport.exported_at > work.now - HOUR),
        ).where(_seen(work))
    ).one()
    return Health(row[0], row[1], row[2], row[3], row[4], due_pages(work), work.now)


def due_pages(work: Work) -> int:
    """Active pages of the caller whose last schedule ends within `AHEAD`, or ended less than a week ago. A page that
    never had one is not planned here yet, and one that was left for long is not planned here any more.
    """
    ends = func.max(MessageSchedule.first_day + MessageSchedule.days)
    query = (
        visible(work)
        .with_only_columns(CreatorPage.zone, ends)
        .join(MessageSchedule, MessageSchedule.page_id == CreatorPage.id)
        .where(CreatorPage.is_active, MessageSchedule.state.in_(LIVING))
        .group_by(CreatorPage.id, CreatorPage.zone)
    )
    begins = (datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)) for zone, day in work.session.execute(query))
    return sum(-WEEK < at - work.now < AHEAD for at in begins)


def _seen(work: Work) -> ColumnElement[bool]:
    if sees_all(work.scope):
        return true()
    return ScheduleExport.page_id.in_(visible(work, with_removed=True).with_only_columns(CreatorPage.id))


def watch(work: Work) -> Health:
    """Look, and tell the administrators of what was not wrong before; what is well again may be told anew."""
    in_turn(work, "alerts")
    found = health_of(work)
    standing = {
        row.kind: row for row in work.session.scalars(select(MessageAlert).where(MessageAlert.ended_at.is_(None)))
    }
    for alert in found.alerts:
        if alert in standing:
            continue
        row = MessageAlert(tenant_id=work.scope.tenant_id, id=new_id(), kind=alert.value, began_at=work.now,
                           ended_at=None)  # fmt: skip
        work.session.add(row)
        tell_admins(work, kind=f"messages.{alert}", title="Message schedules need a look", body=found.words(alert),
                    href="/messages")  # fmt: skip
    for kind, row in standing.items():
        if kind not in found.alerts:
            row.ended_at = work.now
    work.session.flush()
    return found
