"""Calendars and their days against the real stores: versions, as_of, crashes in between."""

from datetime import date, timedelta

import ibis
import polars as pl
import pytest
from sqlalchemy import select, text

from kalends.base.errors import ConflictError
from kalends.base.jobs import REGISTRY, JobRun
from kalends.calendar import service
from kalends.calendar.days import CALENDAR_DAYS, VALUES, build_days
from kalends.calendar.dayversions import DAYS, FISCAL_DAYS, write_version
from kalends.calendar.errors import CalendarNotFoundError, NotKnownYetError, PeriodError, UnknownCountryError
from kalends.calendar.eventrows import dated_events
from kalends.calendar.events import EventFields
from kalends.calendar.jobs import rebuild_days
from kalends.calendar.models import CalendarVersion

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
JUNE = {"first": date(2025, 6, 1), "last": date(2025, 6, 30)}


def definition(name="Shop", country="US", **more):
    settings = {
        "name": name,
        "markets": [{"country": country}],
        "industry": "retail",
        "fiscal": [{"start_month": 2, "named_by": "end"}],
        "first_day": FIRST,
        "last_day": LAST,
    }
    return service.CalendarDefinition.model_validate(settings | more)


def sale(**more):
    fields = {
        "name": "Sale",
        "starts_on": date(2025, 6, 10),
        "ends_on": date(2025, 6, 12),
        "type": "promotional_period",
    }
    return EventFields(**fields | more)


def stored(work):
    return pl.from_arrow(work.warehouse.to_arrow(work.warehouse.table(CALENDAR_DAYS)))


def busy_days(frame):
    return [row["date"].day for row in frame.iter_rows(named=True) if row["events"] != "[]"]


def test_the_first_question_makes_the_default_calendar_with_its_days(work):
    found = service.days(work, first=date(2026, 1, 1), last=date(2026, 1, 31))
    assert found.calendar.is_default
    assert found.calendar.name == "Aurora Trading"
    assert found.version == 1
    assert found.frame["date"].to_list() == [date(2026, 1, d) for d in range(1, 32)]
    assert service.default_calendar(work).id == found.calendar.id
    assert [c.id for c in service.calendars(work)] == [found.calendar.id]


def test_the_days_in_the_warehouse_are_those_that_were_built(work):
    calendar = service.define_calendar(work, definition=definition())
    found = service.days(work, first=FIRST, last=LAST, calendar_id=calendar.id)
    expected = build_days(calendar_id=calendar.id, definition=definition())
    assert found.frame.select(VALUES).equals(expected)
    assert found.frame["version_from"].unique().to_list() == [1]


def test_an_event_changes_only_its_own_days(work):
    calendar = service.define_calendar(work, definition=definition())
    before = stored(work).height
    service.create_event(work, fields=sale(days_before=1), calendar_id=calendar.id)
    assert service.refresh_days(work, calendar_id=calendar.id) == 4
    assert service.refresh_days(work, calendar_id=calendar.id) == 0
    after = stored(work)
    assert after.height == before + 4
    current = after.filter(pl.col("version_to").is_null())
    assert current["date"].is_unique().all()
    assert busy_days(service.days(work, calendar_id=calendar.id, **JUNE).frame) == [10, 11, 12]


def test_as_of_shows_the_calendar_as_it_was_known(house, scope, clock):
    with house.work(scope) as work:
        calendar_id = service.define_calendar(work, definition=definition()).id
    empty = clock.now
    clock.advance(hours=1)
    with house.work(scope) as work:
        event_id = service.create_event(work, fields=sale(), calendar_id=calendar_id).id
        service.refresh_days(work, calendar_id=calendar_id)
    planned = clock.now
    clock.advance(hours=1)
    with house.work(scope) as work:
        service.change_event(
            work, event_id=event_id, changes={"starts_on": date(2025, 6, 20), "ends_on": date(2025, 6, 20)}
        )
        service.refresh_days(work, calendar_id=calendar_id)

    def known(work, as_of):
        return busy_days(service.days(work, calendar_id=calendar_id, as_of=as_of, **JUNE).frame)

    with house.work(scope) as work:
        assert known(work, empty) == []
        assert known(work, planned) == [10, 11, 12]
        assert known(work, clock.now) == known(work, None) == [20]
        with pytest.raises(NotKnownYetError, match="known only since"):
            known(work, empty - timedelta(seconds=1))


def test_changes_wait_for_the_job_and_then_share_one_version(house, scope):
    with house.work(scope) as work:
        calendar_id = service.define_calendar(work, definition=definition()).id
        service.create_event(work, fields=sale(), calendar_id=calendar_id)
        service.create_event(work, fields=sale(name="Other"), calendar_id=calendar_id)
    with house.work(scope) as work:
        assert service.days(work, calendar_id=calendar_id, **JUNE).version == 1
        tasks = work.session.execute(text("SELECT id, args FROM tasks WHERE kind = 'calendar.rebuild_days'")).all()
        work.session.execute(text("UPDATE tasks SET attempt = 1, state = 'running'"))
    assert len(tasks) == 2
    assert REGISTRY.get("calendar.rebuild_days") is rebuild_days
    for task_id, args in tasks:
        rebuild_days.run(JobRun(house=house, scope=scope, task_id=task_id, attempt=1, args=args))
    with house.work(scope) as work:
        found = service.days(work, calendar_id=calendar_id, **JUNE)
        assert found.version == 3
        assert found.frame.filter(pl.col("version_from") == 3).height == 3
        written = work.session.scalars(select(CalendarVersion.days_written).order_by(CalendarVersion.version)).all()
        assert written == [1096, 0, 3]


def test_a_build_that_died_before_its_commit_leaves_nothing_behind(house, scope):
    with house.work(scope) as work:
        calendar_id = service.define_calendar(work, definition=definition()).id

    def dies_between_the_two_stores():
        with house.work(scope) as work:
            service.create_event(work, fields=sale(name="Never committed"), calendar_id=calendar_id)
            assert service.refresh_days(work, calendar_id=calendar_id) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dies_between_the_two_stores()
    with house.work(scope) as work:
        assert busy_days(service.days(work, calendar_id=calendar_id, **JUNE).frame) == []
        service.create_event(
            work, fields=sale(starts_on=date(2025, 6, 30), ends_on=date(2025, 6, 30)), calendar_id=calendar_id
        )
        service.refresh_days(work, calendar_id=calendar_id)
        assert busy_days(service.days(work, calendar_id=calendar_id, **JUNE).frame) == [30]
        rows = stored(work)
        assert rows.height == 1096 + 1
        assert rows.filter(pl.col("version_to").is_null())["date"].is_unique().all()


def test_writing_the_same_version_twice_gives_the_same_table(work):
    calendar = service.define_calendar(work, definition=definition())
    service.create_event(work, fields=sale(), calendar_id=calendar.id)
    events = dated_events(work, calendar_id=calendar.id, first=FIRST, last=LAST)
    frame = build_days(calendar_id=calendar.id, definition=definition(), events=events)
    span = {"calendar_id": calendar.id, "frame": frame, "first": FIRST, "last": LAST, "version": 2, "published": 1}
    assert write_version(work.warehouse, DAYS, **span) == 3
    once = stored(work).sort("date", "version_from")
    assert write_version(work.warehouse, DAYS, **span) == 3
    assert stored(work).sort("date", "version_from").equals(once)


def test_another_definition_rewrites_what_differs_and_closes_what_is_gone(work):
    calendar = service.define_calendar(work, definition=definition())
    shorter = definition(name="Shop two", last_day=date(2025, 12, 31), fiscal=[{"start_month": 2, "named_by": "start"}])
    service.update_calendar(work, definition=shorter, calendar_id=calendar.id, row_version=1)
    assert service.refresh_days(work, calendar_id=calendar.id) == 1096
    found = service.days(work, first=FIRST, last=LAST, calendar_id=calendar.id)
    assert found.frame["date"].max() == date(2025, 12, 31)
    assert found.frame["fiscal_year_named_by"].unique().to_list() == ["start"]
    with pytest.raises(ConflictError):
        service.update_calendar(work, definition=definition(), calendar_id=calendar.id, row_version=1)


def test_an_unchanged_definition_makes_no_version(work):
    calendar = service.define_calendar(work, definition=definition())
    service.update_calendar(work, definition=definition(), calendar_id=calendar.id)
    assert service.refresh_days(work, calendar_id=calendar.id) == 0
    assert service.get_calendar(work, calendar_id=calendar.id).row_version == 1


def test_several_calendars_do_not_mix(work):
    first = service.define_calendar(work, definition=definition())
    second = service.define_calendar(work, definition=definition(name="Germany", country="DE"))
    assert (first.is_default, second.is_default) == (True, False)
    service.create_event(work, fields=sale(), calendar_id=second.id)
    service.refresh_days(work, calendar_id=second.id)
    assert busy_days(service.days(work, calendar_id=first.id, **JUNE).frame) == []
    assert busy_days(service.days(work, calendar_id=second.id, **JUNE).frame) == [10, 11, 12]
    with pytest.raises(ConflictError, match="already"):
        service.define_calendar(work, definition=definition())


def test_refusals(work):
    with pytest.raises(UnknownCountryError):
        service.define_calendar(work, definition=definition(country="XX"))
    with pytest.raises(PeriodError, match="before it begins"):
        service.days(work, first=LAST, last=FIRST)


def test_another_tenants_calendar_does_not_exist(house, scope):
    from kalends.base.scope import Scope
    from kalends.identity.service import create_tenant

    with house.work(scope) as work:
        calendar_id = service.define_calendar(work, definition=definition()).id
    other = Scope(tenant_id=create_tenant(house, name="Other"), role="owner", label="test")
    with house.work(other) as work:
        with pytest.raises(CalendarNotFoundError):
            service.get_calendar(work, calendar_id=calendar_id)
        assert calendar_id not in [c.id for c in service.calendars(work)]


def test_the_days_join_without_fan_out(work):
    calendar = service.define_calendar(work, definition=definition())
    service.create_event(work, fields=sale(), calendar_id=calendar.id)
    service.refresh_days(work, calendar_id=calendar.id)
    facts = ibis.memtable(
        pl.DataFrame({"date": [date(2025, 6, d) for d in range(1, 31)], "spend": [1.0] * 30}).to_arrow()
    )
    days = work.warehouse.table(CALENDAR_DAYS)
    current = days.filter(days.calendar_id == str(calendar.id), days.version_to.isnull())
    joined = work.warehouse.to_arrow(
        facts.join(current, "date").aggregate(rows=lambda t: t.count(), spend=lambda t: t.spend.sum())
    )
    assert joined.to_pylist() == [{"rows": 30, "spend": 30.0}]


def test_every_fiscal_scheme_has_its_days_beside_the_calendars_own(work):
    nrf = {"kind": "weeks", "pattern": "4-5-4", "ends_on": "saturday", "end_month": 1, "rule": "nearest",
           "named_by": "start"}  # fmt: skip
    calendar = service.get_calendar(work)
    plain = service.definition_of(calendar).model_dump(mode="json")
    definition = service.CalendarDefinition.model_validate(plain | {"other_fiscal": {"nrf": [nrf]}})
    service.update_calendar(work, definition=definition)
    service.refresh_days(work, calendar_id=calendar.id)
    table = work.warehouse.table(FISCAL_DAYS.name)
    day = table.filter(table.date == date(2024, 2, 3), table.version_to.isnull())
    rows = {row["scheme"]: row for row in work.warehouse.to_arrow(day).to_pylist()}
    assert {name: (row["fiscal_year"], row["fiscal_week"]) for name, row in rows.items()} == {
        "nrf": (2023, 53),
        "primary": (2024, 5),
    }
    current = work.warehouse.to_arrow(table.filter(table.version_to.isnull()).select("calendar_id", "scheme", "date"))
    assert len({tuple(row.values()) for row in current.to_pylist()}) == current.num_rows
