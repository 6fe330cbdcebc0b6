"""What the room does with schedules: built, shown, moved about, approved, taken out. Skeleton: bodies follow."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.messages.models import MessageSchedule
from kalends.messages.schedule_views import (
    CandidateView,
    Comparison,
    CsvExport,
    LegalSpan,
    ListedPage,
    MoveCheck,
    Pushed,
    ScheduleView,
)


def build(house: House, scope: Scope, *, page_id: UUID, first_day: date, template_id: UUID | None = None,
          seed: int | None = None) -> MessageSchedule:  # fmt: skip
    """Build a page's week now and store it (its own transactions)."""
    raise NotImplementedError


def start_build(work: Work, *, page_id: UUID, first_day: date, template_id: UUID | None = None,
                seed: int | None = None) -> UUID:  # fmt: skip
    """Start a job that builds a page's week; gives the task's id (job `messages.build`, subject the page)."""
    raise NotImplementedError


def start_all(work: Work, *, first_day: date, weeks: int = 1, template_id: UUID | None = None) -> UUID:
    """Start one job that builds the weeks of every visible active page, with progress; gives the task's id."""
    raise NotImplementedError


def get(work: Work, *, schedule_id: UUID) -> MessageSchedule:
    """One schedule. Raises NoSuchScheduleError, also for one of a page of others."""
    raise NotImplementedError


def listed(work: Work, *, first_day: date) -> list[ListedPage]:
    """Every visible page with its schedule of that week."""
    raise NotImplementedError


def view(work: Work, *, schedule_id: UUID) -> ScheduleView:
    """A schedule as it stands now."""
    raise NotImplementedError


def check_move(work: Work, *, assignment_id: UUID, to: datetime) -> MoveCheck:
    """What moving a message to the instant `to` (aware) would break; changes nothing."""
    raise NotImplementedError


def legal_slots(work: Work, *, assignment_id: UUID) -> list[LegalSpan]:
    """Where the message may go, all others standing as they do."""
    raise NotImplementedError


def move(work: Work, *, assignment_id: UUID, to: datetime) -> ScheduleView:
    """Move a message. Raises IllegalMoveError with the rules it would break and the nearest legal time."""
    raise NotImplementedError


def candidates(work: Work, *, assignment_id: UUID, limit: int = 20) -> list[CandidateView]:
    """Captions that could be in the place of the message's own, best first."""
    raise NotImplementedError


def swap_caption(work: Work, *, assignment_id: UUID, caption_id: UUID) -> ScheduleView:
    """Send another caption. Raises CaptionTakenError when it is reserved or in its cooldown."""
    raise NotImplementedError


def remove(work: Work, *, assignment_id: UUID) -> ScheduleView:
    """Take a message out of the week; its caption is free again."""
    raise NotImplementedError


def restore(work: Work, *, schedule_id: UUID, assignment_id: UUID) -> ScheduleView:
    """Put a message back that was taken out. Raises IllegalMoveError, CaptionTakenError."""
    raise NotImplementedError


def approve(work: Work, *, schedule_id: UUID) -> ScheduleView:
    """Draft -> approved."""
    raise NotImplementedError


def discard(work: Work, *, schedule_id: UUID) -> None:
    """Throw a schedule away; its captions are free again."""
    raise NotImplementedError


def export_csv(work: Work, *, schedule_id: UUID) -> CsvExport:
    """The schedule as CSV, noted in the export log; approved -> exported."""
    raise NotImplementedError


def push(work: Work, *, schedule_id: UUID) -> Pushed:
    """Start a job that posts the schedule to the page's webhook."""
    raise NotImplementedError


def compare(work: Work, *, schedule_id: UUID) -> Comparison:
    """Last week beside it."""
    raise NotImplementedError
