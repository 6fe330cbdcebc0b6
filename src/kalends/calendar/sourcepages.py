"""The pages of sources: send a calendar or name its address, see what became of it, change how it is read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.pages import Choice, flash, render
from kalends.base.pages.messages import FlashTone
from kalends.base.work import Work
from kalends.calendar import conflicts, sources
from kalends.calendar.calendars import get_calendar
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.models import CalendarSource
from kalends.calendar.reading.dates import DayOrder
from kalends.calendar.reading.icszones import known_zone
from kalends.calendar.sourcepreview import FIELD_LABELS, TwiceNamedError, corrections_of, look_at
from kalends.calendar.sourcereading import read_file, readings_of
from kalends.calendar.sourcevisits import minutes_between, read_address
from kalends.identity.service import Door, door, permit

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
Text = Annotated[str, Form(max_length=2_000)]
EVERY: Final = {0: "As the calendar asks, else every hour", 15: "Every 15 minutes", 60: "Every hour",
                360: "Every 6 hours", 1440: "Once a day"}  # fmt: skip
DAY_ORDERS: Final = {"": "As the dates show", "dmy": "Day first, 31/12/2026", "mdy": "Month first, 12/31/2026"}


@dataclass(frozen=True, slots=True)
class ColumnsForm:
    """What a person chose for each column: names and fields stand side by side."""

    column: list[str] = field(default_factory=list)
    taken_for: list[str] = field(default_factory=list)
    day_order: str = ""

    def settings(self, known: dict[str, Any]) -> sources.SourceSettings | None:
        """How the source shall be read; None where nothing was chosen. Raises TwiceNamedError."""
        if not self.column:
            return None
        order: DayOrder | None = self.day_order if self.day_order in {"dmy", "mdy"} else None  # type: ignore[assignment]
        return sources.SourceSettings(corrections_of(self.column, self.taken_for), order, known.get("zone"))


def columns_form(
    column: Annotated[list[str] | None, Form()] = None,
    taken_for: Annotated[list[str] | None, Form()] = None,
    day_order: Annotated[str, Form()] = "",
) -> ColumnsForm:
    """The columns' part of a form that has more in it."""
    return ColumnsForm(column or [], taken_for or [], day_order)


Columns = Annotated[ColumnsForm, Depends(columns_form)]


@router.get("/calendar-sources")
def show_sources(request: Request, work: Reader) -> Response:
    """The calendars that the master calendar is made of."""
    found = sources.list_sources(work)
    last = {source.id: next(iter(readings_of(work, source_id=source.id, limit=1)), None) for source in found}
    return render(
        request,
        "calendar/sources.html",
        sources=found,
        last=last,
        counts=conflicts.count_conflicts(work),
        writable=request.state.permitted.may("calendar.write"),
        now=work.now,
    )


@router.post("/calendar-sources")
def send_source(work: Writer, label: Text, file: UploadFile, columns: Columns) -> Response:
    """Add a calendar by its first file, or renew the one of that name."""
    known = {source.name: source for source in sources.list_sources(work)}
    source = known.get(sources.slug(label)) or sources.add_source(work, label=label.strip() or "Calendar")
    return _take(work, source, file, columns)


@router.post("/calendar-sources/preview")
def preview_source(
    request: Request, work: Writer, columns: Columns, file: UploadFile | None = None, source_id: UUID | None = None
) -> Response:
    """What would become of the chosen file; nothing is written."""
    settings: dict[str, Any] = sources.get_source(work, source_id=source_id).settings if source_id else {}
    shown: dict[str, Any] = {"preview": None, "labels": FIELD_LABELS, "problem": "", "day_orders": _orders(columns)}
    if file is not None and file.filename:
        try:
            told = columns.settings(settings)
        except TwiceNamedError as error:
            told, shown["problem"] = None, error.message
        wanted = asdict(told) if told else settings
        shown["preview"] = look_at(get_calendar(work), content=file.file.read(), settings=wanted)
    return render(request, "calendar/preview.html", **shown)


def _orders(columns: ColumnsForm) -> list[Choice]:
    return [Choice(label, value=value, current=value == columns.day_order) for value, label in DAY_ORDERS.items()]


@router.post("/calendar-sources/address")
def add_address(writer: Annotated[Door, door("calendar.write")], label: Text, address: Text) -> Response:
    """Add a calendar by its address, and read it."""
    try:
        with writer.work() as work:
            source = sources.add_source(work, label=label.strip() or "Calendar", address=address)
    except KalendsError as error:
        return _to("/calendar-sources", error.message, tone="bad")
    return _read(writer, source)


@router.post("/calendar-sources/{source_id}/read")
def read_now(writer: Annotated[Door, door("calendar.write")], source_id: UUID) -> Response:
    """Read a source's address now."""
    with writer.work() as work:
        source = sources.get_source(work, source_id=source_id)
    return _read(writer, source)


def _read(writer: Door, source: CalendarSource) -> Response:
    """Read the address, make events of what changed, and go to where its fate is told."""
    here = f"/calendar-sources/{source.id}"
    try:
        told = read_address(writer.work, source_id=source.id, is_routine=False)
    except KalendsError as error:
        return _to(here, error.message, tone="bad")
    if told is None:
        return _to(here, f"{source.label} has not changed since it was last read.")
    with writer.work() as work:
        done = consolidate_pending(work, calendar_id=source.calendar_id)
    return _to(here, f"{source.label} was read: {done.events} events follow from what changed.")


@router.post("/calendar-sources/{source_id}/file")
def renew_source(work: Writer, source_id: UUID, file: UploadFile, columns: Columns) -> Response:
    """Read a source's file anew."""
    return _take(work, sources.get_source(work, source_id=source_id), file, columns)


def _take(work: Work, source: CalendarSource, file: UploadFile, columns: ColumnsForm) -> Response:
    """Read the file, make events of it, and go to where its fate is told."""
    here = f"/calendar-sources/{source.id}"
    try:
        settings = columns.settings(source.settings)
        content, name = file.file.read(), file.filename or ""
        read_file(work, source_id=source.id, content=content, file_name=name, settings=settings)
    except KalendsError as error:
        source.problem = error.message
        work.session.flush()
        return _to(here, error.message, tone="bad")
    done = consolidate_pending(work, calendar_id=source.calendar_id)
    return _to(here, f"{source.label} was read: {done.events} events follow from what changed.")


def _to(path: str, words: str, *, tone: FlashTone = "plain") -> Response:
    answer = RedirectResponse(path, status_code=303)
    flash(answer, text=words, tone=tone)
    return answer


@router.get("/calendar-sources/{source_id}")
def show_source(request: Request, work: Reader, source_id: UUID) -> Response:
    """One source: how its last reading went, and the fate of every entry that did not come through as it was."""
    readings = readings_of(work, source_id=source_id)
    source = sources.get_source(work, source_id=source_id)
    order, every = source.settings.get("day_order") or "", source.read_every or 0
    rhythms = EVERY if every in EVERY else EVERY | {every: f"Every {every} minutes"}
    return render(
        request,
        "calendar/source.html",
        source=source,
        reading=readings[0] if readings else None,
        readings=readings,
        every=minutes_between(source),
        rhythms=[Choice(label, value=str(value), current=value == every) for value, label in rhythms.items()],
        day_orders=[Choice(label, value=value, current=value == order) for value, label in DAY_ORDERS.items()],
        writable=request.state.permitted.may("calendar.write"),
        now=work.now,
    )


@router.post("/calendar-sources/{source_id}/settings")
def change_source(
    work: Writer,
    source_id: UUID,
    label: Text,
    row_version: Annotated[int, Form()],
    priority: Annotated[int, Form(ge=0, le=1_000)] = sources.FIRST_PRIORITY,
    markets: Text = "",
    zone: Text = "",
    day_order: Text = "",
    read_every: Annotated[int, Form(ge=0, le=sources.SLOWEST)] = 0,
    address: Text = "",
) -> Response:
    """Change how a source is called, weighed and read."""
    source, here = sources.get_source(work, source_id=source_id), f"/calendar-sources/{source_id}"
    if zone.strip() and known_zone(zone.strip()) is None:
        return _to(here, f"{zone[:60]!r} is no time zone; write one such as Europe/Berlin.", tone="bad")
    order: DayOrder | None = day_order if day_order in {"dmy", "mdy"} else None  # type: ignore[assignment]
    change = sources.SourceChange(
        label=label.strip() or None,
        priority=priority,
        markets=[part.strip().upper() for part in markets.split(",") if part.strip()],
        settings=sources.SourceSettings(source.settings.get("columns") or {}, order, known_zone(zone.strip())),
        address=address.strip() or None,
        read_every=read_every,
    )
    try:
        sources.change_source(work, source_id=source_id, change=change, row_version=row_version)
    except KalendsError as error:
        return _to(here, error.message, tone="bad")
    consolidate_pending(work, calendar_id=source.calendar_id)
    return _to(here, f"{source.label} was changed.")


@router.post("/calendar-sources/{source_id}/remove")
def remove_source(work: Writer, source_id: UUID) -> Response:
    """Take a source off the calendar."""
    source = sources.get_source(work, source_id=source_id)
    sources.remove_source(work, source_id=source_id)
    consolidate_pending(work, calendar_id=source.calendar_id)
    return _to("/calendar-sources", f"{source.label} was taken off; what other calendars say too stays.")
