"""A shop's orders over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Query

from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing import service
from kalends.marketing.reconciliation.schemas import OrderDays, Orders
from kalends.marketing.schemas import IngestAnswer

router = APIRouter(prefix="/marketing/orders", tags=["marketing"])

WAIT_SECONDS = 10.0


@router.post("", status_code=202)
def post_orders(
    body: Orders,
    door: Annotated[Door, door("data.write")],
    wait: Annotated[
        float, Query(ge=0, le=300, description="Seconds to wait for the orders to be visible.")
    ] = WAIT_SECONDS,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again gives the first answer.")
    ] = None,
) -> IngestAnswer:
    """Load orders. One that was loaded before is restated; a bad one is set aside with the reason."""
    batch = service.land_orders(door, body, idempotency_key=idempotency_key)
    return service.wait_for(door, batch_id=batch, seconds=wait)


@router.get("/days")
def list_days(
    work: Annotated[Work, permit("data.read")],
    first: Annotated[date, Query(description="First day.")],
    last: Annotated[date, Query(description="Last day, included.")],
) -> OrderDays:
    """Orders, customers and amounts by day, market, channel and currency, on the shop's own days."""
    days = service.order_days(work, first=first, last=last)
    amounts = ("gross", "net", "refunds")
    told = [{**day, **{name: None if day[name] is None else str(day[name]) for name in amounts}} for day in days]
    return OrderDays.model_validate({"days": told})
