"""The calendar over HTTP: days, events, calendars."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response

from kalends.base.work import Work
from kalends.calendar import output, service
from kalends.calendar.definition import CalendarDefinition
from kalends.calendar.errors import PeriodError
from kalends.calendar.events import DatedEvent, canonical_fields
from kalends.calendar.models import Calendar, Event
from kalends.calendar.schemas import (
    CalendarChange,
    CalendarOut,
    CalendarsOut,
    DaysOut,
    EventChange,
    EventIn,
    EventOut,
    EventsIn,
    EventsOut,
    Format,
    HistoryEntry,
    HistoryOut,
    MomentOut,
    UpsertedOut,
    YearOut,
)
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
Manager = Annotated[Work, permit("settings.manage")]
AsOf = Annotated[
    str | None,
    Query(description="A day (its end in the calendar's time zone) or an instant, ISO 8601.", examples=["2026-03-31"]),
]
WhichCalendar = Annotated[UUID | Literal["default"], Path(description="A calendar's id, or `default`.")]
# A longer answer is a file's job: ask for it in pieces.
MAX_DAYS = 40_000


def resolve(as_of: str | None, *, zone: str) -> datetime | None:
    """The instant meant by `as_of`: a day means its end in `zone`, an instant without a zone is in `zone` too."""
    if as_of is None:
        return None
    try:
        instant = datetime.fromisoformat(as_of)
        is_day = len(as_of) <= len("2026-03-31") and instant.time() == time(0)
        local = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))
        return local + timedelta(days=1, microseconds=-1) if is_day else local
    except (ValueError, OverflowError) as error:
        raise PeriodError(
            f"as_of {as_of!r} is neither a day such as 2026-03-31 nor an instant such as 2026-03-31T12:00:00Z.",
            where="as_of",
        ) from error


def _calendar(work: Work, which: UUID | Literal["default"] | None) -> Calendar:
    """The calendar asked for."""
    return service.get_calendar(work, calendar_id=None if which == "default" else which)


def _days(
    work: Work, first: date, last: date, calendar_id: UUID | None, as_of: str | None
) -> tuple[service.CalendarDays, datetime | None]:
    """The days asked for and the instant as of which."""
    if (last - first).days >= MAX_DAYS:
        raise PeriodError(f"Ask for at most {MAX_DAYS} days at once.", days=(last - first).days + 1)
    calendar = _calendar(work, calendar_id)
    instant = resolve(as_of, zone=service.definition_of(calendar).zone)
    return service.days(work, first=first, last=last, calendar_id=calendar.id, as_of=instant), instant


def _calendar_out(calendar: Calendar) -> CalendarOut:
    return CalendarOut.model_validate(service.plain_calendar(calendar))


@router.get("/marketing/calendar/{year}")
def read_year(
    work: Reader, year: Annotated[int, Path(ge=1900, le=2200)], calendar_id: UUID | None = None, as_of: AsOf = None
) -> YearOut:
    """A year of the master calendar: every day with everything known about it, the events, the moments."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found, instant = _days(work, first, last, calendar_id, as_of)
    events = service.list_events(work, first=first, last=last, calendar_id=found.calendar.id)
    return YearOut(
        year=year,
        calendar=_calendar_out(found.calendar),
        version=found.version,
        as_of=instant,
        days=output.as_json_rows(found.frame),
        events=[EventOut.model_validate(service.plain_event(event)) for event in events],
        moments=[MomentOut.model_validate(moment) for moment in moments_of(found.calendar, first, last)],
    )


def moments_of(calendar: Calendar, first: date, last: date) -> list[dict[str, Any]]:
    """The moments that a calendar cares about and that touch the days."""
    definition = service.definition_of(calendar)
    found = service.occurrences(
        countries=definition.countries,
        first_year=first.year - 1,
        last_year=last.year,
        without=definition.moments_off,
    )
    return [asdict(moment) for moment in found if moment.first <= last and moment.last >= first]


@router.get(
    "/calendar/master-dimension",
    response_model=DaysOut,
    responses={200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}}},
)
def read_master_dimension(
    work: Reader,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to", description="The last day, included.")],
    as_of: AsOf = None,
    format: Format = "json",  # noqa: A002 - the parameter's public name
    calendar_id: UUID | None = None,
) -> Any:
    """The master calendar dimension, one row per day, as JSON, CSV or Parquet; `as_of`: as known then."""
    found, instant = _days(work, first, last, calendar_id, as_of)
    if format == "json":
        return DaysOut(
            calendar=_calendar_out(found.calendar),
            version=found.version,
            as_of=instant,
            days=output.as_json_rows(found.frame),
        )
    content, kind = (
        (output.as_csv(found.frame), "text/csv; charset=utf-8")
        if format == "csv"
        else (output.as_parquet(found.frame), "application/vnd.apache.parquet")
    )
    name = f"master-calendar-{first}-{last}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Calendar-Version": str(found.version)}
    return Response(content, media_type=kind, headers=headers)


@router.put("/calendar/events")
def put_events(work: Writer, body: EventsIn) -> UpsertedOut:
    """Create or renew many events by their outside keys. Sending the same again changes nothing."""
    keyed = [service.KeyedEvent(key=event.key, fields=event.fields()) for event in body.events]
    done = service.upsert_events(work, events=keyed, source=body.source, calendar_id=body.calendar_id)
    return UpsertedOut.model_validate(asdict(done))


@router.get("/calendar/events")
def read_events(
    work: Reader,
    start: date,
    end: Annotated[date, Query(description="The last day, included.")],
    calendar_id: UUID | None = None,
    *,
    expand: Annotated[bool, Query(description="An entry for each occurrence of an event that repeats.")] = False,
) -> EventsOut:
    """The events that touch the days; one that repeats comes once with its rule, or as its occurrences."""
    if expand:
        found = service.list_occurrences(work, first=start, last=end, calendar_id=calendar_id)
        return EventsOut(events=[_occurrence_out(event, each) for event, each in found])
    events = service.list_events(work, first=start, last=end, calendar_id=calendar_id)
    return EventsOut(events=[EventOut.model_validate(service.plain_event(event)) for event in events])


def _occurrence_out(event: Event, each: DatedEvent) -> EventOut:
    """An occurrence, as the event is told; the rule is the event's own."""
    plain = service.plain_event(event)
    told = {**plain, **canonical_fields(each.fields), "recurrence": plain["recurrence"], "occurrence_on": each.on}
    return EventOut.model_validate(told)


@router.post("/calendar/events", status_code=201)
def post_event(work: Writer, body: EventIn, calendar_id: UUID | None = None) -> EventOut:
    """Make an event by hand."""
    event = service.create_event(work, fields=body.fields(), calendar_id=calendar_id)
    return EventOut.model_validate(service.plain_event(event))


@router.get("/calendar/events/{event_id}")
def read_event(work: Reader, event_id: UUID) -> EventOut:
    """One event."""
    return EventOut.model_validate(service.plain_event(service.get_event(work, event_id=event_id)))


@router.patch("/calendar/events/{event_id}")
def patch_event(work: Writer, event_id: UUID, body: EventChange) -> EventOut:
    """Change some fields of an event; on another source's event this is an override, which wins."""
    event = service.change_event(work, event_id=event_id, changes=body.changes(), row_version=body.row_version)
    return EventOut.model_validate(service.plain_event(event))


@router.delete("/calendar/events/{event_id}")
def remove_event(work: Writer, event_id: UUID, row_version: int | None = None) -> EventOut:
    """Take an event off the calendar; undo brings it back."""
    event = service.delete_event(work, event_id=event_id, row_version=row_version)
    return EventOut.model_validate(service.plain_event(event))


@router.patch("/calendar/events/{event_id}/occurrences/{on}")
def patch_occurrence(work: Writer, event_id: UUID, on: date, body: EventChange) -> EventOut:
    """Change one occurrence of an event that repeats; `on` is the day on which its rule has it begin."""
    changes, version = body.changes(), body.row_version
    event = service.change_occurrence(work, event_id=event_id, on=on, changes=changes, row_version=version)
    return EventOut.model_validate(service.plain_event(event))


@router.delete("/calendar/events/{event_id}/occurrences/{on}")
def remove_occurrence(work: Writer, event_id: UUID, on: date, row_version: int | None = None) -> EventOut:
    """Take one occurrence of an event off the calendar; undo brings it back."""
    event = service.leave_out(work, event_id=event_id, on=on, row_version=row_version)
    return EventOut.model_validate(service.plain_event(event))


@router.post("/calendar/events/{event_id}/undo")
def post_undo(work: Writer, event_id: UUID) -> EventOut:
    """Take back the last change of an event."""
    return EventOut.model_validate(service.plain_event(service.undo_event(work, event_id=event_id)))


@router.get("/calendar/events/{event_id}/history")
def read_history(work: Reader, event_id: UUID) -> HistoryOut:
    """Every version of what every source said about an event, newest first."""
    entries = service.event_history(work, event_id=event_id)
    return HistoryOut(history=[HistoryEntry.model_validate(entry, from_attributes=True) for entry in entries])


@router.get("/calendar/calendars")
def read_calendars(work: Reader) -> CalendarsOut:
    """The calendars there are, the default one first."""
    return CalendarsOut(calendars=[_calendar_out(calendar) for calendar in service.calendars(work)])


@router.post("/calendar/calendars", status_code=201)
def post_calendar(work: Manager, body: CalendarDefinition) -> CalendarOut:
    """Define another calendar."""
    return _calendar_out(service.define_calendar(work, definition=body))


@router.get("/calendar/calendars/{which}")
def read_calendar(work: Reader, which: WhichCalendar) -> CalendarOut:
    """One calendar."""
    return _calendar_out(_calendar(work, which))


@router.put("/calendar/calendars/{which}")
def put_calendar(work: Manager, which: WhichCalendar, body: CalendarChange) -> CalendarOut:
    """Give a calendar another definition; its days follow in the background."""
    calendar = _calendar(work, which)
    changed = service.update_calendar(
        work, definition=body.definition, calendar_id=calendar.id, row_version=body.row_version
    )
    return _calendar_out(changed)
