"""Calendars: define them, change them, and bring their days into the warehouse, version by version.

Postgres decides, the warehouse follows: a change writes a pending version and defers the build in one transaction; the
build writes changed days, then publishes. Readers see published versions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import func, select, text

from kalends.base.errors import ConflictError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.days import build_days
from kalends.calendar.dayversions import DAYS, FISCAL_DAYS, read_days, write_version
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.dimension import prepare, publish
from kalends.calendar.errors import CalendarNotFoundError, NotKnownYetError, PeriodError
from kalends.calendar.eventrows import dated_events
from kalends.calendar.fiscal import MonthlyFiscalYears
from kalends.calendar.fiscaldays import build_fiscal_days
from kalends.calendar.holidays import known_years
from kalends.calendar.industry import industry_of, is_known_industry
from kalends.calendar.models import Calendar, CalendarVersion, LearnedFactors
from kalends.calendar.weighing import weigh_anew
from kalends.identity.service import workspace
from kalends.methods.seasonality import SeasonalFactors

Span = tuple[date, date]
REBUILD = "calendar.rebuild_days"
# Older than most platforms keep their reports; far enough ahead to plan.
YEARS_BACK, YEARS_AHEAD = 15, 5


DEFAULT = "kalends.default_calendar"
"""Where a transaction's session holds on to its default calendar, once there is one: a page asks for it five times,
and a session forgets rows that nobody holds.
"""


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """Days of a calendar as they were at a published version; `frame` has the columns of DAY_SCHEMA."""

    calendar: Calendar
    version: int
    frame: pl.DataFrame


def definition_of(calendar: Calendar) -> CalendarDefinition:
    """What the calendar is defined by."""
    return CalendarDefinition.model_validate(calendar.definition)


def calendars(work: Work) -> Sequence[Calendar]:
    """The tenant's calendars, the default one first; makes the default one if there is none yet."""
    default_calendar(work)
    return work.session.scalars(select(Calendar).order_by(Calendar.is_default.desc(), Calendar.name)).all()


def get_calendar(work: Work, *, calendar_id: UUID | None = None) -> Calendar:
    """That calendar, or the default one. Raises CalendarNotFoundError."""
    if calendar_id is None:
        return default_calendar(work)
    found = work.session.get(Calendar, (work.scope.tenant_id, calendar_id))
    if found is None:
        raise CalendarNotFoundError(calendar_id=str(calendar_id))
    return found


def default_calendar(work: Work) -> Calendar:
    """The tenant's default calendar; made from what the tenant said of itself when it is first asked for.

    Its fiscal year is the calendar year, which has one name however it is named, so that nothing is guessed.
    """
    found = existing_default(work)
    if found is not None:
        return found
    # Two first visitors at once: the second waits here, and then finds what the first has made.
    work.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": _lock_key(work)})
    return existing_default(work) or define_calendar(work, definition=_first_definition(work))


def existing_default(work: Work) -> Calendar | None:
    """The tenant's default calendar if there is one: for what must be quick and must not write."""
    if DEFAULT not in work.session.info:
        found = work.session.scalars(select(Calendar).where(Calendar.is_default)).first()
        if found is None:
            return None
        work.session.info[DEFAULT] = found
    default: Calendar = work.session.info[DEFAULT]
    return default


def _lock_key(work: Work) -> str:
    """What first visitors of one tenant wait on."""
    return f"calendar.default:{work.scope.tenant_id}"


def _first_definition(work: Work) -> CalendarDefinition:
    """The calendar of a tenant of whom only the profile is known; an industry without a template starts as general."""
    profile = workspace(work)
    return CalendarDefinition(
        name=profile.name,
        markets=(Market(country=profile.country),),
        industry=profile.industry if is_known_industry(code=profile.industry) else "general",
        fiscal=(MonthlyFiscalYears(start_month=1, named_by="end"),),
        first_day=date(work.now.year - YEARS_BACK, 1, 1),
        last_day=date(work.now.year + YEARS_AHEAD, 12, 31),
        zone=profile.zone,
    )


def define_calendar(work: Work, *, definition: CalendarDefinition) -> Calendar:
    """Make a calendar and its days. The first one becomes the default. Raises ConflictError if the name is taken."""
    check_definition(definition)
    if work.session.scalars(select(Calendar).where(Calendar.name == definition.name)).first() is not None:
        raise ConflictError(f"There is a calendar called {definition.name!r} already.", name=definition.name)
    has_default = work.session.scalars(select(Calendar.id).where(Calendar.is_default)).first() is not None
    calendar = Calendar(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        name=definition.name,
        is_default=not has_default,
        definition=definition.model_dump(mode="json"),
        row_version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(calendar)
    work.session.flush()
    first, last = definition.first_day, definition.last_day
    pend_days(work, calendar=calendar, reason="defined", first=first, last=last)
    work.audit("calendar.define", subject_kind="calendar", subject_id=calendar.id, after=calendar.definition)
    # A calendar without days is of no use to whoever asks next, so the first build does not wait for the worker.
    refresh_days(work, calendar_id=calendar.id)
    return calendar


def update_calendar(
    work: Work, *, definition: CalendarDefinition, calendar_id: UUID | None = None, row_version: int | None = None
) -> Calendar:
    """Give a calendar another definition; its days follow in a job. Raises ConflictError if somebody was faster."""
    check_definition(definition)
    calendar = lock_calendar(work, calendar_id=calendar_id)
    if row_version is not None and row_version != calendar.row_version:
        raise ConflictError(row_version=calendar.row_version)
    before, was = calendar.definition, definition_of(calendar)
    if was == definition:
        return calendar
    calendar.name, calendar.definition = definition.name, definition.model_dump(mode="json")
    calendar.row_version += 1
    calendar.updated_at = work.now
    work.session.flush()
    first, last = min(was.first_day, definition.first_day), max(was.last_day, definition.last_day)
    mark_days(work, calendar=calendar, reason="redefined", first=first, last=last)
    if (was.markets, was.moments_off) != (definition.markets, definition.moments_off):
        # Moments and public holidays of other markets speak of the events now.
        weigh_anew(work, calendar_id=calendar.id)
    work.audit(
        "calendar.update",
        subject_kind="calendar",
        subject_id=calendar.id,
        before=before,
        after=calendar.definition,
    )
    return calendar


def check_definition(definition: CalendarDefinition) -> None:
    """Raises UnknownCountryError or UnknownIndustryError before anything is written."""
    industry_of(code=definition.industry)
    for market in definition.markets:
        known_years(market=market)


def lock_calendar(work: Work, *, calendar_id: UUID | None) -> Calendar:
    """The calendar, its row locked until the transaction ends: writers and builds of one calendar take turns."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    work.session.refresh(calendar, with_for_update=True)
    return calendar


def mark_days(work: Work, *, calendar: Calendar, reason: str, first: date, last: date) -> None:
    """Say that the days from `first` to `last` may have changed; a job rebuilds them after the commit."""
    pend_days(work, calendar=calendar, reason=reason, first=first, last=last)
    work.defer(REBUILD, subject_id=calendar.id, lock=f"calendar:{calendar.id}", calendar_id=str(calendar.id))


def pend_days(work: Work, *, calendar: Calendar, reason: str, first: date, last: date) -> None:
    """Write the next version, not yet published: `refresh_days` will build those days."""
    newest = work.session.scalar(
        select(func.max(CalendarVersion.version)).where(CalendarVersion.calendar_id == calendar.id)
    )
    work.session.add(
        CalendarVersion(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            calendar_id=calendar.id,
            version=(newest or 0) + 1,
            reason=reason,
            first_day=first,
            last_day=last,
            created_at=work.now,
        )
    )
    work.session.flush()


def refresh_days(work: Work, *, calendar_id: UUID) -> int:
    """Build and publish everything that is pending for a calendar; gives how many days changed.

    Several pending changes become one build, published under the newest of their versions. Nothing pending: 0.
    """
    return build_pending(work, calendar=lock_calendar(work, calendar_id=calendar_id))


def build_pending(work: Work, *, calendar: Calendar) -> int:
    """The same for a calendar whose row this transaction has locked already."""
    pending = work.session.scalars(
        select(CalendarVersion)
        .where(CalendarVersion.calendar_id == calendar.id, CalendarVersion.published_at.is_(None))
        .order_by(CalendarVersion.version)
    ).all()
    if not pending:
        return 0
    first, last = min(p.first_day for p in pending), max(p.last_day for p in pending)
    span: dict[str, Any] = {
        "calendar_id": calendar.id,
        "first": first,
        "last": last,
        "version": pending[-1].version,
        "published": published_version(work, calendar_id=calendar.id),
    }
    daily, fiscal = _built(work, calendar, first, last)
    default_id = calendar.id if calendar.is_default else default_calendar(work).id
    with work.warehouse.write():
        prepare(work, default_id=default_id)
        written = write_version(work.warehouse, DAYS, frame=daily, **span)
        write_version(work.warehouse, FISCAL_DAYS, frame=fiscal, **span)
        versions = [version.version for version in pending]
        publish(work, calendar_id=calendar.id, versions=versions)
    for version in pending:
        version.published_at = work.now
        version.days_written = written if version is pending[-1] else 0
    work.session.flush()
    work.announce("calendar.days_changed", calendar_id=str(calendar.id))
    return written


def _built(work: Work, calendar: Calendar, first: date, last: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The days as they are now, and those of every fiscal scheme, cut to the calendar's own span."""
    definition = definition_of(calendar)
    first, last = _cut(definition, first, last)
    events = dated_events(work, calendar_id=calendar.id, first=first, last=last)
    span: dict[str, Any] = {"calendar_id": calendar.id, "definition": definition, "first": first, "last": last}
    return build_days(events=events, learned=_learned(work, calendar), **span), build_fiscal_days(**span)


def _learned(work: Work, calendar: Calendar) -> SeasonalFactors | None:
    """What was learned about the calendar's seasons; None: its industry's pattern holds."""
    query = select(LearnedFactors.factors).where(LearnedFactors.calendar_id == calendar.id)
    factors = work.session.scalar(query)
    return SeasonalFactors.model_validate(factors) if factors else None


def _cut(definition: CalendarDefinition, first: date, last: date) -> Span:
    """The days that the calendar has of a span; its first day where it has none."""
    first, last = max(first, definition.first_day), min(last, definition.last_day)
    return (first, last) if first <= last else (definition.first_day, definition.first_day)


def published_version(work: Work, *, calendar_id: UUID, as_of: datetime | None = None) -> int:
    """The newest version published (at `as_of`, if given); 0 if there was none."""
    query = select(func.max(CalendarVersion.version)).where(
        CalendarVersion.calendar_id == calendar_id, CalendarVersion.published_at.is_not(None)
    )
    if as_of is not None:
        query = query.where(CalendarVersion.published_at <= as_of)
    return int(work.session.scalar(query) or 0)


def days(
    work: Work, *, first: date, last: date, calendar_id: UUID | None = None, as_of: datetime | None = None
) -> CalendarDays:
    """The days from `first` to `last` (both included) of a calendar, as known at `as_of`.

    Raises PeriodError for an empty span, NotKnownYetError for an `as_of` before the calendar was first published.
    """
    if last < first:
        raise PeriodError(f"The period ends on {last}, before it begins on {first}.")
    calendar = get_calendar(work, calendar_id=calendar_id)
    version = published_version(work, calendar_id=calendar.id, as_of=as_of)
    if version == 0:
        raise NotKnownYetError(
            f"The calendar is known only since {calendar.created_at.isoformat()}.",
            known_since=calendar.created_at.isoformat(),
        )
    frame = read_days(work.warehouse, calendar_id=calendar.id, first=first, last=last, version=version)
    return CalendarDays(calendar, version, frame)


def quality_between(work: Work, *, calendar_id: UUID, first: date, last: date) -> float | None:
    """The mean quality score (0 to 1) of those days; None where the calendar has none of them."""
    found = days(work, first=first, last=last, calendar_id=calendar_id).frame["quality_score"]
    return None if found.is_empty() else float(sum(found) / len(found))


def plain_calendar(calendar: Calendar) -> dict[str, Any]:
    """A calendar as JSON values."""
    return {
        "id": str(calendar.id),
        "name": calendar.name,
        "is_default": calendar.is_default,
        "row_version": calendar.row_version,
        "definition": calendar.definition,
    }
