"""What the calendar page shows: filters, the year as a heat map, the timeline, fiscal marks, conflicts; and its addresses."""

import re
from datetime import date

import pytest

from kalends.calendar import sources
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.definition import CalendarDefinition, Market
from kalends.calendar.events import DatedEvent, EventFields, event_type
from kalends.calendar.filters import EVERYWHERE, Filters, filters_of
from kalends.calendar.fiscal import MonthlyFiscalYears, WeeklyFiscalYears
from kalends.calendar.forms import type_code
from kalends.calendar.heat import DayFacts, heat_rows, level_of, year_span
from kalends.calendar.looks import Look
from kalends.calendar.month import fiscal_marks
from kalends.calendar.sourcereading import read_file
from kalends.calendar.strips import DayStrip
from kalends.calendar.timeline import Placed, month_ticks, rows_of, span_around, week_ticks

HTMX = {"HX-Request": "true", "Accept": "text/html"}
PAGE = {"Accept": "text/html"}
FORM = {"name": "Sale", "starts_on": "2026-03-10", "ends_on": "2026-03-12", "type": "promotional_period"}


def event(name="Sale", first=date(2026, 3, 10), last=date(2026, 3, 12), **more):
    return EventFields(**{"name": name, "starts_on": first, "ends_on": last, "type": "promotional_period"} | more)


def books(*fiscal):
    return CalendarDefinition(
        name="Books", markets=(Market(country="US"),), fiscal=fiscal or (MonthlyFiscalYears(start_month=2, named_by="end"),),
        first_day=date(2015, 1, 1), last_day=date(2030, 12, 31),
    )  # fmt: skip


RETAIL = WeeklyFiscalYears(pattern="4-5-4", end_month=1, ends_on="saturday", rule="nearest", named_by="start")


# Filters.


@pytest.mark.unit
@pytest.mark.parametrize(
    ("hide", "shows"),
    [
        ("", True),
        ("type:promotional_period", False),
        ("type:trade_show", True),
        ("status:confirmed", False),
        ("source:agency", True),
        ("source:agency,source:manual", False),
        ("market:DE", True),
        ("market:DE,market:AT", False),
        ("nonsense,type:,market:DE;drop", True),
    ],
)
def test_what_is_switched_off_is_not_shown(hide, shows):
    assert filters_of(hide).passes(event(markets=("DE", "AT")), sources={"agency", "manual"}) is shows


@pytest.mark.unit
def test_an_event_of_no_market_is_everywhere():
    assert not Filters(frozenset({f"market:{EVERYWHERE}"})).passes(event(), sources={"manual"})
    assert filters_of("status:tentative,type:holidays").text == "status:tentative,type:holidays"


# The year.


@pytest.mark.unit
def test_years_of_the_calendar_and_of_the_books():
    day = date(2026, 1, 15)
    assert year_span(books(), around=day, kind="calendar") == (date(2026, 1, 1), date(2026, 12, 31))
    assert year_span(books(), around=day, kind="fiscal") == (date(2025, 2, 1), date(2026, 1, 31))
    # The NRF's calendar: fiscal 2025 is 2 February 2025 to 31 January 2026.
    assert year_span(books(RETAIL), around=day, kind="fiscal") == (date(2025, 2, 2), date(2026, 1, 31))


@pytest.mark.unit
def test_every_day_of_a_year_stands_in_the_picture_once():
    first, last = year_span(books(RETAIL), around=date(2024, 1, 10), kind="fiscal")  # of 53 weeks
    rows = heat_rows(DayFacts(events=()), first=first, last=last, shade="impact")
    days = [day.day for row in rows for day in row.days if day]
    assert (len(days), days[0], days[-1]) == (371, first, last)
    assert days == sorted(set(days))
    assert {len(row.days) for row in rows} == {31}


@pytest.mark.unit
def test_shades_and_words():
    sale = DatedEvent("1", event(impact="high"))
    rival = DatedEvent(
        "2", event("Rival", date(2026, 3, 20), date(2026, 3, 20), type="competitor_event", impact="critical")
    )
    strips = {date(2026, 3, 2): DayStrip(1.0, "€9 k revenue")}
    facts = DayFacts(events=(sale, rival), holidays={date(2026, 3, 10): "Some day"}, strips=strips)

    def day(shade, number):
        rows = heat_rows(facts, first=date(2026, 3, 1), last=date(2026, 3, 31), shade=shade)
        return next(each for each in rows[0].days if each and each.day.day == number)

    assert (day("impact", 10).level, day("impact", 10).way) == (3, "up")
    assert (day("impact", 20).level, day("impact", 20).way) == (4, "down")
    assert (day("impact", 1).level, day("impact", 1).words) == (0, "Sun 1 Mar 2026: nothing on")
    assert day("impact", 10).words == "Tue 10 Mar 2026: Sale, Some day. Impact +0.75"
    assert (day("events", 10).level, day("events", 11).level) == (4, 2)
    assert (day("revenue", 2).level, day("revenue", 2).words[-14:]) == (4, ". €9 k revenue")
    assert [level_of(size) for size in (0.0, 0.1, -0.3, 0.6, 1.0)] == [0, 1, 2, 3, 4]


@pytest.mark.unit
def test_where_fiscal_quarters_and_periods_begin():
    asked = {"first": date(2026, 1, 1), "last": date(2026, 6, 30)}
    assert fiscal_marks(definition=books(), **asked) == {
        date(2026, 2, 1): "FY2027 (2026/27) Q1", date(2026, 5, 1): "FY2027 (2026/27) Q2",
    }  # fmt: skip
    marks = fiscal_marks(definition=books(RETAIL), **asked)
    assert [day for day, words in marks.items() if "Q" in words] == [date(2026, 2, 1), date(2026, 5, 3)]
    assert marks[date(2026, 4, 5)] == "P3"


# The timeline.


def placed(id_, fields, sources=("manual",)):
    return Placed(id_, fields, 1, False, frozenset(sources))


@pytest.mark.unit
def test_bars_that_meet_stand_below_each_other():
    events = [
        placed("a", event("A", date(2026, 1, 5), date(2026, 1, 20))),
        placed("b", event("B", date(2026, 1, 10), date(2026, 1, 12))),
        placed("c", event("C", date(2026, 1, 21), date(2026, 1, 25))),
        placed("e", event("E", date(2026, 1, 25), date(2026, 1, 25))),
        placed("d", event("D", date(2025, 12, 20), date(2026, 1, 2), type="trade_show")),
    ]
    first, last = span_around(date(2026, 2, 3), zoom="quarter")
    rows = rows_of(events, by="type", first=first, last=last, labels=str)
    assert [(row.label, row.lanes) for row in rows] == [("Promotion", 2), ("Trade show", 1)]
    assert [(bar.id, bar.at, bar.days, bar.lane) for bar in rows[0].bars] == [
        ("a", 4, 16, 0),
        ("b", 9, 3, 1),
        ("c", 20, 5, 0),
        ("e", 24, 1, 1),
    ]
    assert (rows[1].bars[0].at, rows[1].bars[0].days, rows[1].bars[0].cut) == (0, 2, "start")


@pytest.mark.unit
def test_short_bars_leave_each_other_room():
    days = [date(2026, 1, 5), date(2026, 1, 7), date(2026, 1, 20)]
    events = [placed(str(day), event("Day", day, day)) for day in days]
    asked = {"by": "type", "first": date(2026, 1, 1), "last": date(2026, 12, 31), "labels": str}
    assert [bar.lane for bar in rows_of(events, **asked)[0].bars] == [0, 0, 0]
    assert [bar.lane for bar in rows_of(events, **asked, room=10)[0].bars] == [0, 1, 0]


@pytest.mark.unit
def test_rows_by_source_and_market():
    events = [placed("a", event(markets=("DE", "AT")), ("agency", "manual")), placed("b", event())]
    asked = {
        "first": date(2026, 1, 1),
        "last": date(2026, 3, 31),
        "labels": {"agency": "Agency", "manual": "By hand"}.get,
    }
    assert [(row.label, len(row.bars)) for row in rows_of(events, by="source", **asked)] == [
        ("Agency", 1),
        ("By hand", 2),
    ]
    assert [row.label for row in rows_of(events, by="market", **asked)] == ["AT", "DE", "Everywhere"]


@pytest.mark.unit
def test_the_ruler_covers_every_day():
    for zoom, day, days in (("quarter", date(2026, 12, 31), 92), ("year", date(2028, 2, 29), 366)):
        first, last = span_around(day, zoom=zoom)
        assert sum(tick.days for tick in month_ticks(first, last)) == (last - first).days + 1 == days
        assert all(tick.at + tick.days <= days for tick in week_ticks(first, last))


# Addresses and kinds of one's own.


@pytest.mark.unit
def test_an_address_says_only_what_is_unusual():
    look = Look(view="year", hide="type:holidays", date=date(2026, 3, 2), event="x")
    assert look.href() == "/calendar?view=year&date=2026-03-02&hide=type:holidays"
    assert look.href(view="", hide="", date=None) == "/calendar"


@pytest.mark.unit
def test_kinds_of_ones_own():
    assert [type_code(words) for words in ("Pop-up store", "Börsengang", "Trade show")] == [
        "pop_up_store",
        "borsengang",
        "trade_show",
    ]
    with pytest.raises(ValueError, match="begins with a letter"):
        type_code("拍卖")
    assert event_type("pop_up_store").colour.startswith("own-")


# Pages.


def make(client, **more):
    answer = client.post("/calendar/new", data=FORM | more, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer


def bars(client, **asked):
    feed = client.get("/calendar/feed", params={"start": "2026-02-23", "end": "2026-04-06"} | asked).json()
    return [bar["title"] for bar in feed["events"]]


def test_every_view_filters_alike(client):
    make(client)
    make(client, name="Rival", type="competitor_event", markets="DE")
    assert {"Sale", "Rival"} <= set(bars(client))
    assert {"Sale", "Rival"} & set(bars(client, hide="type:competitor_event,market:everywhere")) == set()
    assert bars(client, hide="type:moments,type:holidays") == ["Rival", "Sale"]
    for view in ("year", "timeline"):
        seen = client.get("/calendar", params={"view": view, "hide": "type:competitor_event"}, headers=PAGE).text
        assert ("Sale" in seen, "Rival" in seen.replace("Competitor", "")) == (True, False)


def test_the_year_is_one_picture(client):
    make(client)
    page = client.get("/calendar", params={"view": "year", "date": "2026-05-05"}, headers=PAGE).text
    assert page.count('role="gridcell"') == 365
    assert "Tue 10 Mar 2026: Sale. Impact +0.50" in page
    assert "date=2025-12-31" in page
    assert "date=2027-01-01" in page
    fiscal = client.get("/calendar", params={"view": "year", "year": "fiscal", "shade": "events"}, headers=PAGE)
    assert "<h1>FY2026</h1>" in fiscal.text


def test_the_timeline(client):
    make(client, markets="DE")
    make(client, name="Everywhere")
    page = client.get(
        "/calendar", params={"view": "timeline", "rows": "market", "date": "2026-03-02"}, headers=PAGE
    ).text
    assert re.findall(r'class="timeline-label">([^<]+)<', page) == ["DE", "Everywhere"]
    assert 'data-start="2026-03-10" data-end="2026-03-12" data-at="68" data-days="3"' in page
    nothing = client.get("/calendar", params={"view": "timeline", "date": "2020-01-01"}, headers=PAGE)
    assert "Nothing is planned here" in nothing.text


def test_an_address_that_makes_no_sense_is_refused_in_words(client):
    assert client.get("/calendar", params={"view": "spiral"}, headers=PAGE).status_code == 422
    for view in ("year", "timeline", "month"):
        for day in ("0001-01-01", "9999-12-31"):
            assert client.get("/calendar", params={"view": view, "date": day}, headers=PAGE).status_code == 422
    assert client.get("/calendar/feed", params={"start": "0001-01-01", "end": "0001-01-03"}).status_code == 422
    make(client, repeats="weekly")
    bar = next(
        bar
        for bar in client.get("/calendar/feed", params={"start": "2026-03-01", "end": "2026-03-20"}).json()["events"]
        if "@" in bar["id"]
    )
    assert client.get(f"/calendar/edit/{bar['id'].split('@')[0]}@9999-12-31", headers=HTMX).status_code == 404


def test_a_kind_of_ones_own_is_among_the_kinds_once_it_was_used(client):
    make(client, own_type="Pop-up store")
    panel = client.get("/calendar/new", headers=HTMX).text
    assert '<option value="pop_up_store">Pop up store</option>' in panel
    assert "Pop up store" in client.get("/calendar", headers=PAGE).text
    refused = client.post("/calendar/new", data=FORM | {"own_type": "42"}, headers=HTMX)
    assert (refused.status_code, "begins with a letter" in refused.text) == (422, True)


def test_times_are_kept_in_the_companys_zone(client):
    make(client, start_time="09:00", end_time="10:30")
    found = client.get("/api/v1/calendar/events", params={"start": "2026-03-01", "end": "2026-03-31"}).json()["events"][
        0
    ]
    assert (found["start_time"], found["end_time"], found["zone"]) == ("09:00:00", "10:30:00", "UTC")
    refused = client.post("/calendar/new", data=FORM | {"start_time": "09:00"}, headers=HTMX)
    assert "Give both times" in refused.text


# One that repeats, on the page.


def test_one_occurrence_or_all_of_them(client):
    make(client, repeats="weekly", times="3")
    feed = client.get("/calendar/feed", params={"start": "2026-03-01", "end": "2026-04-30"}).json()["events"]
    mine = [bar for bar in feed if bar["title"] == "Sale"]
    assert [bar["start"] for bar in mine] == ["2026-03-10", "2026-03-17", "2026-03-24"]
    second, version = mine[1]["id"], mine[1]["row_version"]
    panel = client.get(f"/calendar/edit/{second}", headers=HTMX).text
    assert "It repeats every week on Tuesday, 3 times." in panel
    assert 'name="starts_on" type="date" value="2026-03-17"' in panel
    known = FORM | {"repeats": "weekly", "times": "3", "starts_on": "2026-03-17", "ends_on": "2026-03-19"}
    save = {"name": "Finale", "scope": "one", "row_version": version}
    assert client.post(f"/calendar/edit/{second}", data=known | save, headers=HTMX).status_code == 200
    assert bars(client, hide="type:moments,type:holidays") == ["Sale", "Finale", "Sale"]
    move = {"start": "2026-03-11", "end": "2026-03-14", "scope": "all", "row_version": version + 1}
    first = second.split("@")[0] + "@2026-03-10"
    assert client.put(f"/calendar/move/{first}", json=move).json()["row_version"] == version + 2
    feed = client.get("/calendar/feed", params={"start": "2026-03-01", "end": "2026-04-30"}).json()["events"]
    assert [bar["start"] for bar in feed if bar["kind"] == "promotion"] == ["2026-03-11", "2026-03-18", "2026-03-25"]
    client.post(f"/calendar/delete/{second.split('@')[0]}@2026-03-18", headers=HTMX)
    assert bars(client, hide="type:moments,type:holidays") == ["Sale", "Sale"]


def test_how_it_repeats_is_changed_in_the_panel(client):
    make(client)
    event_id = client.get("/api/v1/calendar/events", params={"start": "2026-03-01", "end": "2026-03-31"}).json()[
        "events"
    ][0]["id"]
    client.post(
        f"/calendar/edit/{event_id}", data=FORM | {"repeats": "yearly_weekday", "until": "2030-01-01"}, headers=HTMX
    )
    rule = client.get(f"/api/v1/calendar/events/{event_id}").json()["recurrence"]
    assert rule == "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU;UNTIL=20300101"
    both = client.post(
        "/calendar/new", data=FORM | {"repeats": "weekly", "until": "2030-01-01", "times": "3"}, headers=HTMX
    )
    assert (both.status_code, "not both" in both.text) == (422, True)


# Where an event comes from.


def test_conflicts_are_marked_and_the_panel_says_who_said_what(client, house, scope):
    heading = b"id,name,start,end,impact\n"
    with house.work(scope) as work:
        for label, row in (("Sales team", b"1,Winter clearance,2026-01-12,2026-01-20,critical\n"),
                           ("Agency", b"a,Winter clearance 2026,2026-01-13,2026-01-20,critical\n")):  # fmt: skip
            source = sources.add_source(work, label=label)
            read_file(work, source_id=source.id, content=heading + row, file_name="x.csv")
            consolidate_pending(work, calendar_id=source.calendar_id)
    feed = client.get("/calendar/feed", params={"start": "2026-01-01", "end": "2026-02-01"}).json()
    bar = next(bar for bar in feed["events"] if bar["title"].startswith("Winter"))
    assert bar["in_conflict"] is True
    assert feed["days"][bar["start"]]["in_conflict"] is True
    panel = client.get(f"/calendar/edit/{bar['id']}", headers=HTMX).text
    assert "Your calendars differ about this event." in panel
    assert "First day: 12 Jan 2026" in panel
    assert "First day: 13 Jan 2026" in panel
    assert 'data-switch="source:agency"' in client.get("/calendar", headers=PAGE).text
    year = client.get("/calendar", params={"view": "year", "date": "2026-01-01"}, headers=PAGE).text
    assert "heat-marked" in year


def test_the_history_says_who_changed_what(client):
    make(client)
    event_id = client.get("/api/v1/calendar/events", params={"start": "2026-03-01", "end": "2026-03-31"}).json()[
        "events"
    ][0]["id"]
    client.post(f"/calendar/edit/{event_id}", data=FORM | {"impact": "critical"}, headers=HTMX)
    panel = client.get(f"/calendar/edit/{event_id}", headers=HTMX).text
    assert "put it on the calendar" in panel
    assert "Impact: medium → critical" in panel
    assert panel.count("Take back") == 1
    client.post(f"/calendar/undo/{event_id}", headers=HTMX)
    assert "took the last change back" in client.get(f"/calendar/edit/{event_id}", headers=HTMX).text
