"""Exchange rates over HTTP: the files of rates, what is known, and what is missing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.marketing import ratefiles, service
from kalends.marketing.api.checking import FILE_TYPES
from kalends.marketing.bodies import UnpackingRoute, read_body
from kalends.marketing.schemas import IngestAnswer, Rates

router = APIRouter(prefix="/marketing", tags=["marketing"], route_class=UnpackingRoute)

MOST_BYTES = 32 << 20
LOOK_BACK = timedelta(days=30)


class KnownRate(BaseModel):
    """`rate` units of `quote` for one of `base` on `date`, who says so, and the batch that brought it."""

    date: date
    base: str
    quote: str
    rate: Decimal
    source: str
    batch_seq: int


class GapOut(BaseModel):
    """Days with amounts that cannot be turned into the workspace's currency."""

    currency: str
    first: date
    last: date
    days: int


class KnownRates(BaseModel):
    """Rates of a period, and the gaps: amounts without a rate are null and counted, never taken one to one."""

    into: str = Field(description="The workspace's own currency.")
    rates: list[KnownRate]
    gaps: list[GapOut]


@router.get("/rates")
def get_rates(
    work: Annotated[Work, permit("data.read")],
    base: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    quote: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    date_range_start: date | None = None,
    date_range_end: date | None = None,
) -> KnownRates:
    """Which rates are known, by whom and for which day, at most 5,000 of them; and the days on which one is missing."""
    last = date_range_end or work.now.date()
    first = date_range_start or max(last, date.min + LOOK_BACK) - LOOK_BACK
    into = workspace(work).currency
    found = ratefiles.list_rates(work, base=base, quote=quote, first=first, last=last)
    return KnownRates(
        into=into,
        rates=[KnownRate(**row) for row in found],
        gaps=[
            GapOut(currency=gap.currency, first=gap.first, last=gap.last, days=gap.days)
            for gap in ratefiles.gaps(work, into=into)
        ],
    )


@router.post(
    "/rates/file",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES},
        }
    },
)
def load_rate_file(
    request: Request,
    door: Annotated[Door, door("data.write")],
    carry_days: Annotated[
        int, Query(ge=0, le=ratefiles.MOST_CARRIED, description="For how many days without a rate the last one holds.")
    ] = 0,
) -> IngestAnswer:
    """Load the ECB's history of reference rates (CSV, also in its zip), or a CSV with date, base, quote and rate."""
    content = read_body(request).read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ratefiles.BadRateFileError("The file is larger than 32 MB.")
    return service.wait_for(door, batch_id=load_content(door, content, carry_days=carry_days), seconds=0)


def load_content(door: Door, content: bytes, *, carry_days: int) -> UUID:
    """Land the rates of a file."""
    with door.work() as work:
        into = workspace(work).currency
    found = ratefiles.read_rates(content, into=into, carry_days=carry_days)
    return service.land_rates(door, Rates.model_construct(rates=found))
