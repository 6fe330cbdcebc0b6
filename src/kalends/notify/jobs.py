"""The job that sends what is in the outbox."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import orjson

from kalends.base.jobs import LIGHT, JobRun, job
from kalends.base.outside import inner_allowed
from kalends.base.work import House, Work
from kalends.notify.channels import LaterError, NeverError, compose, mail, post
from kalends.notify.inbox import tell_admins
from kalends.notify.models import Delivery, Webhook
from kalends.notify.outbox import DELIVER
from kalends.notify.webhooks import secret_of, sign

RETRIES: Final = 8
"""With the queue's doubling waits the last try comes after about ten minutes, when somebody should know."""


@job(DELIVER, queue=LIGHT, retries=RETRIES)
def deliver(run: JobRun) -> None:
    """Send one message. A message that is sent or failed is left alone, so running again sends nothing twice."""
    delivery_id = UUID(run.args["delivery"])
    with run.work() as work:
        found = begin(work, delivery_id=delivery_id)
    if found is None:
        return
    delivery, webhook = found
    try:
        send(run.house, delivery, webhook)
    except LaterError as error:
        if run.attempt <= RETRIES:
            with run.work() as work:
                note(work, delivery_id=delivery_id, error=str(error))
            raise
        with run.work() as work:
            fail(work, delivery_id=delivery_id, error=f"given up after {run.attempt} tries: {error}")
    except NeverError as error:
        with run.work() as work:
            fail(work, delivery_id=delivery_id, error=str(error))
    else:
        with run.work() as work:
            finish(work, delivery_id=delivery_id, state="sent", error=None)


def begin(work: Work, *, delivery_id: UUID) -> tuple[Delivery, Webhook | None] | None:
    """Count the try; None if there is nothing to send (any more)."""
    delivery = _pending(work, delivery_id)
    if delivery is None:
        return None
    delivery.attempts += 1
    webhook = work.session.get(Webhook, (delivery.tenant_id, delivery.webhook_id)) if delivery.webhook_id else None
    work.session.flush()
    return delivery, webhook


def send(house: House, delivery: Delivery, webhook: Webhook | None) -> None:
    """Let the message leave. Raises LaterError, NeverError."""
    if webhook is None:
        smtp_url = house.settings.smtp_url
        message = compose(
            delivery_id=delivery.id,
            smtp_url=smtp_url,
            to=delivery.address,
            subject=delivery.subject,
            body=delivery.body,
        )
        mail(smtp_url, message)
        return
    post_signed(house, delivery, webhook)


def post_signed(house: House, delivery: Delivery, webhook: Webhook) -> None:
    """Post the payload with its signature. Raises LaterError, NeverError."""
    body = orjson.dumps({"id": str(delivery.id), **(delivery.payload or {})})
    timestamp = int(house.clock().timestamp())
    headers = {
        "Content-Type": "application/json",
        "X-Kalends-Delivery": str(delivery.id),
        "X-Kalends-Timestamp": str(timestamp),
        "X-Kalends-Signature": sign(secret_of(house, webhook), timestamp=timestamp, body=body),
    }
    post(webhook.url, body=body, headers=headers, local_allowed=inner_allowed(house.settings))


def note(work: Work, *, delivery_id: UUID, error: str) -> None:
    """Keep what went wrong this time."""
    delivery = _pending(work, delivery_id)
    if delivery is not None:
        delivery.error = error


def finish(work: Work, *, delivery_id: UUID, state: str, error: str | None) -> Delivery | None:
    """Write down how it ended; None if it had ended already."""
    delivery = _pending(work, delivery_id)
    if delivery is not None:
        delivery.state, delivery.error, delivery.finished_at = state, error, work.now
        work.session.flush()
    return delivery


def fail(work: Work, *, delivery_id: UUID, error: str) -> None:
    """Give up, and tell those who can mend it."""
    delivery = finish(work, delivery_id=delivery_id, state="failed", error=error)
    if delivery is not None:
        title = f"A message to {delivery.address} could not be delivered"
        tell_admins(work, kind="delivery.failed", title=title, body=error)


def _pending(work: Work, delivery_id: UUID) -> Delivery | None:
    delivery = work.session.get(Delivery, (work.scope.tenant_id, delivery_id), with_for_update=True)
    return delivery if delivery is not None and delivery.state == "pending" else None
