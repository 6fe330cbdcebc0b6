"""One after the other: who counts on from the last number, or looks whether a name is free, must be alone with it."""

from __future__ import annotations

from sqlalchemy import text

from kalends.base.work import Work

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


def in_turn(work: Work, what: str) -> None:
    """Wait for the others of this tenant who do `what`; held until the transaction ends."""
    work.session.execute(_LOCK, {"key": f"{work.scope.tenant_id} messages {what}"})
