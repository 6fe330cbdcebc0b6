"""Counting tries to sign in, so that guessing is slow: by e-mail, and by the address that the tries come from.

A try is counted before the password is looked at, under a row lock, so a hundred tries at once are still a hundred.
E-mails that nobody has are counted alike: a lock says nothing about who exists.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from kalends.base.chores import chore
from kalends.base.errors import KalendsError
from kalends.base.work import House

FREE_BY_EMAIL: Final = 5
"""People mistype; five tries cost nothing."""
FREE_BY_ADDRESS: Final = 50
"""A whole office may sit behind one address."""
FIRST_LOCK, LONGEST_LOCK = timedelta(seconds=30), timedelta(minutes=15)
"""The longest lock leaves a guesser about 100 tries a day, and a locked-out person a coffee break."""
FORGOTTEN_AFTER: Final = timedelta(days=1)


class TooManyAttemptsError(KalendsError):
    """There were too many tries to sign in; wait a little and try again."""

    status = 429
    code = "too_many_attempts"


def lock_after(failures: int, *, free: int) -> timedelta | None:
    """How long the next try must wait after `failures`: nothing while they are free, then doubling."""
    if failures < free:
        return None
    # More doublings than 10 would only overflow: the longest lock is reached after five.
    doublings = min(failures - free, 10)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def count_attempt(session: Session, *, subject: str, free: int, now: datetime) -> None:
    """Count one try as failed, until `forgive` says otherwise. Raises TooManyAttemptsError while it must wait."""
    key = {"subject": _digest(subject)}
    session.execute(
        text("INSERT INTO sign_in_attempts (subject, last_at) VALUES (:subject, :now) ON CONFLICT DO NOTHING"),
        {**key, "now": now},
    )
    row = session.execute(
        text("SELECT failures, last_at, locked_until FROM sign_in_attempts WHERE subject = :subject FOR UPDATE"), key
    ).one()
    if row.locked_until is not None and row.locked_until > now:
        seconds = math.ceil((row.locked_until - now).total_seconds())
        raise TooManyAttemptsError(
            f"There were too many tries to sign in; try again in {seconds} seconds.", retry_after=seconds
        )
    failures = 1 if row.last_at < now - FORGOTTEN_AFTER else row.failures + 1
    wait = lock_after(failures, free=free)
    session.execute(
        text(
            "UPDATE sign_in_attempts SET failures = :failures, last_at = :now, locked_until = :until"
            " WHERE subject = :subject"
        ),
        {**key, "failures": failures, "now": now, "until": None if wait is None else now + wait},
    )


def forgive(session: Session, *, subject: str) -> None:
    """The try was no failure after all."""
    session.execute(
        text(
            "UPDATE sign_in_attempts SET failures = greatest(failures - 1, 0), locked_until = NULL"
            " WHERE subject = :subject"
        ),
        {"subject": _digest(subject)},
    )


def forget(session: Session, *, subject: str) -> None:
    """Start again from nothing."""
    session.execute(text("DELETE FROM sign_in_attempts WHERE subject = :subject"), {"subject": _digest(subject)})


def forget_old(session: Session, *, now: datetime) -> None:
    """Remove what no longer counts."""
    session.execute(text("DELETE FROM sign_in_attempts WHERE last_at < :old"), {"old": now - FORGOTTEN_AFTER})


@chore
def forget_old_attempts(house: House) -> None:
    """Remove it now and then: anybody can add to it without being signed in."""
    with house.database.lookup() as session:
        forget_old(session, now=house.clock())


def _digest(subject: str) -> bytes:
    return hashlib.sha256(subject.encode()).digest()
