"""API keys: how programs get in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.models import ApiKey
from kalends.identity.permissions import require_rank
from kalends.identity.tokens import new_token

TOUCH_AFTER: Final = timedelta(minutes=1)
"""A key's last use is written down no more often than this."""

LONGEST_DAYS: Final = 3650


class NoSuchKeyError(NotFoundError):
    """There is no such API key here."""

    code = "no_such_key"


class BadKeyError(BadInputError):
    """An API key cannot be made like that."""

    code = "bad_key"


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key just made; `secret` is shown this once and stored nowhere."""

    key: ApiKey
    secret: str = field(repr=False)


def create_key(work: Work, *, label: str, role: str, days: int | None = 365) -> CreatedKey:
    """Make a key in a role not above one's own, that ends after `days` (None: never). Raises BadKeyError."""
    require_rank(work.scope.role, at_least=role)
    check_key(label=label, days=days)
    token = new_token()
    key = ApiKey(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        person_id=work.scope.person_id,
        secret_hash=token.digest,
        label=label.strip(),
        prefix=token.prefix,
        role=role,
        created_at=work.now,
        expires_at=None if days is None else work.now + timedelta(days=days),
        last_used_at=None,
        revoked_at=None,
    )
    work.session.add(key)
    work.session.flush()
    work.audit("key.created", subject_kind="api_key", subject_id=key.id, after=state(key))
    return CreatedKey(key=key, secret=token.text)


def check_key(*, label: str, days: int | None) -> None:
    """Raises BadKeyError, which says what would be right."""
    if not 1 <= len(label.strip()) <= 100:
        raise BadKeyError("Give the key a label of 1 to 100 characters.", field="label")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadKeyError(f"A key lasts from 1 to {LONGEST_DAYS} days, not {days}.", field="days")


def list_keys(work: Work) -> list[ApiKey]:
    """All keys, newest first, revoked ones too."""
    return list(work.session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))


def revoke_key(work: Work, *, key_id: UUID) -> ApiKey:
    """End a key at once, for good. Raises NoSuchKeyError."""
    key = work.session.get(ApiKey, (work.scope.tenant_id, key_id), with_for_update=True)
    if key is None:
        raise NoSuchKeyError
    require_rank(work.scope.role, at_least=key.role)
    if key.revoked_at is None:
        before, key.revoked_at = state(key), work.now
        work.session.flush()
        work.audit("key.revoked", subject_kind="api_key", subject_id=key.id, before=before, after=state(key))
    return key


def touch_key(work: Work, *, key_id: UUID) -> None:
    """Note that the key was used now."""
    work.session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=work.now))


def state(key: ApiKey) -> dict[str, Any]:
    """What the audit trail keeps of a key."""
    return {"label": key.label, "prefix": key.prefix, "role": key.role, "revoked": key.revoked_at is not None}
