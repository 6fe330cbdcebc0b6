"""Three kinds of calendar tables that programs send as JSON: known by their columns, and what is not taken is told."""

from datetime import date, timedelta

import pytest

from kalends.calendar.reading.shapes import SHAPES, level_of, score_scale, shape_of

WINDOW = "start=2026-01-01&end=2026-12-31"


@pytest.fixture
def send(client):
    source = client.post("/api/v1/calendar/sources", json={"label": "Warehouse"}).json()

    def post(rows, **query):
        path = f"/api/v1/calendar/sources/{source['id']}/rows"
        answer = client.post(path, json={"rows": rows}, params=query)
        assert answer.status_code == 200, answer.text
        client.post("/api/v1/calendar/consolidate", json={})
        return answer.json()

    return post


def events(client, *names):
    found = client.get(f"/api/v1/calendar/events?{WINDOW}").json()["events"]
    return [tuple(event[name] for name in names) for event in found]


def dimension_row(day, holiday=None):
    return {
        "date": day.isoformat(), "date_key": int(f"{day:%Y%m%d}"), "fiscal_year": 2026, "fiscal_quarter": 4,
        "day_name": f"{day:%A}", "is_weekend": day.weekday() > 4, "is_holiday": holiday is not None,
        "holiday_name": holiday,
    }  # fmt: skip


def test_a_calendar_dimension_gives_its_named_days(client, send):
    named = {date(2026, 12, 25): "Christmas", date(2026, 12, 26): "Christmas", date(2026, 7, 3): "Independence Day"}
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    told = send([dimension_row(day, named.get(day)) for day in days])
    assert (told["kept"], told["refused"], told["entries"]) == (365, 0, 2)
    assert events(client, "name", "starts_on", "ends_on", "type") == [
        ("Independence Day", "2026-07-03", "2026-07-03", "holiday"),
        ("Christmas", "2026-12-25", "2026-12-26", "holiday"),
    ]
    assert told["notes"] == [
        "It was read as a calendar dimension, a row for each day: days that have a name become events.",
        "Not taken: date_key, fiscal_year, fiscal_quarter, is_weekend.",
    ]


def test_a_named_day_that_says_it_is_no_holiday_is_an_event_of_another_type(client, send):
    row = dimension_row(date(2026, 12, 24), "Stocktaking") | {"is_holiday": False}
    send([row, dimension_row(date(2026, 12, 25), "Christmas")])
    assert events(client, "name", "type") == [("Stocktaking", "other"), ("Christmas", "holiday")]


def test_a_causal_calendar_gives_directions_levels_and_windows(client, send):
    rows = [
        {"event_name": "Spring sale", "event_type": "promotional_period", "start_date": "2026-04-01",
         "end_date": "2026-04-05", "expected_effect": 0.18, "impact_score": 0.8, "pre_window": 3, "post_window": 7,
         "region": ["US", "CA"], "baseline": 1200.5},
        {"event_name": "Rival’s launch", "event_type": "competitor_event", "start_date": "2026-05-10T00:00:00Z",
         "end_date": "2026-05-10T00:00:00Z", "expected_effect": -0.05, "impact_score": 0.3, "pre_window": None,
         "post_window": "two weeks", "region": "US", "baseline": 1180},
    ]  # fmt: skip
    told = send(rows)
    assert (told["kept"], told["mended"]) == (1, 1)
    fields = ("name", "starts_on", "ends_on", "type", "direction", "impact", "days_before", "days_after", "markets")
    assert events(client, *fields) == [
        ("Spring sale", "2026-04-01", "2026-04-05", "promotional_period", "up", "critical", 3, 7, ["CA", "US"]),
        ("Rival’s launch", "2026-05-10", "2026-05-10", "competitor_event", "down", "medium", 0, 0, ["US"]),
    ]
    assert told["notes"] == [
        f"It was read as {SHAPES[0].words}.",
        "Not taken: baseline.",
        "impact_score was read as a score from 0 to 1, a quarter for each level.",
    ]
    assert told["fates"][0]["reasons"] == ["'two weeks' was not understood as days after and left out."]


def test_a_causal_calendar_by_day_gives_spans(client, send):
    days = [date(2026, 11, 25) + timedelta(days=n) for n in range(8)]
    rows = [{"date": f"{day}", "event_name": "Black Week" if day.day > 25 else "", "expected_lift": "12%"}
            for day in days]  # fmt: skip
    told = send(rows)
    assert events(client, "name", "starts_on", "ends_on", "direction") == [
        ("Black Week", "2026-11-26", "2026-11-30", "up")
    ]
    assert told["entries"] == 1


def test_prophets_table_of_holidays(client, send):
    send([{"holiday": "playoff", "ds": "2026-01-12", "lower_window": -1, "upper_window": 1, "prior_scale": 10}])
    assert events(client, "name", "starts_on", "days_before", "days_after") == [("playoff", "2026-01-12", 1, 1)]


def test_a_calendar_of_campaigns(client, send):
    rows = [
        {"campaign_id": "c1", "campaign_name": "Brand always-on", "channel": "search", "start": "2026-01-01",
         "end": "2026-12-31", "budget": 120000, "status": "Running", "owner": "Ada", "objective": "awareness"},
        {"campaign_id": "c2", "campaign_name": "Mother’s Day gifts", "channel": "social, email",
         "start": "2026-04-27", "end": "2026-05-10", "budget": 30000, "status": "Paused", "owner": "Ben",
         "objective": "sales"},
    ]  # fmt: skip
    told = send(rows)
    assert events(client, "name", "starts_on", "ends_on", "channels", "status", "owner") == [
        ("Brand always-on", "2026-01-01", "2026-12-31", ["search"], "confirmed", "Ada"),
        ("Mother’s Day gifts", "2026-04-27", "2026-05-10", ["email", "social"], "tentative", "Ben"),
    ]
    assert told["notes"][1] == "Not taken: budget, objective."
    rows[1]["start"] = "2026-04-28"
    again = send(rows)
    assert (again["changed"], again["added"], again["removed"]) == (1, 0, 0)


def test_a_trial_of_rows_writes_nothing(client, send):
    told = send([{"campaign_name": "A", "start": "2026-01-01", "budget": 1}], is_trial=True)
    assert (told["kept"], told["added"]) == (1, 0)
    assert events(client, "name") == []


def test_a_bad_row_is_told_and_the_others_stay(client, send):
    rows = [{"campaign_name": "A", "start": "2026-01-01", "budget": 1}, {"campaign_name": "B", "start": "soon"}]
    told = send(rows)
    assert (told["kept"], told["refused"]) == (1, 1)
    assert told["fates"][0]["where"] == "row 2"


@pytest.mark.parametrize(
    ("texts", "scale"),
    [(["0.2", "", "0.9"], 1), (["7", "2.5"], 10), (["80", "15"], 100), (["1", "5"], None), (["high", "0.2"], None),
     (["250"], None), ([], None), (["-0.4"], 1)],
)  # fmt: skip
def test_what_scores_are_out_of(texts, scale):
    assert score_scale(texts) == scale


def test_levels_are_quarters():
    assert [level_of(number, scale=10) for number in (0, 2.4, 2.5, 5, -7.5, 10)] == [
        "low", "low", "medium", "high", "critical", "critical",
    ]  # fmt: skip


def test_a_plain_list_is_no_shape():
    assert shape_of(["Name", "Start", "End", "Status"]) is None
