"""Marketing data over HTTP: bring it in, see what came of it, take it back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing import batches, service
from kalends.marketing.api.checking import FILE_TYPES, checked, corrections
from kalends.marketing.bodies import UnpackingRoute, read_body
from kalends.marketing.schemas import (
    Batches,
    BatchOut,
    DayOrder,
    DecimalMark,
    Entries,
    IngestAnswer,
    LocalFile,
    Preview,
    Promise,
    Quarantine,
    Rates,
    SourceName,
    Transformed,
)

router = APIRouter(prefix="/marketing", tags=["marketing"], route_class=UnpackingRoute)

WAIT_SECONDS = 10.0
"""How long a caller who sent rows in the request waits for them to be visible, unless it says otherwise."""
ENVELOPE_BYTES = 64 << 20
"""Rows inside a JSON envelope are read into memory; larger loads are sent as a file."""

Writer = Annotated[Door, door("data.write")]
Reader = Annotated[Work, permit("data.read")]
Follower = Annotated[Door, door("data.read")]
IdempotencyKey = Annotated[str | None, Header(max_length=200, description="The same key again gives the first answer.")]


class EnvelopeTooLargeError(BadInputError):
    """Rows in a JSON envelope may have 64 MB; send more as a file (NDJSON, CSV, Parquet, also gzipped)."""

    status = 413
    code = "envelope_too_large"


@router.post(
    "/ingest",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": Entries.model_json_schema()},
                **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES},
            },
        }
    },
)
def ingest(
    request: Request,
    door: Writer,
    data_source: Annotated[
        SourceName, Query(description="For a file: which platform it is from; else file, or a name of your own.")
    ] = "file",
    file_name: Annotated[str, Query(max_length=300)] = "",
    reported_at: Annotated[datetime | None, Query(description="When the platform said it; else now.")] = None,
    date_range_start: date | None = None,
    date_range_end: date | None = None,
    day_order: Annotated[DayOrder | None, Query(description="What 3/4/2026 means; else as the file shows.")] = None,
    decimal_mark: Annotated[DecimalMark | None, Query(description="In 1,234; else as the file shows.")] = None,
    columns: Annotated[list[str] | None, Query(description="Corrected guesses, each as raw-name=field.")] = None,
    is_complete: Annotated[bool, Query(description="Nothing else exists in the declared days.")] = False,
    expected: Annotated[list[str] | None, Query(description="Promised totals, each as metric=total.")] = None,
    refuse_if_differs: Annotated[bool, Query(description="Load nothing where a total is not as promised.")] = False,
    wait: Annotated[
        float | None, Query(ge=0, le=300, description="Seconds to wait for the data to be visible.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> IngestAnswer:
    """Load rows: JSON with `data_source` and `data_entries`, or a file's bytes as they are.

    The answer comes once the payload is safe on disk; with `wait` it comes when the data is visible or refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        refuse_file_parameters(request)
        envelope, raw = read_envelope(request)
        batch = service.land_rows(door, raw, envelope=envelope, idempotency_key=idempotency_key)
        return service.wait_for(door, batch_id=batch, seconds=WAIT_SECONDS if wait is None else wait)
    told = {
        "date_range_start": date_range_start,
        "date_range_end": date_range_end,
        "day_order": day_order,
        "decimal_mark": decimal_mark,
        "is_complete": is_complete,
        "expected": {metric: total or "?" for metric, _, total in (one.partition("=") for one in expected or [])},
        "refuse_if_differs": refuse_if_differs,
    }
    promise = checked(Promise, told)
    batch = service.land_file(
        door,
        read_body(request),
        data_source=data_source,
        file_name=file_name,
        reported_at=reported_at,
        options={**promise.options(), "columns": corrections(columns or [])},
        idempotency_key=idempotency_key,
    )
    return service.wait_for(door, batch_id=batch, seconds=wait or 0)


@router.post("/ingest/local", status_code=202)
def ingest_local(body: LocalFile, door: Writer) -> IngestAnswer:
    """Load a file from the server's own disk. Only for the owner of this machine's data folder."""
    door.require_local()
    path = Path(body.path)
    with service.open_local(path) as source:
        batch = service.land_file(
            door,
            source,
            data_source=body.data_source,
            file_name=path.name,
            reported_at=batches.file_time(path.stat().st_mtime),
            options={**body.options(), "columns": body.columns},
        )
    return service.wait_for(door, batch_id=batch, seconds=300 if body.wait else 0)


@router.put("/rates", status_code=202)
def put_rates(body: Rates, door: Writer) -> IngestAnswer:
    """Exchange rates by day. An amount in another currency stays unknown on a day without a rate."""
    return service.wait_for(door, batch_id=service.land_rates(door, body), seconds=WAIT_SECONDS)


@router.post("/transform")
def transform(body: Preview, work: Reader) -> Transformed:
    """What an ingest would store, without storing it."""
    return service.transform(work, body, columns=body.columns)


@router.get("/batches")
def list_batches(
    work: Reader,
    data_source: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Batches:
    """Batches, newest first."""
    return service.list_batches(work, data_source=data_source, limit=limit, offset=offset)


@router.get("/batches/{batch_id}")
def get_batch(
    batch_id: UUID,
    door: Follower,
    wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait until it is published or failed.")] = 0,
) -> BatchOut:
    """One batch, with how far it is while it runs."""
    service.await_done(door, batch_id=batch_id, seconds=wait)
    with door.work() as work:
        return service.describe(work, batch_id=batch_id)


@router.get("/batches/{batch_id}/quarantine")
def get_quarantine(
    batch_id: UUID,
    work: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Quarantine:
    """The batch's rows that were not loaded, and why."""
    return service.quarantine(work, batch_id=batch_id, limit=limit, offset=offset)


@router.get(
    "/batches/{batch_id}/quarantine.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}}
)
def download_quarantine(batch_id: UUID, work: Reader) -> Response:
    """The same as a file, to mend and load again."""
    return Response(
        service.quarantine_csv(work, batch_id=batch_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="quarantine-{batch_id}.csv"'},
    )


@router.post("/batches/{batch_id}/take-back", status_code=202)
def take_back(batch_id: UUID, work: Annotated[Work, permit("data.write")]) -> BatchOut:
    """Retract the batch: afterwards all is as if it had never come. History is kept."""
    return BatchOut.of(service.take_back(work, batch_id=batch_id))


def refuse_file_parameters(request: Request) -> None:
    """JSON says these things in its body; in the address nobody would read them."""
    unread = sorted(set(request.query_params) - {"wait"})
    if unread:
        raise BadInputError(
            f"{', '.join(unread)}: in the address these are for a file; JSON says them in its body.", unread=unread
        )


def read_envelope(request: Request) -> tuple[Entries, bytes]:
    """The JSON envelope and its bytes as they came."""
    raw = read_body(request).read(ENVELOPE_BYTES + 1)
    if len(raw) > ENVELOPE_BYTES:
        raise EnvelopeTooLargeError
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"The body is not JSON: {error}") from None
    return checked(Entries, found), raw
