"""What is pending made into events soon, and entries that did not change held against the others again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, update

from kalends.base.work import Work
from kalends.calendar.models import StoredEntry

CONSOLIDATE: Final = "calendar.consolidate"


def consolidate_soon(work: Work, *, calendar_id: UUID) -> None:
    """Have what is pending made into events after the commit."""
    work.defer(CONSOLIDATE, subject_id=calendar_id, lock=f"calendar:{calendar_id}", calendar_id=str(calendar_id))


def weigh_anew(work: Work, *, calendar_id: UUID, which: ColumnElement[bool] | None = None) -> None:
    """Have all that the calendar's entries say held against each other again; `which`: only some of them."""
    mine = StoredEntry.calendar_id == calendar_id
    work.session.execute(update(StoredEntry).where(mine if which is None else mine & which).values(is_pending=True))
    consolidate_soon(work, calendar_id=calendar_id)
