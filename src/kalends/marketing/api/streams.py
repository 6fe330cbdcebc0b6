"""One long stream of rows over HTTP, acknowledged chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from kalends.base.errors import KalendsError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing.api.checking import FILE_TYPES, checked, corrections
from kalends.marketing.bodies import is_packed, pieces_of
from kalends.marketing.intake import streams
from kalends.marketing.mapping import canonical_source
from kalends.marketing.schemas import DayOrder, DecimalMark, Reading, SourceName

router = APIRouter(prefix="/marketing/ingest", tags=["marketing"])

MEDIA_TYPE = "application/x-ndjson"


class Receipts(StreamingResponse):
    """An answer that is written while the request is still being read: nobody else may listen for its messages."""

    media_type = MEDIA_TYPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send every line as soon as it is there."""
        del scope, receive
        await self.stream_response(send)


@router.post(
    "/stream",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "A receipt a line."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES},
        }
    },
)
def ingest_stream(
    request: Request,
    door: Annotated[Door, door("data.write")],
    data_source: SourceName = "file",
    file_name: Annotated[str, Query(max_length=300)] = "",
    reported_at: Annotated[datetime | None, Query(description="When the platform said it; else now.")] = None,
    date_range_start: date | None = None,
    date_range_end: date | None = None,
    day_order: DayOrder | None = None,
    decimal_mark: DecimalMark | None = None,
    columns: Annotated[list[str] | None, Query(description="Corrected guesses, each as raw-name=field.")] = None,
    chunk_bytes: Annotated[int, Query(ge=1 << 10, le=64 << 20, description="About how much one receipt is for.")] = (
        streams.CHUNK_BYTES
    ),
    offset: Annotated[
        int, Query(ge=0, le=1 << 50, description="When resuming: how many acknowledged bytes are left out.")
    ] = 0,
    idempotency_key: Annotated[
        str | None, Header(max_length=150, description="Names the stream: the same key takes a cut one up again.")
    ] = None,
) -> Response:
    """Load a payload of any length. The answer is NDJSON, written while the body is still coming: what is acknowledged
    under this key already, then `{"chunk": 1, "bytes": ..., "rows": ...}` once chunk 1 is safe on disk and committed,
    and at the end `{"done": true, "batch": ...}`. A fault ends it with `{"error": {...}}`; what was acknowledged stays.
    """
    told = {
        "date_range_start": date_range_start,
        "date_range_end": date_range_end,
        "day_order": day_order,
        "decimal_mark": decimal_mark,
    }
    reading = checked(Reading, told)
    is_packed(request)
    with door.work() as work:
        opened = streams.open_stream(
            work,
            key=idempotency_key or str(new_id()),
            data_source=canonical_source(data_source),
            file_name=file_name,
            options={**reading.options(), "columns": corrections(columns or [])},
            reported_at=reported_at,
        )
    pieces = pieces_of(request, idle=streams.IDLE_SECONDS)
    receipts = streams.receive(door, opened, pieces, chunk_bytes=chunk_bytes, offset=offset)
    # Named as not packed, so that no middleware gathers receipts to pack them.
    return Receipts(_lines(receipts), headers={"content-encoding": "identity", "cache-control": "no-store"})


def _lines(receipts: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    try:
        for receipt in receipts:
            yield orjson.dumps(receipt) + b"\n"
    except KalendsError as error:
        yield orjson.dumps({"error": error.problem()}) + b"\n"
    except ClientDisconnect:
        return  # nobody is there to be told; the stream waits for whoever takes it up


@router.get("/stream")
def get_stream(
    work: Annotated[Work, permit("data.write")], key: Annotated[str, Query(min_length=1, max_length=150)]
) -> dict[str, Any]:
    """What is acknowledged under an idempotency key: where to go on with `offset`, or which batch it became."""
    return streams.find_stream(work, key=key).state()
