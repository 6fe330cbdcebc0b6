"""Home keeps its answers, and never shows a kept one that no longer holds, or that is somebody else's."""

import html
import io
import json
import re
from datetime import date

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from kalends.base.formats import money
from kalends.base.scope import Scope
from kalends.base.worker import run_task
from kalends.calendar import service as calendar
from kalends.identity.service import Door, create_tenant
from kalends.insight import asking
from kalends.insight import service as insight
from kalends.insight.kept import packed, unpacked
from kalends.insight.schemas import InsightsIn
from kalends.marketing import service as marketing
from kalends.web.strips import revenue_strip

PERIOD = "2026-02-01..2026-02-28"


def row(day, *, value, spend="10.00"):
    return {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "campaign_name": "C1", "adset_id": "s1",
        "ad_id": "a1", "date_start": day, "date_stop": day, "spend": spend, "impressions": "1000", "clicks": "20",
        "actions": [{"action_type": "purchase", "value": "2"}],
        "action_values": [{"action_type": "purchase", "value": value}],
    }  # fmt: skip


@pytest.fixture
def work_off(house):
    """Run every waiting task of a scope's tenant."""

    def run(scope):
        with house.work(scope) as work:
            waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id"))
            tasks = list(waiting.scalars())
        for task in tasks:
            run_task(house, scope.tenant_id, task)

    return run


@pytest.fixture
def ingest(house, scope, work_off):
    """Load rows of Meta ads until they are published, for the company or another tenant's scope."""

    def load(*rows, scope=scope):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source="facebook_ads")
        work_off(scope)

    return load


@pytest.fixture
def reader(signed_in):
    """A signed-in browser's look at Home, as text: `reader("viewer")(period)`."""

    def make(role="viewer", **more):
        client = signed_in(role, **more)

        def look(period=PERIOD):
            page = client.get("/", params={"period": period}, headers={"accept": "text/html"})
            assert page.status_code == 200, page.text
            return page.text

        return look

    return make


def revenue(page):
    """The first key figure."""
    return re.search(r'class="figure-value[^"]*">\s*([^<]+?)\s*<', page)[1]


def euros(value):
    return money(value, currency="EUR")


def lookups():
    """Look-ups in the cache so far: found, made."""
    return [REGISTRY.get_sample_value("kalends_cache_lookups_total", {"outcome": one}) or 0 for one in ("hit", "miss")]


def grown(before):
    return [now - then for now, then in zip(lookups(), before, strict=True)]


def test_a_second_look_asks_the_warehouse_nothing(house, ingest, reader):
    ingest(row("2026-02-10", value="50.00"))
    look = reader()
    look()  # the very first also makes the calendar
    first, before, opened = look(), lookups(), []
    tenant = house.warehouse.tenant
    house.warehouse.tenant = lambda tenant_id: (opened.append(tenant_id), tenant(tenant_id))[1]
    assert look() == first
    assert (grown(before), opened) == ([2, 0], [])
    look("2026-02-01..2026-02-27")
    assert grown(before)[1] == 1
    assert opened


def test_new_data_shows_at_once(scope, ingest, reader, work_off):
    ingest(row("2026-02-10", value="50.00"))
    look = reader()
    look()
    work_off(scope)  # the calendar that the first look has made
    assert revenue(look()) == euros(50)
    ingest(row("2026-02-10", value="70.00"), row("2026-02-11", value="5.00"))
    assert revenue(look()) == euros(75)
    assert "through 11 Feb" in look()


def test_each_company_sees_its_own(house, ingest, reader):
    ingest(row("2026-02-10", value="50.00"))
    other = create_tenant(house, name="Borealis")
    ingest(row("2026-02-10", value="7.00"), scope=Scope(tenant_id=other, role="owner", label="test"))
    ours, theirs = reader(), reader(tenant_id=other)
    assert [revenue(look()) for look in (ours, theirs, ours, theirs)] == [euros(50), euros(7), euros(50), euros(7)]


def test_each_role_sees_what_it_may(ingest, reader):
    ingest(row("2026-02-10", value="50.00"))
    analyst, viewer = reader("analyst"), reader("viewer")
    seen = [analyst(), viewer(), analyst()]
    assert ['href="/export"' in page.split('id="home-trend"')[1] for page in seen] == [True, False, True]
    assert ["Add data" in look() for look in (analyst, viewer, reader("editor"))] == [False, False, True]


def test_an_event_that_was_changed_shows_at_once(house, scope, ingest, reader):
    ingest(row("2026-02-10", value="50.00"))
    look = reader()
    assert "Winter sale" not in look()
    fields = {"name": "Winter sale", "starts_on": date(2026, 2, 9), "ends_on": date(2026, 2, 12)}
    with house.work(scope) as work:
        made = calendar.create_event(work, fields=calendar.EventFields(type="promotional_period", **fields))
    assert '"Winter sale"' in look()
    with house.work(scope) as work:
        calendar.delete_event(work, event_id=made.id)
    assert "Winter sale" not in look()


def test_after_midnight_the_days_move_on(clock, ingest, reader):
    ingest(row("2026-02-23", value="3.00"), row("2026-03-01", value="50.00"))
    look = reader()
    assert revenue(look("last 7 days")) == euros(53)
    clock.advance(days=1)
    assert revenue(look("last 7 days")) == euros(50)


def test_the_same_period_is_less_provisional_later(clock, scope, ingest, reader, work_off):
    ingest(row("2026-02-27", value="50.00"))
    reader()()
    work_off(scope)  # the calendar that the first look has made
    may_change = re.compile(r"after \d+ \w+ provisional")
    assert may_change.search(reader()())
    clock.advance(days=40)
    assert not may_change.search(reader()())


def test_what_is_read_while_a_batch_is_applied_comes_from_the_log_and_is_kept(
    house, scope, ingest, reader, monkeypatch
):
    monkeypatch.setattr(asking, "_PAUSES", (0.02, 0.02))
    ingest(row("2026-02-10", value="50.00"))
    with house.work(scope) as work:  # as if the next batch had been applied and were about to be published
        work.warehouse.run("INSERT INTO scopes BY NAME SELECT * REPLACE (batch_seq + 1 AS batch_seq) FROM scopes")
    look = reader()
    look()  # makes the calendar
    before = lookups()
    assert [revenue(look()) for _ in range(2)] == [euros(50)] * 2
    assert grown(before) == [1, 3]  # not the overview, which reads what is there now
    with house.work(scope) as work:
        work.warehouse.run("DELETE FROM scopes WHERE batch_seq > 1")
    before = lookups()
    assert [revenue(look()) for _ in range(2)] == [euros(50)] * 2
    assert grown(before) == [3, 1]


@pytest.mark.parametrize("dimensions", [(), ("channel",), ("date", "campaign_name")])
def test_an_answer_comes_out_of_its_bytes_as_it_went_in(house, scope, ingest, dimensions):
    ingest(row("2026-02-10", value="50.00"), row("2025-02-11", value="8.00"))
    period = insight.Period(date(2026, 2, 1), date(2026, 2, 28), "February")
    before = insight.compare("same_weekdays_last_year", period=period)
    with house.work(scope) as work:
        asked = insight.Query(("revenue", "roas", "leads"), period, dimensions, compare_to=before, currency="EUR")
        told = insight.run(work, query=asked)
    assert told.totals["revenue"] == 50
    assert unpacked(packed(told, told)) == [told, told]
    assert unpacked(packed(told))[0].handle == told.handle


def land(house, scope, work_off, source, *rows):
    """Load rows of a source until they are published."""
    body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
    marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source=source)
    work_off(scope)


def figures(page):
    """The key figures and where they come from: label -> (value, address)."""
    found = re.findall(r'<a class="card figure" href="([^"]*)".*?figure-label[^>]*>\s*([^<]+?)\s*<.*?figure-value[^>]*>\s*([^<]+?)\s*<',
                       page, re.DOTALL)  # fmt: skip
    return {label: (value, html.unescape(href)) for href, label, value in found}


def test_a_sale_that_the_shop_counts_is_shown_once(house, scope, ingest, reader, work_off):
    days = [f"2026-02-{day:02}" for day in range(1, 29)]
    ingest(*(row(day, value="70.00") for day in days))
    look = reader()
    assert figures(look())["Revenue"][0] == euros(28 * 70)
    orders = [{"order_id": f"A-{day}", "created_at": day, "total": 40, "currency": "EUR"} for day in days]
    land(house, scope, work_off, "orders", *orders)
    page = look()
    shown = figures(page)
    assert (shown["Revenue"][0], shown["Conversions"][0], shown["Spend"][0]) == (euros(28 * 40), "28", euros(280))
    assert shown["Return on ad spend"][0] == "4.00"
    assert shown["Revenue"][1] == "/data/reconciliation?metric=revenue"
    assert shown["Spend"][1].startswith("/trace?")
    assert "Revenue and conversions: every sale once, as counted by Shop orders." in page
    assert "Together the platforms claim 75\u202f% more revenue and 100\u202f% more conversions." in page


def test_an_analytics_tool_adds_nothing_to_what_platforms_deliver(house, scope, ingest, reader, work_off):
    days = [f"2026-02-{day:02}" for day in range(1, 29)]
    told = [
        {"property_id": "1", "date": day.replace("-", ""), "sessions": "9", "advertiserAdCost": "10.00",
         "totalRevenue": "30.00", "keyEvents": "500", "currencyCode": "EUR"}
        for day in days
    ]  # fmt: skip
    land(house, scope, work_off, "google_analytics", *told)
    look = reader()
    assert figures(look())["Spend"][0] == euros(280)  # nobody else says
    ingest(*(row(day, value="70.00") for day in days))
    shown = figures(look())
    assert {name: value for name, (value, _) in shown.items()} == {
        "Revenue": euros(28 * 30),
        "Spend": euros(280),
        "Return on ad spend": "3.00",
        "Conversions": "56",
    }


def test_the_calendar_and_the_answers_say_what_the_shop_counts(house, scope, ingest, work_off):
    days = [f"2026-02-{day:02}" for day in range(1, 29)]
    ingest(*(row(day, value="70.00") for day in days))
    land(
        house,
        scope,
        work_off,
        "klaviyo",
        {"groupings": {"campaign_id": "k"}, "date": days[0], "statistics": {"conversions": 1, "conversion_value": 5.0}},
    )
    orders = [{"order_id": f"A-{day}", "created_at": day, "total": 40, "currency": "EUR"} for day in days]
    land(house, scope, work_off, "orders", *orders[:14])
    with house.work(scope) as work:
        strip = revenue_strip(work, date(2026, 2, 14), date(2026, 2, 15))
        asked = InsightsIn(
            date_range_start="2026-02-01", date_range_end="2026-02-28", metrics=["revenue"], compare_to="none"
        )
        notes = insight.insights(work, asked=asked).notes
        kpis = {
            one.metric: one.value
            for one in insight.insights(work, asked=asked.model_copy(update={"date_range_end": date(2026, 2, 14)})).kpis
        }
        part = insight.insights(
            work, asked=asked.model_copy(update={"data_sources": ["meta_business", "klaviyo"]})
        ).notes
    assert {day.day: one.words for day, one in strip.items()} == {14: f"{euros(40)} revenue"}
    assert "Revenue: 560.00 EUR was counted by Shop orders on 14 of 28 days." in notes
    assert (kpis["revenue"], kpis["spend"], kpis["roas"]) == (14 * 40, 140, 4.0)
    assert not any("was counted" in note for note in part)


def test_a_shop_that_has_loaded_its_orders_alone_sees_them(house, scope, reader, work_off):
    orders = [
        {"order_id": f"A-{day}", "created_at": f"2026-02-{day:02}", "total": 40, "currency": "EUR"}
        for day in range(1, 29)
    ]
    land(house, scope, work_off, "orders", *orders)
    page = reader()()
    assert {name: value for name, (value, _) in figures(page).items()} == {
        "Revenue": euros(28 * 40),
        "Spend": "–",
        "Return on ad spend": "–",
        "Conversions": "28",
    }
    assert "Revenue and conversions: every sale once, as counted by Shop orders." in page


def test_who_only_says_again_what_a_platform_delivers_is_not_added(house, scope, ingest, reader, work_off):
    ingest(row("2026-02-10", value="70.00"))
    again = {"date": "2026-02-10", "channel": "Meta Ads", "spend": 11, "currency": "EUR"}
    land(house, scope, work_off, "finance", again)
    look = reader()
    page = look()
    assert figures(page)["Spend"][0] == euros(10)
    assert "Not added, as platforms say the same themselves: Finance." in page
    land(
        house,
        scope,
        work_off,
        "finance",
        again | {"channel": "Posters", "spend": 5},
        again | {"channel": "Radio", "spend": 2},
    )
    page = look()
    assert figures(page)["Spend"][0] == euros(10 + 5 + 2)
    assert "Not added, as platforms say the same themselves: “Meta Ads”." in page
