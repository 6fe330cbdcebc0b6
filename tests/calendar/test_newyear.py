"""Calendars go on by themselves: once a year has begun, each reaches one year further."""

from datetime import UTC, date, datetime

import polars as pl
from sqlalchemy import select, update

from kalends.base.chores import CHORES
from kalends.calendar import service
from kalends.calendar.calendars import definition_of
from kalends.calendar.days import VALUES, build_days
from kalends.calendar.dayversions import DAYS, FISCAL_DAYS
from kalends.calendar.jobs import extend_all_calendars
from kalends.calendar.models import Calendar, CalendarVersion
from kalends.calendar.newyear import extend_all
from kalends.identity.service import create_tenant

NEW_YEAR = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)


def stored(work, table):
    return pl.from_arrow(work.warehouse.to_arrow(work.warehouse.table(table.name)))


def made(house, scope, **more):
    """A default calendar of 2026, with other settings where given."""
    with house.work(scope) as work:
        calendar = service.default_calendar(work)
        if more:
            wanted = definition_of(calendar).model_copy(update=more)
            service.update_calendar(work, definition=wanted, calendar_id=calendar.id)
            service.refresh_days(work, calendar_id=calendar.id)
        return calendar.id


def last_day(house, scope, calendar_id):
    with house.work(scope) as work:
        return definition_of(service.get_calendar(work, calendar_id=calendar_id)).last_day


def test_a_new_year_adds_a_year_and_touches_nothing_else(house, scope, clock):
    calendar_id = made(house, scope)
    with house.work(scope) as work:
        before, fiscal = stored(work, DAYS), stored(work, FISCAL_DAYS)
    clock.now = NEW_YEAR
    assert extend_all(house) == 366
    with house.work(scope) as work:
        calendar, rows = service.get_calendar(work, calendar_id=calendar_id), stored(work, DAYS)
        assert definition_of(calendar).last_day == date(2032, 12, 31)
        assert rows.filter(pl.col("version_from") == 1).sort("date").equals(before.sort("date"))
        assert stored(work, FISCAL_DAYS).height == fiscal.height + 366
        whole = build_days(calendar_id=calendar_id, definition=definition_of(calendar))
        assert rows.sort("date").select(VALUES).equals(whole)
        versions = work.session.execute(
            select(CalendarVersion.version, CalendarVersion.reason, CalendarVersion.days_written)
        ).all()
        assert sorted(versions)[1:] == [(2, "a new year", 366)]


def test_once_a_year_is_enough(house, scope, clock):
    calendar_id = made(house, scope)
    assert extend_all(house) == 0
    clock.now = NEW_YEAR
    assert extend_all(house) == 366
    assert extend_all(house) == 0
    with house.work(scope) as work:
        assert service.get_calendar(work, calendar_id=calendar_id).row_version == 2
        assert service.published_version(work, calendar_id=calendar_id) == 2


def test_years_that_nobody_was_there_for_are_made_up_for(house, scope, clock):
    calendar_id = made(house, scope)
    clock.now = datetime(2029, 6, 1, tzinfo=UTC)
    assert extend_all(house) == 366 + 365 + 365
    assert last_day(house, scope, calendar_id) == date(2034, 12, 31)


def test_the_year_begins_by_the_calendars_own_clock(house, scope, clock):
    calendar_id = made(house, scope, zone="Pacific/Auckland")
    clock.now = datetime(2026, 12, 31, 10, 30, tzinfo=UTC)
    assert extend_all(house) == 0
    clock.now = datetime(2026, 12, 31, 11, 30, tzinfo=UTC)
    assert extend_all(house) == 366
    assert last_day(house, scope, calendar_id) == date(2032, 12, 31)


def test_an_event_of_the_new_year_shows_on_its_days(house, scope, clock):
    calendar_id = made(house, scope)
    day = date(2032, 3, 1)
    with house.work(scope) as work:
        fields = service.EventFields(name="Anniversary", starts_on=day, ends_on=day)
        event_id = service.create_event(work, fields=fields, calendar_id=calendar_id).id
    clock.now = NEW_YEAR
    extend_all(house)
    with house.work(scope) as work:
        assert service.days(work, first=day, last=day).frame["events"].to_list() == [f'["{event_id}"]']


def test_a_hundred_years_are_the_most(house, scope, clock):
    calendar_id = made(house, scope, first_day=date(1931, 12, 1), last_day=date(2031, 12, 31))
    clock.now = NEW_YEAR
    assert extend_all(house) == 45
    assert last_day(house, scope, calendar_id) == date(2032, 2, 14)
    assert extend_all(house) == 0


def test_one_company_in_trouble_keeps_no_other_from_its_new_year(house, scope, clock):
    other = create_tenant(house, name="Borealis Works")
    calendar_id = made(house, scope)
    elsewhere = type(scope)(tenant_id=other, role="owner", label="test")
    broken = made(house, elsewhere)
    with house.work(elsewhere) as work:
        definition = service.get_calendar(work, calendar_id=broken).definition
        work.session.execute(update(Calendar).values(definition={**definition, "zone": "Nowhere/Town"}))
    clock.now = NEW_YEAR
    assert extend_all(house) == 366
    assert last_day(house, scope, calendar_id) == date(2032, 12, 31)
    assert last_day(house, elsewhere, broken) == date(2031, 12, 31)


def test_it_is_a_chore():
    assert extend_all_calendars in CHORES
