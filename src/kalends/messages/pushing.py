"""A schedule posted to the page's own address, else to the company's webhooks: signed, and never into our own network.

What goes to the page's address is signed like every webhook (X-Kalends-Signature), under a secret that is the company's
own and does not change: `push_secret`.
"""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

import httpx
import orjson

from kalends.base.errors import UnavailableError
from kalends.base.outside import InnerAddressError, call, inner_allowed
from kalends.base.work import House
from kalends.messages.creator_pages import overrides_of
from kalends.messages.schedules import csv_rows
from kalends.messages.standing import Standing, standing
from kalends.messages.storing import OpenWork, note
from kalends.notify.service import send_webhooks, sign

EVENT: Final = "messages.schedule"
PATIENCE: Final = 15.0
"""Seconds for an answer."""


class PushRefusedError(UnavailableError):
    """The address did not take the schedule."""

    code = "push_refused"


def push_secret(house: House, tenant_id: UUID) -> bytes:
    """What signs schedules that are posted to pages' addresses; in hexadecimal it is the receiver's."""
    return house.keys.derive(tenant_id, "message schedules").hex().encode()


def push_now(open_work: OpenWork, *, schedule_id: UUID) -> None:
    """Post it and note how it went. Raises PushRefusedError."""
    began = time.perf_counter()
    with open_work() as work:
        stands = standing(work, schedule_id=schedule_id)
        address, rows = overrides_of(stands.page).webhook, csv_rows(stands)
        body, house, tenant_id = payload_of(stands, rows), work.house, work.scope.tenant_id
        if address is None:
            words = f"{stands.page.name}: {len(rows)} messages from {stands.schedule.first_day}"
            send_webhooks(work, event=EVENT, text=words, data=body, once_key=f"schedule:{schedule_id}:{work.now}")
            _done(work, stands, began, len(rows))
            return
    error = _post(house, str(address), orjson.dumps({"event": EVENT, "data": body}), push_secret(house, tenant_id))
    with open_work() as work:
        stands = standing(work, schedule_id=schedule_id, for_update=True)
        if error is None:
            _done(work, stands, began, len(rows))
        else:
            note(work, page_id=stands.page.id, way="webhook", seconds=time.perf_counter() - began,
                 schedule_id=schedule_id, error=error)  # fmt: skip
    if error is not None:
        raise PushRefusedError(error)


def payload_of(stands: Standing, rows: list[dict[str, object]]) -> dict[str, Any]:
    """What is posted: the schedule's names and the rows of its CSV."""
    return {
        "schedule_id": str(stands.schedule.id),
        "page_name": stands.page.name,
        "first_day": stands.schedule.first_day.isoformat(),
        "zone": stands.schedule.zone,
        "messages": rows,
    }


def _post(house: House, address: str, body: bytes, secret: bytes) -> str | None:
    """None, or what went wrong in words."""
    at = int(house.clock().timestamp())
    headers = {
        "content-type": "application/json",
        "X-Kalends-Timestamp": str(at),
        "X-Kalends-Signature": sign(secret, timestamp=at, body=body),
    }
    try:
        with (
            httpx.Client(timeout=PATIENCE) as client,
            call(
                client, "POST", address, local_allowed=inner_allowed(house.settings), headers=headers, body=body
            ) as answer,
        ):
            return None if answer.is_success else f"The page's webhook answered {answer.status_code}."
    except InnerAddressError as error:
        return error.message
    except (httpx.HTTPError, OSError) as error:
        return f"The page's webhook could not be reached: {error}."


def _done(work: Any, stands: Standing, began: float, rows: int) -> None:
    if stands.schedule.state == "approved":
        stands.schedule.state = "exported"
    note(work, page_id=stands.page.id, way="webhook", seconds=time.perf_counter() - began,
         schedule_id=stands.schedule.id, rows=rows)  # fmt: skip
    work.session.flush()
