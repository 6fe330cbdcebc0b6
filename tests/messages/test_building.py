"""Weeks of random pages hold every written rule, and the same inputs and seed give the same bytes."""

import os
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from proof import proof
from random_pages import random_page, told
from schedule_checker import faults

from kalends.messages.building import build_schedule
from kalends.messages.choosing import NoCaptionsError

pytestmark = pytest.mark.unit
PAGES = max(20, int(1_000 * float(os.environ.get("KALENDS_PROVE", "0"))))


def test_random_pages_break_no_rule():
    wrong, built, empty, relaxed = {}, 0, 0, 0
    for seed in range(PAGES):
        inputs, page = random_page(seed)
        try:
            schedule = build_schedule(inputs, seed=seed)
        except NoCaptionsError:
            assert not any(each.is_free_now for each in inputs.bank)
            empty += 1
            continue
        built += 1
        relaxed += bool(schedule.relaxed or schedule.unplaced)
        names = {each.rule for each in schedule.relaxed}
        found = faults(
            page, told(schedule), relaxed=names, unplaced=[str(each.message_type) for each in schedule.unplaced]
        )
        if found:
            wrong[seed] = found
    proof("random pages built, without captions, with rules relaxed, in fault", (built, empty, relaxed, len(wrong)))
    assert wrong == {}
    assert built > 0.8 * PAGES


def test_the_same_inputs_and_seed_give_the_same_bytes():
    for seed in range(6):
        one, other = (build_schedule(random_page(seed)[0], seed=3).as_json() for _ in range(2))
        assert one == other
    assert build_schedule(random_page(5)[0], seed=4).as_json() != one


CHANGES = {
    "America/New_York": date(2026, 11, 1), "America/Los_Angeles": date(2026, 3, 8), "America/St_Johns": date(2026, 11, 1),
    "America/Chicago": date(2026, 3, 8), "America/Denver": date(2026, 11, 1), "America/Santiago": date(2026, 4, 4),
    "America/Halifax": date(2026, 3, 8), "America/Havana": date(2026, 3, 8), "Europe/London": date(2026, 3, 29),
    "Europe/Berlin": date(2026, 10, 25), "Europe/Madrid": date(2026, 3, 29), "Europe/Lisbon": date(2026, 10, 25),
    "Europe/Athens": date(2026, 3, 29), "Europe/Chisinau": date(2026, 10, 25), "Asia/Beirut": date(2026, 3, 29),
    "Asia/Jerusalem": date(2026, 3, 27), "Australia/Sydney": date(2026, 10, 4), "Australia/Adelaide": date(2026, 4, 5),
    "Australia/Lord_Howe": date(2026, 10, 4), "Pacific/Auckland": date(2026, 4, 5), "Africa/Cairo": date(2026, 4, 24),
}  # fmt: skip
"""Zones and a day on which their clocks change."""


def test_weeks_in_which_clocks_change_are_right():
    for number, (zone, day) in enumerate(CHANGES.items()):
        place = ZoneInfo(zone)
        ends = [datetime.combine(day + timedelta(days=more), time(12), tzinfo=place).utcoffset() for more in (-2, 2)]
        assert ends[0] != ends[1], zone
        inputs, page = random_page(1_000 + number, zone=zone, first_day=day - timedelta(days=number % 7), is_rich=True)
        schedule = build_schedule(inputs, seed=number)
        names = {each.rule for each in schedule.relaxed}
        unplaced = [str(each.message_type) for each in schedule.unplaced]
        assert faults(page, told(schedule), relaxed=names, unplaced=unplaced) == [], zone
