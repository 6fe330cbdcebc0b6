"""What an event may say, how records become one event, and what it does to its days."""

import json
from datetime import date, time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kalends.calendar.events import (
    EVENT_FIELDS,
    DatedEvent,
    EventFields,
    SourceRecord,
    event_columns,
    event_type,
    merge,
    touched,
)

pytestmark = pytest.mark.unit
START = date(2024, 6, 10)
FRAME = pl.date_range(date(2024, 6, 1), date(2024, 6, 30), eager=True).alias("date").to_frame()


def event(**more):
    return EventFields(
        **{"name": "Launch", "starts_on": START, "ends_on": date(2024, 6, 12), "type": "product_launch"} | more
    )


def days(*events):
    frame = event_columns(FRAME, events=[DatedEvent(str(n), fields) for n, fields in enumerate(events)])
    return {row["date"].day: row for row in frame.iter_rows(named=True)}


def test_the_last_day_is_included():
    rows = days(event())
    assert [day for day, row in rows.items() if row["events"] == '["0"]'] == [10, 11, 12]
    assert rows[13]["events"] == "[]"
    assert rows[13]["event_impact"] == 0


def test_windows_before_and_after():
    rows = days(event(days_before=2, days_after=1))
    assert [day for day, row in rows.items() if row["event_windows"] == '["0"]'] == [8, 9, 13]
    assert rows[8]["event_impact"] == 0
    assert touched(event(days_before=2, days_after=1)) == (date(2024, 6, 8), date(2024, 6, 13))


@pytest.mark.parametrize(
    ("fields", "effect"),
    [
        ({}, 0.5),
        ({"impact": "critical"}, 1),
        ({"impact": "low"}, 0.25),
        ({"type": "competitor_event", "impact": "high"}, -0.75),
        ({"type": "competitor_event", "direction": "up"}, 0.5),
        ({"type": "market_event"}, 0),
        ({"status": "tentative"}, 0.25),
        ({"status": "cancelled"}, 0),
        ({"type": "our_own_fair"}, 0),
    ],
)
def test_expected_effect(fields, effect):
    assert event(**fields).effect == pytest.approx(effect)


def test_effects_of_one_direction_combine_and_opposite_ones_subtract():
    rows = days(event(impact="high"), event(impact="medium"), event(type="competitor_event", impact="low"))
    assert rows[10]["event_impact"] == pytest.approx(1 - 0.25 * 0.5 - 0.25)


def test_cancelled_events_leave_the_days():
    assert days(event(status="cancelled"))[10]["events"] == "[]"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            event,
            starts_on=st.dates(date(2024, 5, 1), date(2024, 6, 9)),
            ends_on=st.dates(date(2024, 6, 10), date(2024, 7, 20)),
            impact=st.sampled_from(["low", "medium", "high", "critical"]),
            direction=st.sampled_from(["up", "down", "none", None]),
            status=st.sampled_from(["tentative", "confirmed", "cancelled"]),
            days_before=st.integers(0, 20),
        ),
        max_size=8,
    )
)
def test_the_join_keeps_the_days_and_lists_are_right(events):
    rows = event_columns(FRAME, events=[DatedEvent(f"e{n}", fields) for n, fields in enumerate(events)])
    assert rows["date"].to_list() == FRAME["date"].to_list()
    for row in rows.iter_rows(named=True):
        on = [
            f"e{n}" for n, e in enumerate(events) if e.status != "cancelled" and e.starts_on <= row["date"] <= e.ends_on
        ]
        assert json.loads(row["events"]) == on
        assert -1 <= row["event_impact"] <= 1
        assert not set(json.loads(row["event_windows"])) & set(on)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends_on": date(2024, 6, 9)}, "comes before starts_on"),
        ({"ends_on": date(2042, 6, 9)}, "year mistyped"),
        ({"name": "  "}, "at least 1 character"),
        ({"type": "Product Launch"}, "pattern"),
        ({"impact": "huge"}, "low"),
        ({"start_time": time(9)}, "come together"),
        ({"start_time": time(9), "end_time": time(10)}, "zone"),
        ({"zone": "Middle/Earth"}, "IANA"),
        ({"zone": "../etc/passwd"}, "IANA"),
        ({"ends_on": START, "start_time": time(10), "end_time": time(9), "zone": "Europe/Berlin"}, "come after"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(wrong, words):
    with pytest.raises(ValidationError, match=words):
        event(**wrong)


def test_own_types_are_allowed():
    assert event_type(event(type="trade_fair_asia").type).label == "Trade fair asia"


RECORD = event(description="From the agency").model_dump()


def test_a_manual_override_wins_field_by_field():
    drag = {"starts_on": date(2024, 6, 11), "ends_on": date(2024, 6, 13)}
    for records in (
        [SourceRecord("agency", RECORD), SourceRecord("manual", drag)],
        [SourceRecord("manual", drag), SourceRecord("agency", RECORD)],
    ):
        merged = merge(records=records)
        assert merged.fields == event(description="From the agency", **drag)
        assert merged.provenance["starts_on"] == "manual"
        assert merged.provenance["name"] == "agency"
        assert set(merged.provenance) == set(EVENT_FIELDS)


def test_an_event_is_gone_when_its_source_or_a_person_says_so():
    patch = {"name": "Ours"}
    assert merge(records=[SourceRecord("agency", RECORD), SourceRecord("manual", {}, is_deleted=True)]).fields is None
    assert (
        merge(records=[SourceRecord("agency", RECORD, is_deleted=True), SourceRecord("manual", patch)]).fields is None
    )
    assert merge(records=[SourceRecord("manual", RECORD, is_deleted=True)]).fields is None
    assert merge(records=[]).fields is None


def test_without_the_override_the_source_holds_again():
    assert merge(records=[SourceRecord("agency", RECORD)]).fields == EventFields(**RECORD)


def test_among_sources_the_first_in_order_wins():
    other = RECORD | {"name": "Other"}
    assert merge(records=[SourceRecord("a", RECORD), SourceRecord("b", other)]).fields.name == "Launch"
    assert merge(records=[SourceRecord("b", other), SourceRecord("a", RECORD)]).fields.name == "Other"
