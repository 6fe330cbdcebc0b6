"""Webhooks: addresses of the tenant's own programs, each with a secret by which they know that it is us.

The signature is `X-Kalends-Signature: v1=` HMAC-SHA256 (RFC 2104), in hexadecimal, of "timestamp.body" under the
webhook's secret, with the Unix time of `X-Kalends-Timestamp`: a receiver refuses old timestamps, so nothing can be
replayed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import House, Work
from kalends.notify.models import Webhook

PURPOSE: Final = "webhooks"


class NoSuchWebhookError(NotFoundError):
    """There is no such webhook here."""

    code = "no_such_webhook"


class BadWebhookError(BadInputError):
    """A webhook cannot be made like that."""

    code = "bad_webhook"


@dataclass(frozen=True, slots=True)
class AddedWebhook:
    """A webhook just made; `secret` is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


def add_webhook(work: Work, *, url: str, label: str) -> AddedWebhook:
    """Let messages be posted to `url` (http or https). Raises BadWebhookError."""
    check_url(url)
    if not 1 <= len(label.strip()) <= 100:
        raise BadWebhookError("Give the webhook a label of 1 to 100 characters.", field="label")
    webhook_id, secret = new_id(), secrets.token_urlsafe(32)
    webhook = Webhook(
        tenant_id=work.scope.tenant_id,
        id=webhook_id,
        label=label.strip(),
        url=url,
        sealed_secret=work.house.keys.seal(work.scope.tenant_id, PURPOSE, secret.encode(), webhook_id.bytes),
        created_at=work.now,
    )
    work.session.add(webhook)
    work.session.flush()
    work.audit("webhook.added", subject_kind="webhook", subject_id=webhook_id, after={"label": label, "url": url})
    return AddedWebhook(webhook=webhook, secret=secret)


def list_webhooks(work: Work) -> list[Webhook]:
    """The tenant's webhooks, oldest first."""
    return list(work.session.scalars(select(Webhook).order_by(Webhook.id)))


def remove_webhook(work: Work, *, webhook_id: UUID) -> None:
    """Post nothing there any more; what was on its way is dropped. Raises NoSuchWebhookError."""
    webhook = work.session.get(Webhook, (work.scope.tenant_id, webhook_id))
    if webhook is None:
        raise NoSuchWebhookError
    before = {"label": webhook.label, "url": webhook.url}
    work.session.delete(webhook)
    work.session.flush()
    work.audit("webhook.removed", subject_kind="webhook", subject_id=webhook_id, before=before)


def secret_of(house: House, webhook: Webhook) -> bytes:
    """The secret that signs what is posted to `webhook`."""
    return house.keys.open_sealed(webhook.tenant_id, PURPOSE, webhook.sealed_secret, webhook.id.bytes)


def sign(secret: bytes, *, timestamp: int, body: bytes) -> str:
    """The value of X-Kalends-Signature."""
    return "v1=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check_url(url: str) -> None:
    """Raises BadWebhookError unless it is a plain http(s) address without a password in it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadWebhookError("Give an address such as https://hooks.company.com/kalends.", field="url")
