from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kalends.demo.events import RECIPES, black_friday, budget_curve, effect_curve, nth_weekday, plan_events

pytestmark = pytest.mark.unit


def plan(**changes):
    (found,) = (
        one
        for one in plan_events(
            rng=np.random.default_rng(1), first=date(2025, 1, 1), end=date(2025, 12, 31), until=date(2025, 12, 31)
        )
        if one.event.key == "black-friday-2025"
    )
    return replace(found, **changes)


DAYS = np.arange("2025-11-26", "2025-12-14", dtype="datetime64[D]")


# The Fridays after Thanksgiving, as calendars print them.
@pytest.mark.parametrize(
    ("year", "day"), [(2021, 26), (2022, 25), (2023, 24), (2024, 29), (2025, 28), (2026, 27), (2029, 23)]
)
def test_black_friday(year, day):
    assert black_friday(year) == date(year, 11, day)


def test_the_nth_weekday_counts_from_a_month_that_begins_with_it():
    assert nth_weekday(year=2026, month=6, weekday=0, nth=1) == date(2026, 6, 1)
    assert nth_weekday(year=2026, month=6, weekday=6, nth=2) == date(2026, 6, 14)


def test_demand_is_lifted_then_dips_then_is_as_before():
    curve = effect_curve(days=DAYS, plan=plan(lift=1.4))
    assert curve[:2].tolist() == [1.0, 1.0]
    assert curve[2:6].tolist() == [2.4] * 4
    assert curve[6] == pytest.approx(1 - 0.24)
    assert (np.diff(curve[6:16]) > 0).all()
    assert curve[15:].tolist() == [1.0, 1.0, 1.0]


def test_budgets_rise_only_while_the_event_runs():
    assert budget_curve(days=DAYS, plan=plan()).tolist() == [1.0] * 2 + [2.0] * 4 + [1.0] * 12


def test_lifts_stay_near_their_recipes():
    plans = plan_events(
        rng=np.random.default_rng(3), first=date(2020, 1, 1), end=date(2025, 12, 31), until=date(2025, 12, 31)
    )
    ratios = [one.lift / one.recipe.lift for one in plans]
    assert 0.85 <= min(ratios) < max(ratios) <= 1.15
    assert {one.recipe.slug for one in plans} == {recipe.slug for recipe in RECIPES}


def test_what_happens_every_other_year_is_left_out_in_between():
    plans = plan_events(
        rng=np.random.default_rng(3), first=date(2024, 1, 1), end=date(2025, 12, 31), until=date(2027, 12, 31)
    )
    fairs = [one.event.key for one in plans if one.recipe.slug == "light-fair"]
    assert fairs == ["light-fair-2024", "light-fair-2026"]
    assert {one.event.status for one in plans if one.event.start.year == 2027} == {"tentative"}
