"""Identifiers: UUIDv7 (RFC 9562), so that they sort by the time they were made."""

from __future__ import annotations

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A fresh UUIDv7. Made in Python, so that every PostgreSQL from 16 on serves."""
    return uuid.UUID(int=uuid_utils.uuid7().int)
