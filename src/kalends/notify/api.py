"""HTTP: the inbox, webhooks, and what became of messages sent out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.notify import service
from kalends.notify.schemas import (
    AddedWebhookOut,
    DeliveriesOut,
    DeliveryOut,
    EntryOut,
    InboxOut,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)

router = APIRouter(tags=["notify"])


@router.get("/notifications")
def notifications(work: Annotated[Work, permit("me")]) -> InboxOut:
    """My messages."""
    entries = [EntryOut.model_validate(entry) for entry in service.inbox(work)]
    return InboxOut(unread=service.count_unread(work), entries=entries)


@router.post("/notifications/read", status_code=204)
def read_all(work: Annotated[Work, permit("me")]) -> None:
    """I have read everything."""
    service.mark_all_read(work)


@router.post("/notifications/{entry_id}/read")
def read(entry_id: UUID, work: Annotated[Work, permit("me")]) -> EntryOut:
    """I have read this one."""
    return EntryOut.model_validate(service.mark_read(work, entry_id=entry_id))


@router.get("/webhooks")
def webhooks(work: Annotated[Work, permit("settings.manage")]) -> WebhooksOut:
    """Where messages are posted."""
    return WebhooksOut(webhooks=[WebhookOut.model_validate(hook) for hook in service.list_webhooks(work)])


@router.post("/webhooks", status_code=201)
def add_webhook(body: WebhookIn, work: Annotated[Work, permit("settings.manage")]) -> AddedWebhookOut:
    """Post messages to another address, too; the secret that signs them is in this answer and nowhere else."""
    return AddedWebhookOut.of(service.add_webhook(work, url=body.url, label=body.label))


@router.delete("/webhooks/{webhook_id}", status_code=204)
def remove_webhook(webhook_id: UUID, work: Annotated[Work, permit("settings.manage")]) -> None:
    """Post nothing there any more."""
    service.remove_webhook(work, webhook_id=webhook_id)


@router.get("/deliveries")
def deliveries(work: Annotated[Work, permit("settings.manage")]) -> DeliveriesOut:
    """The newest messages out, and what became of them."""
    return DeliveriesOut(deliveries=[DeliveryOut.model_validate(one) for one in service.list_deliveries(work)])
