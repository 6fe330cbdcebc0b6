"""History, captions and pages in, over HTTP: the file as the body, an answer at once, the reading in the background."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing.bodies import read_body
from kalends.messages.intake import imports
from kalends.messages.intake.fields import ImportKind
from kalends.messages.intake.imports import ImportOptions
from kalends.messages.intake.schemas import ImportOut, Imports, ProblemOut, Problems
from kalends.messages.page_schemas import known_zone

router = APIRouter(prefix="/messages/imports", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
POLL_SECONDS = 0.1


class Again(BaseModel):
    """What was wrong in the first reading."""

    model_config = ConfigDict(extra="forbid")

    page_id: UUID | None = None
    options: ImportOptions = ImportOptions()


@router.get("")
def list_imports(
    work: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Imports:
    """Your imports, newest first; everybody's for administrators."""
    total, found = imports.list_imports(work, limit=limit, offset=offset)
    return Imports(total=total, imports=[ImportOut.of(one) for one in found])


@router.post("", status_code=202)
def post_import(
    request: Request,
    door: Annotated[Door, door("messages.write")],
    kind: ImportKind,
    file_name: Annotated[str, Query(max_length=300)] = "",
    page_id: Annotated[UUID | None, Query(description="The page of rows that name none.")] = None,
    columns: Annotated[
        list[str] | None, Query(max_length=200, description="Corrected guesses, as column=field; column= is not used.")
    ] = None,
    zone: Annotated[str | None, Query(max_length=60, description="IANA, of times without an offset.")] = None,
    decimal_mark: Annotated[str | None, Query(pattern="^[.,]$")] = None,
    day_order: Annotated[str | None, Query(pattern="^(day_first|month_first)$")] = None,
    wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait until it is read.")] = 0,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again gives the first answer.")
    ] = None,
) -> ImportOut:
    """Load a file: CSV, Excel, JSON, NDJSON or Parquet, plain, gzipped or zipped. The same again writes nothing."""
    options = ImportOptions(
        columns={name: field or None for name, _, field in (one.rpartition("=") for one in columns or [])},
        zone=_zone(zone),
        decimal_mark=decimal_mark,
        day_order=day_order,
    )
    made = imports.land(door, read_body(request), kind=kind, file_name=file_name, page_id=page_id, options=options,
                        idempotency_key=idempotency_key)  # fmt: skip
    return wait_for(door, import_id=made, seconds=wait)


@router.get("/{import_id}")
def get_import(import_id: UUID, work: Reader) -> ImportOut:
    """One import, with how far it is while it is read."""
    return ImportOut.of(imports.get_import(work, import_id=import_id), work=work)


@router.post("/{import_id}/again", status_code=202)
def read_again(import_id: UUID, body: Again, work: Writer) -> ImportOut:
    """Read the same file once more with what was corrected; that reading takes the place of the first."""
    return ImportOut.of(imports.read_again(work, import_id=import_id, page_id=body.page_id, options=body.options))


@router.post("/{import_id}/take-back", status_code=202)
def take_back(import_id: UUID, work: Writer) -> ImportOut:
    """Remove the messages that this import said last. Numbers that it had renewed do not come back by themselves."""
    return ImportOut.of(imports.take_back(work, import_id=import_id))


@router.get("/{import_id}/problems")
def list_problems(
    import_id: UUID,
    work: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Problems:
    """The rows that were set aside, or that something is to be said of."""
    total, found = imports.problems_of(work, import_id=import_id, limit=limit, offset=offset)
    return Problems(total=total, problems=[ProblemOut.model_validate(one, from_attributes=True) for one in found])


@router.get("/{import_id}/problems.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def download_problems(import_id: UUID, work: Reader) -> Response:
    """The same as a file."""
    return Response(
        imports.problems_csv(work, import_id=import_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="problems-{import_id}.csv"'},
    )


def wait_for(door: Door, *, import_id: UUID, seconds: float) -> ImportOut:
    """The import, once it is read or `seconds` have passed."""
    until = time.monotonic() + seconds
    while True:
        with door.work() as work:
            found = ImportOut.of(imports.get_import(work, import_id=import_id), work=work)
        if found.state != "landed" or time.monotonic() >= until:
            return found
        door.house.sleep(POLL_SECONDS)


def _zone(zone: str | None) -> str | None:
    try:
        return known_zone(zone) if zone else None
    except ValueError as error:
        raise BadInputError(f"zone: {error}.") from None
