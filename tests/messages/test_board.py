"""The board of a week: its clock, its free minutes, and what is said of it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.messages.origins import origins_of
from kalends.messages.pages.board import _missing, clock, clock_note, next_day_slot, next_slot, slots_of
from kalends.messages.pages.words import chance_words, gap_words, why_so_many
from kalends.messages.schedule_views import LegalSpan
from kalends.messages.volume import DEFAULTS, Tier, Zone
from kalends.messages.weekrules import PageHabits, TemplateRules, Wish

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]


def instant(minute):
    return datetime.fromtimestamp(minute * 60, UTC)


@pytest.mark.parametrize(("day", "words"), [(SPRING, "forward: 23"), (AUTUMN, "back: 25"), (date(2026, 6, 1), "")])
def test_the_day_says_what_its_clocks_do(day, words):
    assert words in clock_note(day, BERLIN)


def test_an_hour_that_the_clocks_jump_over_is_shaded():
    assert [(each.start, each.end) for each in _missing(SPRING, BERLIN)] == [(120, 180)]
    assert _missing(AUTUMN, BERLIN) == ()


def test_an_hour_that_comes_twice_is_told_apart():
    once, again = (datetime(2026, 10, 25, hour, 10, tzinfo=UTC).astimezone(BERLIN) for hour in (0, 1))
    assert (clock(once), clock(again)) == ("02:10", "02:10 (2nd)")


@st.composite
def spans(draw):
    zone = draw(st.sampled_from(ZONES))
    first = draw(st.sampled_from([date(2026, 3, 23), date(2026, 10, 19), date(2026, 3, 30), date(2026, 7, 6)]))
    start = datetime.combine(first, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    ends = sorted(draw(st.sets(st.integers(0, 7 * 24 * 60 - 61), min_size=2, max_size=8)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    found = [LegalSpan(start + timedelta(minutes=one), start + timedelta(minutes=other)) for one, other in pairs]
    return zone, first, found


@given(spans())
def test_slots_are_the_legal_minutes_without_quarters(given_spans):
    zone, first, found = given_spans
    slots = slots_of(found, zone=zone, first_day=first)
    minutes = []
    for day, start, end, at in slots:
        for step in range(end - start):
            local = instant(at + step).astimezone(ZoneInfo(zone))
            assert (local.date() - first).days == day
            assert local.hour * 60 + local.minute == start + step
            minutes.append(at + step)
    wanted = [int(each.start.timestamp() // 60) + step for each in found
              for step in range(int((each.end - each.start).total_seconds() // 60))]  # fmt: skip
    assert minutes == [minute for minute in wanted if minute % 15]


@given(spans(), st.integers(0, 7 * 24 * 60), st.sampled_from([-15, -1, 1, 15]))
def test_the_next_slot_is_the_nearest_legal_minute_that_far(given_spans, at, step):
    zone, first, found = given_spans
    slots = slots_of(found, zone=zone, first_day=first)
    here = datetime.combine(first, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC) + timedelta(minutes=at)
    legal = [begin + place for _, start, end, begin in slots for place in range(end - start)]
    wanted = int(here.timestamp() // 60) + step
    right = [minute for minute in legal if (minute >= wanted if step > 0 else minute <= wanted)]
    best = (min(right) if step > 0 else max(right)) if right else None
    assert next_slot(slots, after=here, step=step) == (None if best is None else instant(best))


def test_the_same_time_on_the_next_day_that_is_free():
    monday = date(2026, 7, 6)
    span = LegalSpan(*(datetime(2026, 7, 8, hour, tzinfo=BERLIN) for hour in (18, 22)))
    slots = slots_of([span], zone="Europe/Berlin", first_day=monday)
    local = datetime(2026, 7, 6, 19, 7, tzinfo=BERLIN)
    assert next_day_slot(slots, local=local, first_day=monday, step=1) == datetime(2026, 7, 8, 17, 7, tzinfo=UTC)
    assert next_day_slot(slots, local=local, first_day=monday, step=-1) is None
    late = local.replace(hour=23)
    assert next_day_slot(slots, local=late, first_day=monday, step=1) == datetime(2026, 7, 8, 19, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tier", "zone", "ppv", "bumps"),
    [("MICRO", "GREEN", 6, 4), ("SMALL", "GREEN", 8, 6), ("MEDIUM", "YELLOW", 9, 9), ("LARGE", "RED", 8, 24),
     ("MEGA", "RED", 10, 32)],
)  # fmt: skip
def test_why_so_many_gives_the_formula_with_its_numbers(tier, zone, ppv, bumps):
    said = why_so_many(origins_of(Tier(tier), Zone(zone), tables=DEFAULTS).as_dict())
    assert said[2].endswith(f"% are {ppv}.")
    assert said[3].endswith(f"% are {bumps}.")
    assert ("rest" in said[-1]) == (zone == "RED")
    assert len(said) == 5 + (zone == "RED")


def test_why_so_many_names_who_said_otherwise():
    page = PageHabits("UTC", ppvs=9, min_gap_minutes=200)
    wish = Wish(date(2026, 3, 9), template=TemplateRules(ppvs=4, bumps=1), before_trial=TemplateRules(bumps=1),
                trial_name="Fewer", share=0.5)  # fmt: skip
    said = why_so_many(origins_of(Tier.SMALL, Zone.YELLOW, tables=DEFAULTS, page=page, wish=wish).as_dict())
    assert said[4:] == [
        "This page sends 9 paid messages a week instead.",
        "The template sends 1 bump a week instead.",
        "The trial “Fewer” has this week by lot: its way sends 4 paid messages and 1 bump a week instead.",
        "The week had begun: 50% of it was left, and so much of these numbers.",
        "Between paid messages: 3 h 20 min and 30 min more for the zone.",
    ]


def test_numbers_in_plain_words():
    assert gap_words(150) == "2 h 30 min"
    assert gap_words(60) == "1 h"
    assert "about 1 time." in chance_words(0.001)
    assert "no other choice" in chance_words(1.0)
