"""Fill a workspace with the sample company through the product's own doors, as a customer would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kalends.demo.calendars import DemoCalendar
from kalends.demo.company import CompanyProfile, DemoCompany
from kalends.demo.events import DemoEvent


class Door(Protocol):
    """The four things that filling needs; the command line binds them to the running server."""

    def create_profile(self, *, profile: CompanyProfile) -> None:
        """Say what the company is called and where it sells; the calendar is built from it."""

    def upsert_events(self, *, events: Sequence[DemoEvent]) -> None:
        """Create the events, or renew those whose key is known."""

    def read_calendar(self, *, calendar: DemoCalendar) -> None:
        """Read a calendar that somebody else keeps."""

    def ingest(
        self,
        *,
        content: bytes,
        data_source: str,
        file_name: str,
        reported_at: datetime,
        date_range: tuple[date, date],
        columns: Mapping[str, str],
    ) -> None:
        """Take one payload in, as `DemoFile` describes it; the same payload again must change nothing."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was handed over."""

    events: int
    files: int
    rows: int
    size: int


def fill(*, company: DemoCompany, door: Door, progress: Callable[[int, int, str], None] | None = None) -> Filled:
    """Hand `company` over: profile, events, others' calendars, then the files in the order in which they were reported.

    `progress` is told (files done, files in all, the file's name). An error of the door ends the filling; run it
    again: every step is repeatable.
    """
    door.create_profile(profile=company.profile)
    door.upsert_events(events=company.events)
    for calendar in company.calendars:
        door.read_calendar(calendar=calendar)
    for done, file in enumerate(company.files, start=1):
        door.ingest(
            content=file.content,
            data_source=file.data_source,
            file_name=file.name,
            reported_at=file.reported_at,
            date_range=file.date_range,
            columns=file.columns,
        )
        if progress is not None:
            progress(done, len(company.files), file.name)
    return Filled(
        events=len(company.events),
        files=len(company.files),
        rows=sum(file.rows for file in company.files),
        size=sum(len(file.content) for file in company.files),
    )
