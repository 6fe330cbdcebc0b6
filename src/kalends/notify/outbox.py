"""The outbox: a message to the world is a row in the caller's transaction, and a job that leaves with it.

What is rolled back was never said. What is committed is sent; if the answer to a sending is lost, it is sent again
under the same id (Message-ID, X-Kalends-Delivery), by which the receiver can tell that it is the same.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import clean_email
from kalends.notify.models import Delivery
from kalends.notify.webhooks import list_webhooks

DELIVER: Final = "notify.deliver"


def send_email(work: Work, *, to: str, subject: str, body: str, once_key: str | None = None) -> UUID:
    """Send a plain-text e-mail when this transaction commits; gives the delivery's id.

    `once_key`: the same key again sends nothing and gives the first delivery's id. Raises BadEmailError.
    """
    return _put(
        work, channel="email", address=clean_email(to), subject=_one_line(subject), body=body, once_key=once_key
    )


def send_webhooks(
    work: Work, *, event: str, text: str, data: dict[str, Any], once_key: str | None = None
) -> list[UUID]:
    """Post `data` (JSON-able) to each of the tenant's webhooks when this transaction commits.

    `text` says it in a sentence, where chat programs look for it.
    """
    payload = {"event": event, "text": text, "data": data, "at": work.now.isoformat()}
    return [
        _put(
            work,
            channel="webhook",
            address=hook.url,
            webhook_id=hook.id,
            subject=event,
            payload=payload,
            once_key=f"{once_key}:{hook.id}" if once_key else None,
        )
        for hook in list_webhooks(work)
    ]


def list_deliveries(work: Work, *, limit: int = 100) -> list[Delivery]:
    """The newest messages out, with what became of them."""
    return list(work.session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(limit)))


def _put(
    work: Work,
    *,
    channel: str,
    address: str,
    subject: str,
    body: str = "",
    payload: dict[str, Any] | None = None,
    webhook_id: UUID | None = None,
    once_key: str | None = None,
) -> UUID:
    made: UUID | None = work.session.scalar(
        insert(Delivery)
        .values(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            channel=channel,
            address=address,
            webhook_id=webhook_id,
            subject=subject,
            body=body,
            payload=payload,
            once_key=once_key,
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "once_key"])
        .returning(Delivery.id)
    )
    if made is None:
        return work.session.scalars(select(Delivery.id).where(Delivery.once_key == once_key)).one()
    work.defer(DELIVER, subject_id=made, delivery=str(made))
    return made


def _one_line(text: str) -> str:
    # A line break in a header would begin another header.
    return " ".join(text.split())
