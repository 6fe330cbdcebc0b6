"""What notify does: the only file that other rooms import."""

from kalends.notify.inbox import (
    NoSuchEntryError,
    count_unread,
    inbox,
    mark_all_read,
    mark_read,
    tell_admins,
    tell_person,
)

# Whoever wishes a message must find the job that sends it declared.
from kalends.notify.jobs import deliver
from kalends.notify.models import Delivery, InboxEntry, Webhook
from kalends.notify.outbox import list_deliveries, send_email, send_webhooks
from kalends.notify.webhooks import (
    BadWebhookError,
    NoSuchWebhookError,
    add_webhook,
    list_webhooks,
    remove_webhook,
    sign,
)

__all__ = [
    "BadWebhookError",
    "Delivery",
    "InboxEntry",
    "NoSuchEntryError",
    "NoSuchWebhookError",
    "Webhook",
    "add_webhook",
    "count_unread",
    "deliver",
    "inbox",
    "list_deliveries",
    "list_webhooks",
    "mark_all_read",
    "mark_read",
    "remove_webhook",
    "send_email",
    "send_webhooks",
    "sign",
    "tell_admins",
    "tell_person",
]
