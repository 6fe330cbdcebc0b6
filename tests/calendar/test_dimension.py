"""The views that other tools read: the days of the default calendar, and what consolidations did."""

from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import text

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.warehouse import PostgresWarehouse
from kalends.calendar import service
from kalends.calendar.dimension import DIMENSION_COLUMNS, PUBLISHED, VIEW
from kalends.calendar.events import EventFields
from kalends.calendar.runs import METADATA_COLUMNS, consolidation_metadata
from kalends.identity.service import create_tenant

SALE = EventFields(name="Sale", starts_on=date(2026, 5, 4), ends_on=date(2026, 5, 5))


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request, house, postgres):
    """Each engine that a warehouse may be in."""
    if request.param == "postgres":
        name = f"warehouse_{new_id().hex}"
        with postgres.superuser() as connection:
            connection.execute(f"CREATE DATABASE {name}")
            dsn = postgres.server.dsn_for(database=name)
            house.warehouse = PostgresWarehouse(url=dsn)
    return request.param


def dimension(work):
    return pl.from_arrow(work.warehouse.execute(f"SELECT * FROM {VIEW} ORDER BY date_key"))


def test_the_view_has_a_row_for_each_day_of_the_default_calendar(engine, work, clock):
    calendar = service.get_calendar(work)
    definition = service.definition_of(calendar)
    rows = dimension(work)
    assert tuple(rows.columns) == DIMENSION_COLUMNS
    assert rows.height == (definition.last_day - definition.first_day).days + 1
    assert rows["date_key"].n_unique() == rows["id"].n_unique() == rows.height
    day = rows.row(by_predicate=pl.col("date_key") == 20260504, named=True)
    assert (day["id"], day["fiscal_year"], day["fiscal_quarter"]) == (f"{calendar.id}:20260504", 2026, 2)
    assert (day["created_at"], day["updated_at"]) == (clock.now, clock.now)


def test_a_day_that_changed_says_when(engine, work, clock):
    made = clock.now
    calendar = service.get_calendar(work)
    clock.advance(days=2)
    work.now = clock.now
    service.create_event(work, fields=SALE)
    service.refresh_days(work, calendar_id=calendar.id)
    rows = {row["date_key"]: row for row in dimension(work).iter_rows(named=True)}
    assert (rows[20260504]["created_at"], rows[20260504]["updated_at"]) == (made, made + timedelta(days=2))
    assert rows[20260601]["updated_at"] == made
    assert len(rows) == dimension(work).height  # the days' earlier versions are not shown


def test_another_calendar_does_not_show(engine, work):
    service.get_calendar(work)
    other = service.definition_of(service.get_calendar(work)).model_copy(update={"name": "Other"})
    before = dimension(work)
    service.define_calendar(work, definition=other)
    assert dimension(work).equals(before)


def test_what_was_published_before_it_was_noted_is_known(work, clock):
    calendar = service.get_calendar(work)
    made = clock.now
    work.warehouse.run(f"DROP VIEW {VIEW}")
    work.warehouse.run(f"DROP TABLE {PUBLISHED}")  # as in a company whose days are older than the view
    clock.advance(days=1)
    work.now = clock.now
    service.create_event(work, fields=SALE)
    service.refresh_days(work, calendar_id=calendar.id)
    rows = {row["date_key"]: row for row in dimension(work).iter_rows(named=True)}
    assert (rows[20260601]["created_at"], rows[20260504]["updated_at"]) == (made, clock.now)


def test_what_a_consolidation_did_is_a_view_of_its_own(client, house, scope):
    source = client.post("/api/v1/calendar/sources", json={"label": "Team"}).json()
    content = b"id,name,start,end\nt1,Spring gala,2026-03-02,2026-03-08\n"
    raw = {"content-type": "application/octet-stream"}
    client.post(f"/api/v1/calendar/sources/{source['id']}/file?file_name=x.csv", content=content, headers=raw)
    client.post("/api/v1/calendar/consolidate", json={})
    with house.work(scope) as work:
        found = work.session.execute(text("SELECT * FROM calendar_consolidation_metadata"))
        assert tuple(found.keys()) == METADATA_COLUMNS
        [row] = consolidation_metadata(work)
        assert (list(row["source_calendars"]), row["quality_score"]) == (["team"], 100)
    [told] = client.get("/api/v1/calendar/consolidation-metadata").json()["rows"]
    assert set(told) == set(METADATA_COLUMNS)
    stranger = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=stranger, role="owner")) as work:
        assert consolidation_metadata(work) == []
