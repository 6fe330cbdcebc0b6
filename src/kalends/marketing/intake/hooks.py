"""Webhooks that bring data: an address of ours to which a program posts rows, signed with a secret that both know.

Two ways of signing are understood. Ours, as we sign what we post ourselves: `X-Kalends-Signature: v1=` HMAC-SHA256
(RFC 2104), in hexadecimal, of "timestamp.body", with `X-Kalends-Timestamp`. And Standard Webhooks 1.0: `webhook-id`,
`webhook-timestamp`, and `webhook-signature: v1,` HMAC-SHA256 in Base64 of "id.timestamp.body". The body is signed as it
is sent. A timestamp may be five minutes off, and the same signature again is the same delivery.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy import delete, select, text

from kalends.base.errors import BadInputError, KalendsError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.marketing import batches
from kalends.marketing.bodies import unpack
from kalends.marketing.mapping import canonical_source
from kalends.marketing.models import Batch, Hook, HookDelivery
from kalends.marketing.schemas import Entries
from kalends.notify.service import sign

PURPOSE: Final = "data-hooks"
MOST_BYTES: Final = 32 << 20
"""A delivery lies in memory until its signature is proven."""
WINDOW: Final = timedelta(minutes=5)
"""As Standard Webhooks recommends: clocks differ, and networks are slow."""
KEPT: Final = 50
FIND_HOOK = text("SELECT find_hook(:id)")


class NoSuchHookError(NotFoundError):
    """There is no such hook here."""

    code = "no_such_hook"


class BadHookError(BadInputError):
    """A hook cannot be made like that."""

    code = "bad_hook"


class UnsignedError(KalendsError):
    """The delivery is not signed with this hook's secret."""

    status = 401
    code = "not_signed"


class StaleError(KalendsError):
    """The delivery's time is more than five minutes from ours; sign it when it is sent."""

    status = 401
    code = "stale"


class PausedError(KalendsError):
    """This hook is paused; send it again later."""

    status = 503
    code = "hook_paused"


@dataclass(frozen=True, slots=True)
class AddedHook:
    """A hook just made or rotated; `secret` is shown this once."""

    hook: Hook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a delivery says of itself: when it was signed, over what, and the signatures, in hexadecimal."""

    at: int
    signed: bytes
    signatures: tuple[str, ...]
    id: str


def add_hook(work: Work, *, label: str, data_source: str, options: dict[str, Any] | None = None) -> AddedHook:
    """Make an address. Raises BadHookError."""
    if not 1 <= len(label.strip()) <= 100:
        raise BadHookError("Give the hook a name of 1 to 100 characters: who posts to it.", field="label")
    hook_id, secret = new_id(), new_secret()
    hook = Hook(
        tenant_id=work.scope.tenant_id,
        id=hook_id,
        label=label.strip(),
        data_source=canonical_source(data_source),
        options=options or {},
        sealed_secret=_seal(work, hook_id, secret),
        person_id=work.scope.person_id,
        created_at=work.now,
    )
    work.session.add(hook)
    work.session.flush()
    work.audit("hook.add", subject_kind="hook", subject_id=hook_id, after={"label": hook.label})
    return AddedHook(hook, secret)


def new_secret() -> str:
    """256 random bits, written as Standard Webhooks does."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _seal(work: Work, hook_id: UUID, secret: str) -> bytes:
    return work.house.keys.seal(work.scope.tenant_id, PURPOSE, secret.encode(), hook_id.bytes)


def list_hooks(work: Work) -> list[Hook]:
    """The tenant's hooks, oldest first."""
    return list(work.session.scalars(select(Hook).order_by(Hook.id)))


def get_hook(work: Work, *, hook_id: UUID) -> Hook:
    """The hook. Raises NoSuchHookError."""
    hook = work.session.get(Hook, (work.scope.tenant_id, hook_id))
    if hook is None:
        raise NoSuchHookError
    return hook


def rotate(work: Work, *, hook_id: UUID) -> AddedHook:
    """Give the hook another secret; the one before opens nothing from now on."""
    hook, secret = get_hook(work, hook_id=hook_id), new_secret()
    hook.sealed_secret, hook.rotated_at = _seal(work, hook_id, secret), work.now
    work.audit("hook.rotate", subject_kind="hook", subject_id=hook_id)
    return AddedHook(hook, secret)


def pause(work: Work, *, hook_id: UUID, is_paused: bool) -> Hook:
    """Take nothing for now, or take again."""
    hook = get_hook(work, hook_id=hook_id)
    hook.paused_at = (hook.paused_at or work.now) if is_paused else None
    work.audit("hook.pause" if is_paused else "hook.resume", subject_kind="hook", subject_id=hook_id)
    return hook


def remove(work: Work, *, hook_id: UUID) -> None:
    """End the hook. What it brought stays."""
    hook = get_hook(work, hook_id=hook_id)
    work.audit("hook.remove", subject_kind="hook", subject_id=hook_id, before={"label": hook.label})
    work.session.delete(hook)
    work.session.flush()


def deliveries(work: Work, *, hook_id: UUID, limit: int = KEPT) -> list[HookDelivery]:
    """The last deliveries, newest first."""
    query = select(HookDelivery).where(HookDelivery.hook_id == hook_id).order_by(HookDelivery.id.desc())
    return list(work.session.scalars(query.limit(limit)))


def deliver(
    house: House, *, hook_id: UUID, headers: Mapping[str, str], body: bytes, is_packed: bool = False
) -> HookDelivery:
    """Take a delivery whose signature proves who sends it; what is refused is noted, with the reason, and raised.

    An unknown hook is answered like a wrong signature: nobody learns which addresses there are.
    """
    with house.database.lookup() as session:
        tenant_id = session.execute(FIND_HOOK, {"id": hook_id}).scalar()
    if tenant_id is None:
        raise UnsignedError
    scope = Scope(tenant_id=tenant_id, role="worker", label="webhook")
    try:
        with house.work(scope) as work:
            hook = get_hook(work, hook_id=hook_id)
            said = check(house, hook, headers=headers, body=body, now=work.now)
            batch = _land(work, hook, unpack(body) if is_packed else body, key=f"hook:{hook_id}:{said.id}")
            return _note(work, hook, size=len(body), batch_id=batch.id)
    except KalendsError as error:
        with house.work(scope) as work:
            _note(work, get_hook(work, hook_id=hook_id), size=len(body), error=error)
        raise


def check(house: House, hook: Hook, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Signed:
    """Who sent it and when. Raises UnsignedError, StaleError, PausedError."""
    said = read_signature(headers, body)
    secret = house.keys.open_sealed(hook.tenant_id, PURPOSE, hook.sealed_secret, hook.id.bytes)
    right = hmac.new(key_of(secret.decode()), said.signed, hashlib.sha256).hexdigest()
    # Each is compared in constant time; a sender who rotates signs with two secrets.
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in said.signatures):
        raise UnsignedError
    if abs(now.timestamp() - said.at) > WINDOW.total_seconds():
        raise StaleError(sent_at=said.at, now=int(now.timestamp()))
    if hook.paused_at is not None:
        raise PausedError
    return said


def key_of(secret: str) -> bytes:
    """The bytes that sign: Standard Webhooks writes them in Base64 behind a prefix."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def read_signature(headers: Mapping[str, str], body: bytes) -> Signed:
    """What the headers say. Raises UnsignedError where they say nothing that can be checked."""
    if ours := headers.get("x-kalends-signature"):
        at = _seconds(headers.get("x-kalends-timestamp"))
        signatures = tuple(one.strip().removeprefix("v1=") for one in ours.split(",")[:4])
        return Signed(at, f"{at}.".encode() + body, signatures, id=hashlib.sha256(ours.encode()).hexdigest()[:32])
    if standard := headers.get("webhook-signature"):
        at, name = _seconds(headers.get("webhook-timestamp")), headers.get("webhook-id", "")
        signatures = tuple(_hexadecimal(one) for one in standard.split(" ")[:4] if one.startswith("v1,"))
        signed = f"{name}.{at}.".encode() + body
        return Signed(at, signed, signatures, id=hashlib.sha256(name.encode()).hexdigest()[:32])
    raise UnsignedError("The delivery has no signature: X-Kalends-Signature, or webhook-signature, is missing.")


def _seconds(said: str | None) -> int:
    if said is None or not said.isascii() or not said.isdigit() or len(said) > 12:
        raise UnsignedError("The delivery does not say when it was signed, in Unix seconds.")
    return int(said)


def _hexadecimal(said: str) -> str:
    try:
        return base64.b64decode(said.removeprefix("v1,"), validate=True).hex()
    except ValueError:
        return ""


def signature_headers(secret: str, *, timestamp: int, body: bytes) -> dict[str, str]:
    """What a sender puts beside `body`."""
    signature = sign(key_of(secret), timestamp=timestamp, body=body)
    return {"X-Kalends-Timestamp": str(timestamp), "X-Kalends-Signature": signature}


def _land(work: Work, hook: Hook, body: bytes, *, key: str) -> Batch:
    """Rows in an envelope that says how to read them, or any file."""
    return batches.land(
        work,
        io.BytesIO(body),
        data_source=hook.data_source,
        file_name=f"{hook.label}, {work.now:%Y-%m-%d %H:%M}",
        options=hook.options | _told_in(body),
        idempotency_key=key,
    )


def _told_in(body: bytes) -> dict[str, Any]:
    """What the envelope of the ingest API says of its rows."""
    if body.lstrip()[:1] != b"{" or b'"data_entries"' not in body:
        return {}
    try:
        return Entries.model_validate(orjson.loads(body)).options()
    except (orjson.JSONDecodeError, ValidationError):
        return {}


def _note(
    work: Work, hook: Hook, *, size: int, batch_id: UUID | None = None, error: KalendsError | None = None
) -> HookDelivery:
    """Keep what became of a delivery, and forget the oldest."""
    made = HookDelivery(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        hook_id=hook.id,
        at=work.now,
        is_accepted=error is None,
        code=error.code if error else "accepted",
        message=error.message if error else "",
        size=size,
        batch_id=batch_id,
    )
    work.session.add(made)
    work.session.flush()
    kept = select(HookDelivery.id).where(HookDelivery.hook_id == hook.id).order_by(HookDelivery.id.desc()).limit(KEPT)
    work.session.execute(delete(HookDelivery).where(HookDelivery.hook_id == hook.id, HookDelivery.id.not_in(kept)))
    return made
