"""Calendar sources over HTTP: add one, send its file, see what became of every row."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query

from kalends.base.reading import PayloadTooLargeError
from kalends.base.work import Work
from kalends.calendar import sources
from kalends.calendar.calendars import get_calendar
from kalends.calendar.icsout import as_ics
from kalends.calendar.planning import list_occurrences
from kalends.calendar.sourcereading import read_content, read_file, readings_of
from kalends.calendar.sourceschemas import (
    ReadingOut,
    ReadingsOut,
    RowsIn,
    SourceChangeIn,
    SourceIn,
    SourceOut,
    SourcesOut,
    VisitOut,
)
from kalends.calendar.sourcevisits import read_address
from kalends.identity.service import Door, door, permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
MAX_BYTES = 64 << 20
"""A calendar of a hundred thousand events is a fifth of this."""


@router.get("/calendar/sources")
def read_sources(work: Reader, calendar_id: UUID | None = None) -> SourcesOut:
    """The calendars that the master calendar is made of, the first in order first."""
    found = sources.list_sources(work, calendar_id=calendar_id)
    return SourcesOut(sources=[SourceOut.model_validate(sources.plain_source(source)) for source in found])


@router.post("/calendar/sources", status_code=201)
def post_source(work: Writer, body: SourceIn) -> SourceOut:
    """Add a calendar source; its file is sent to it next, or its address is read within five minutes."""
    source = sources.add_source(
        work,
        label=body.label,
        address=body.address,
        priority=body.priority,
        markets=body.markets,
        settings=body.settings.told() if body.settings else None,
        read_every=body.read_every,
        calendar_id=body.calendar_id,
    )
    return SourceOut.model_validate(sources.plain_source(source))


@router.get("/calendar/sources/{source_id}")
def read_source(work: Reader, source_id: UUID) -> SourceOut:
    """One source."""
    return SourceOut.model_validate(sources.plain_source(sources.get_source(work, source_id=source_id)))


@router.patch("/calendar/sources/{source_id}")
def change_source(work: Writer, source_id: UUID, body: SourceChangeIn) -> SourceOut:
    """Change how a source is called, weighed and read; a new way of reading holds from the next reading on."""
    source = sources.change_source(work, source_id=source_id, change=body.change(), row_version=body.row_version)
    return SourceOut.model_validate(sources.plain_source(source))


@router.post("/calendar/sources/{source_id}/read")
def read_now(writer: Annotated[Door, door("calendar.write")], source_id: UUID) -> VisitOut:
    """Read a source's address now, whenever it is due; events follow in the background."""
    told = read_address(writer.work, source_id=source_id, is_routine=False)
    with writer.work() as work:
        source = SourceOut.model_validate(sources.plain_source(sources.get_source(work, source_id=source_id)))
    reading = ReadingOut.model_validate(told, from_attributes=True) if told else None
    return VisitOut(source=source, reading=reading)


@router.delete("/calendar/sources/{source_id}")
def remove_source(work: Writer, source_id: UUID) -> SourceOut:
    """Take a source off: events that only it named go, those that others name too stay."""
    source = sources.get_source(work, source_id=source_id)
    sources.remove_source(work, source_id=source_id)
    return SourceOut.model_validate(sources.plain_source(source))


@router.post("/calendar/sources/{source_id}/file")
def post_file(
    work: Writer,
    source_id: UUID,
    content: Annotated[bytes, Body(media_type="application/octet-stream", description=".ics, CSV, Excel or JSON.")],
    file_name: Annotated[str, Query(max_length=300)] = "",
    *,
    is_trial: Annotated[bool, Query(description="Only say what would become of it.")] = False,
) -> ReadingOut:
    """Read a source's file anew: the fate of every entry is told, and events follow in the background."""
    if len(content) > MAX_BYTES:
        raise PayloadTooLargeError(f"A calendar file may have {MAX_BYTES >> 20} MB; send the years one by one.")
    source = sources.get_source(work, source_id=source_id)
    if is_trial:
        calendar = get_calendar(work, calendar_id=source.calendar_id)
        reading = read_content(calendar, content=content, settings=source.settings)
        return ReadingOut.of_trial(reading, file_name=file_name)
    told = read_file(work, source_id=source_id, content=content, file_name=file_name)
    return ReadingOut.model_validate(told, from_attributes=True)


@router.post("/calendar/sources/{source_id}/rows")
def post_rows(
    work: Writer,
    source_id: UUID,
    body: RowsIn,
    *,
    is_trial: Annotated[bool, Query(description="Only say what would become of it.")] = False,
) -> ReadingOut:
    """Send a source's table as JSON: a calendar dimension, a causal calendar, campaigns, or a plain list of events."""
    return post_file(work, source_id, json.dumps(body.rows).encode(), "rows", is_trial=is_trial)


@router.get("/calendar/sources/{source_id}/readings")
def read_readings(work: Reader, source_id: UUID) -> ReadingsOut:
    """How the last readings of a source went, newest first."""
    sources.get_source(work, source_id=source_id)
    found = readings_of(work, source_id=source_id)
    return ReadingsOut(readings=[ReadingOut.model_validate(row, from_attributes=True) for row in found])


@router.get("/calendar/events.ics", responses={200: {"content": {"text/calendar": {}}}}, response_model=None)
def read_ics_file(
    work: Reader,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to", description="The last day, included.")],
    calendar_id: UUID | None = None,
) -> object:
    """The master calendar's events as an iCalendar file."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    return as_ics(calendar.name, list_occurrences(work, first=first, last=last, calendar_id=calendar.id))
