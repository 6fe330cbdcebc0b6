"""For how many days a connection asks again each time. So long, its days are provisional at least."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import func, select

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.marketing.connectors.models import Connection
from kalends.marketing.settling import LONGEST
from kalends.marketing.stewardship import settled

Reread = int | Literal["platform"]
"""Days, or as the platform restates them."""
RIGHT: Final = f"Days asked for again: give a whole number from 0 to {LONGEST}, or none for the platform’s own."


class BadRereadError(BadInputError):
    """A connection cannot ask again for so many days."""

    code = "bad_connection"


def read(text: object) -> Reread | None:
    """What a field of a form says; None where the form has no such field. Raises BadRereadError."""
    if not isinstance(text, str):
        return None
    if text.strip() and not text.strip().isdecimal():
        raise BadRereadError(RIGHT, field="reread")
    return int(text) if text.strip() else "platform"


def check(wanted: Reread | None) -> None:
    """Raises BadRereadError for what cannot be asked for again."""
    if isinstance(wanted, int) and not 0 <= wanted <= LONGEST:
        raise BadRereadError(RIGHT, field="reread")


def change(work: Work, connection: Connection, wanted: Reread | None) -> None:
    """Let it ask again for so many days; None leaves it as it is."""
    if wanted is not None:
        connection.reread = None if wanted == "platform" else wanted
        note(work)


def note(work: Work) -> None:
    """Let what connections ask for again be provisional; those that are removed ask no more."""
    own = select(Connection.data_source, func.max(Connection.reread)).where(
        Connection.removed_at.is_(None), Connection.reread.is_not(None)
    )
    work.session.flush()
    rows = work.session.execute(own.group_by(Connection.data_source)).tuples()
    settled.note_windows(work, windows={source: days for source, days in rows if days is not None})
