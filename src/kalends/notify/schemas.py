"""What goes in and out over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kalends.notify.webhooks import AddedWebhook


class Out(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class EntryOut(Out):
    """One message in the caller's inbox."""

    id: UUID
    kind: str
    title: str
    body: str
    href: str
    created_at: datetime
    read_at: datetime | None


class InboxOut(BaseModel):
    """The caller's messages, unread first, newest first."""

    unread: int
    entries: list[EntryOut]


class WebhookIn(BaseModel):
    """Where to post, and what it is for."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=2000)]
    label: Annotated[str, Field(max_length=254)]


class WebhookOut(Out):
    """A webhook, without its secret."""

    id: UUID
    label: str
    url: str
    created_at: datetime


class WebhooksOut(BaseModel):
    """All webhooks."""

    webhooks: list[WebhookOut]


class AddedWebhookOut(WebhookOut):
    """A webhook just made; `secret` is shown this once."""

    secret: str

    @classmethod
    def of(cls, added: AddedWebhook) -> Self:
        """From what the service made."""
        return cls(**WebhookOut.model_validate(added.webhook).model_dump(), secret=added.secret)


class DeliveryOut(Out):
    """A message out, and what became of it."""

    id: UUID
    channel: str
    address: str
    subject: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class DeliveriesOut(BaseModel):
    """The newest messages out."""

    deliveries: list[DeliveryOut]
