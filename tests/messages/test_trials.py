"""Trials: lots, honest readings, and weeks that follow them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from message_world import HISTORY, add_captions
from random_pages import random_page

from kalends.base.ids import new_id
from kalends.base.warehouse.postgres import PostgresWarehouse
from kalends.messages import storing, trials
from kalends.messages.building import build_schedule
from kalends.messages.models import PagePerson
from kalends.messages.origins import Own
from kalends.messages.trialplans import (
    Arm,
    TrialIn,
    design,
    plan_of,
    power_of,
    result_of,
    under,
    weekly,
)
from kalends.messages.weekrules import TemplateRules
from kalends.methods.trials import Answer

API = "/api/v1/messages/trials"
FIRST = date(2026, 3, 9)
"""The Monday after the tests' clock begins."""
PLAN = {"spread": 0.2, "blocks": 8, "rule": "at the end", "smallest": 0.1}


def trial_in(page_ids, **fields):
    """A trial of 75 % of the paid messages."""
    usual = {"name": "Fewer", "kind": "volume", "new": {"ppv_percent": 75}, "first_day": FIRST, "weeks": 8}
    return TrialIn.model_validate({**usual, "page_ids": page_ids, **fields})


def steady(pages=8, weeks=12, seed=0, spread=0.1):
    """Page -> what it earned a week, around a level of its own."""
    dice = np.random.default_rng(seed)
    return {f"page {at}": 100 * (at + 1) * np.exp(dice.normal(0, spread, weeks)) for at in range(pages)}


def sent_on(rows):
    """(instant, type, earnings, currency) as a frame."""
    return pl.DataFrame(rows, schema={"sent_at": pl.Datetime("us", "UTC"), "type": pl.String(),
                                      "earnings": pl.Decimal(18, 6), "currency": pl.String()}, orient="row")  # fmt: skip


# The pure part.


def test_a_week_is_one_of_the_pages_own_clock():
    """Sunday 23:30 in New York is Monday in UTC."""
    late = datetime(2026, 3, 16, 3, 30, tzinfo=UTC)
    sent = sent_on([(late, "PPV", Decimal(5), "USD"), (late + timedelta(days=7), "PPV", Decimal(7), "USD")])
    earned = weekly(sent, first_day=FIRST, zone_name="America/New_York", currency="USD", weeks=range(-1, 3))
    assert earned.tolist()[1:3] == [5.0, 7.0]
    assert np.isnan(earned[[0, 3]]).all()


@pytest.mark.parametrize(
    ("kind", "earned", "currency", "known"),
    [("PPV", None, "USD", False), ("PPV", Decimal(1), "EUR", False), ("Bump", None, "USD", True), ("PPV", Decimal(0), "USD", True)],
)  # fmt: skip
def test_a_week_with_something_unknown_is_unknown_and_null_is_not_zero(kind, earned, currency, known):
    start = datetime(2026, 3, 9, 12, tzinfo=UTC)
    sent = sent_on([(start, kind, earned, currency), (start + timedelta(days=6), "PPV", Decimal(4), "USD")])
    found = weekly(sent, first_day=FIRST, zone_name="UTC", currency="USD", weeks=range(1))
    assert np.isfinite(found[0]) == known
    assert not known or found[0] == 4.0


def test_a_week_whose_history_stops_in_the_middle_is_unknown():
    sent = sent_on([(datetime(2026, 3, 11, 12, tzinfo=UTC), "PPV", Decimal(5), "USD")])
    assert np.isnan(weekly(sent, first_day=FIRST, zone_name="UTC", currency="USD", weeks=range(1))).all()


@pytest.mark.parametrize("way", ["pages", "weeks"])
def test_each_pair_has_both_arms_and_the_seed_repeats_the_lot(way):
    told, past = trial_in([new_id()], way=way), steady()
    units = design(told, past, seed=3)
    assert units == design(told, past, seed=3) != design(told, past, seed=4)
    arms = {}
    for unit in units:
        arms.setdefault(unit.block, []).append(unit.is_new)
    assert all(sorted(pair) == [False, True] for pair in arms.values())
    assert len(arms) == power_of(told, past).blocks == (4 if way == "pages" else 32)


def test_power_is_said_before_the_start_and_more_pages_find_less():
    few, many = (power_of(trial_in([new_id()]), steady(pages)) for pages in (6, 40))
    assert few.detectable is None  # three pairs have eight lots: none is rare
    assert many.is_enough == (many.detectable <= 0.05)
    assert many.detectable < power_of(trial_in([new_id()]), steady(40, spread=0.5)).detectable


def came(units, weeks, *, factor, seed=0, spread=0.05, until=None):
    """What pages earned in a trial whose new arm multiplies it; weeks from `until` on are not known yet."""
    dice = np.random.default_rng(seed)
    earned = {}
    for unit in units:
        row = earned.setdefault(unit.page_id, np.full(weeks, np.nan))
        for week in range(weeks) if unit.week is None else [unit.week]:
            if until is None or week < until:
                row[week] = unit.usual * (factor if unit.is_new else 1.0) * np.exp(dice.normal(0, spread))
    return earned


@pytest.mark.parametrize(
    ("factor", "answer"), [(1.3, Answer.BETTER), (0.7, Answer.WORSE), (1.0, Answer.ALIKE)]
)  # fmt: skip
def test_a_difference_that_was_put_in_is_found_with_its_size(factor, answer):
    told = trial_in([new_id()], way="weeks")
    units = design(told, steady(8), seed=1)
    plan = plan_of(PLAN | {"blocks": 32})
    found = result_of(units, came(units, 8, factor=factor), plan=plan, seed=1, is_over=True)
    assert found.answer is answer
    assert found.effect.low < factor - 1 < found.effect.high
    assert found.new / found.old == pytest.approx(factor, abs=0.05)


def test_before_the_end_there_is_no_number():
    units = design(trial_in([new_id()], way="weeks"), steady(8), seed=1)
    plan = plan_of(PLAN | {"blocks": 32})
    found = result_of(units, came(units, 8, factor=1.5, until=4), plan=plan, seed=1, is_over=False)
    assert (found.answer, found.blocks, found.effect, found.old, found.new) == (Answer.NOT_YET, 16, None, None, None)


def test_what_will_never_be_known_is_not_awaited_for_ever():
    units = design(trial_in([new_id()], way="weeks"), steady(8), seed=1)
    earned = came(units, 8, factor=1.5)
    earned["page 0"][:] = np.nan
    plan = plan_of(PLAN | {"blocks": 32})
    assert result_of(units, earned, plan=plan, seed=1, is_over=False).answer is Answer.NOT_YET
    found = result_of(units, earned, plan=plan, seed=1, is_over=True)
    assert (found.answer, found.blocks) == (Answer.BETTER, 28)


def test_nothing_known_is_not_enough():
    units = design(trial_in([new_id()]), steady(8), seed=1)
    none = {unit.page_id: np.full(8, np.nan) for unit in units}
    assert result_of(units, none, plan=plan_of(PLAN), seed=1, is_over=True).answer is Answer.TOO_LITTLE
    assert result_of(units, none, plan=plan_of(PLAN), seed=1, is_over=False).answer is Answer.NOT_YET


def test_what_a_week_leaves_behind_is_warned_of():
    units = design(trial_in([new_id()], way="weeks", weeks=20), steady(12), seed=1)
    arm = {(unit.page_id, unit.week): unit.is_new for unit in units}
    clean = came(units, 20, factor=0.9)
    plan = plan_of(PLAN | {"blocks": 120})
    assert not result_of(units, clean, plan=plan, seed=1, is_over=True).is_carry_seen
    left = {page: np.array([one * (1.2 if arm.get((page, week - 1)) else 1.0) for week, one in enumerate(row)])
            for page, row in clean.items()}  # fmt: skip
    found = result_of(units, left, plan=plan, seed=1, is_over=True)
    assert found.is_carry_seen
    assert found.carry.low < 0.18 < found.carry.high


@pytest.mark.parametrize(("ppv", "bumps"), [(50, 100), (100, 0), (200, 50)])
def test_a_week_under_an_arm_has_so_many_percent_of_its_volume(ppv, bumps):
    inputs, _ = random_page(7)
    usual = build_schedule(inputs, seed=1).rules
    rules = build_schedule(under(Arm(ppv_percent=ppv, bump_percent=bumps), inputs), seed=1).rules
    assert (rules.ppv, rules.bumps) == (usual.ppv * ppv // 100, usual.bumps * bumps // 100)
    assert build_schedule(under(Arm(policy="greedy"), inputs), seed=1).policy == "greedy"


def test_a_week_keeps_what_the_trial_and_those_before_it_said():
    inputs, _ = random_page(7)
    said = replace(inputs.wish, template=TemplateRules(bumps=4))
    of_page = replace(inputs.page, ppvs=10, bumps=8, min_gap_minutes=200)
    origins = build_schedule(under(Arm(ppv_percent=50), replace(inputs, wish=said, page=of_page)), seed=1).origins
    assert (origins.page, origins.template) == (Own(10, 8, 200), Own(bumps=4))
    assert origins.trial == Own(5, 4)
    assert build_schedule(inputs, seed=1).origins.trial is None


def test_arms_differ_in_what_the_trial_is_about_and_in_nothing_else():
    with pytest.raises(ValueError, match="nothing else"):
        trial_in([new_id()], new={"ppv_percent": 75, "policy": "greedy"})
    with pytest.raises(ValueError, match="nothing else"):
        trial_in([new_id()], kind="captions", new={"ppv_percent": 75})


# The service.


@pytest.fixture
def earn(work):
    """`earn(pages, weeks=range(-12, 0), factor=lambda page, week: 1.0)` puts a message a day into the history."""
    dice = np.random.default_rng(5)

    def put(pages, *, weeks=range(-12, 0), factor=lambda page, week: 1.0):
        rows = [
            {
                "page_id": str(page.id), "message_id": f"{week} {day}",
                "sent_at": datetime(2026, 3, 9, 20, tzinfo=UTC) + timedelta(weeks=week, days=day), "type": "PPV",
                "caption_no": None, "price": Decimal(10), "recipients": 1000, "viewed": 400, "purchased": 10,
                "earnings": Decimal(str(round(100 * factor(page, week) * float(np.exp(dice.normal(0, 0.1))), 2))),
                "currency": page.currency, "import_id": "test", "source_row": 1,
            }
            for page in pages for week in weeks for day in range(7)
        ]  # fmt: skip
        work.warehouse.create("page_messages", HISTORY)
        work.warehouse.append("page_messages", pa.Table.from_pylist(rows, schema=HISTORY.to_pyarrow()))

    return put


@pytest.fixture
def pages(add_page, earn):
    """Twelve pages with a quarter's history."""
    made = [add_page(f"Page {at:02}", zone="UTC") for at in range(12)]
    earn(made)
    return made


def ids(pages):
    return [page.id for page in pages]


def test_from_start_to_answer(work, clock, pages, earn):
    trial = trials.start(work, trial_in(ids(pages), seed=1))
    new = {unit.page_id for unit in trials.units_of(trial) if unit.is_new}
    assert len(new) == 6
    earn(pages, weeks=range(8), factor=lambda page, _: 0.6 if str(page.id) in new else 1.0)
    work.now += timedelta(weeks=5)
    assert trials.result(work, trial_id=trial.id)["answer"] == "not finished"
    work.now += timedelta(weeks=5)
    found = trials.result(work, trial_id=trial.id)
    assert found["answer"] == "worse"
    assert found["effect"]["low"] < -0.4 < found["effect"]["high"]
    assert trials.end(work, trial_id=trial.id).result == found
    with pytest.raises(trials.TrialHasEndedError):
        trials.end(work, trial_id=trial.id)


def test_purchases_are_awaited_for_two_days(work, pages, earn):
    trial = trials.start(work, trial_in(ids(pages), way="weeks", weeks=2, rule="at any time", seed=1))
    earn(pages, weeks=range(2))
    work.now = datetime(2026, 3, 25, 0, tzinfo=UTC) - timedelta(seconds=1)
    assert trials.result(work, trial_id=trial.id)["blocks"] == 0
    work.now += timedelta(seconds=1)
    assert trials.result(work, trial_id=trial.id)["blocks"] == 12


def test_earnings_are_the_same_in_every_warehouse(postgres_dsn, scope, work, pages):
    """The tests' house has DuckDB; the same history goes into PostgreSQL."""
    rows = work.warehouse.to_arrow(work.warehouse.table("page_messages"))
    here = trials._earned(work, pages, FIRST, range(-12, 0))
    elsewhere = PostgresWarehouse(url=postgres_dsn)
    with elsewhere.tenant(scope.tenant_id) as other:
        other.create("page_messages", HISTORY)
        other.append("page_messages", rows)
        there = trials._earned(replace(work, _warehouse=other), pages, FIRST, range(-12, 0))
    elsewhere.drop_tenant(scope.tenant_id)
    elsewhere.close()
    assert {page: found.tolist() for page, found in here.items()} == {
        page: pytest.approx(found.tolist()) for page, found in there.items()
    }
    assert np.isfinite(list(here.values())).all()


def test_ended_early_it_has_no_answer(work, pages, earn):
    trial = trials.start(work, trial_in(ids(pages), seed=1))
    earn(pages, weeks=range(4))
    work.now += timedelta(weeks=5)
    assert trials.end(work, trial_id=trial.id).result["answer"] == "not finished"
    work.now += timedelta(weeks=50)
    assert trials.result(work, trial_id=trial.id)["answer"] == "not finished"


def test_weeks_have_the_arm_of_the_week_that_they_begin_in(work, pages):
    trial = trials.start(work, trial_in(ids(pages)[:3], way="weeks", weeks=4, seed=2))
    lots = {(unit.page_id, unit.week): unit.is_new for unit in trials.units_of(trial)}
    page = pages[0].id
    for week in range(4):
        for day in (0, 6):
            found = trials.arm_of(work, page_id=page, first_day=FIRST + timedelta(weeks=week, days=day))
            assert (found.is_new, found.arm.ppv_percent) == (lots[str(page), week], 75 if found.is_new else 100)
    assert trials.arm_of(work, page_id=page, first_day=FIRST - timedelta(days=1)) is None
    assert trials.arm_of(work, page_id=page, first_day=FIRST + timedelta(weeks=4)) is None
    assert trials.arm_of(work, page_id=pages[5].id, first_day=FIRST) is None
    trials.end(work, trial_id=trial.id)
    assert trials.arm_of(work, page_id=page, first_day=FIRST) is None


def test_weeks_that_are_built_follow_the_lot(work, scope, house, pages):
    add_captions(work)
    trial = trials.start(work, trial_in(ids(pages), new={"ppv_percent": 50}, seed=1))
    new = {unit.page_id: unit.is_new for unit in trials.units_of(trial)}
    half = next(page for page in pages if new[str(page.id)])
    whole = next(page for page in pages if not new[str(page.id)])
    work.session.commit()
    counts = {}
    for page in (half, whole):
        order = storing.Order(page_id=page.id, first_day=FIRST, seed=1)
        schedule = storing.build_week(lambda: house.work(scope), order, sleep=house.sleep)
        counts[page.id] = schedule.plan["rules"]["ppv"]
        assert schedule.inputs["trial"] == f"{trial.id} {'new' if page is half else 'old'}"
        assert schedule.plan["origins"]["trial_name"] == trial.name
    assert counts[half.id] == counts[whole.id] // 2


def test_two_trials_at_once_would_disturb_each_other(work, pages, earn):
    earn(pages[3:4], weeks=range(8))
    trials.start(work, trial_in(ids(pages), name="First"))
    with pytest.raises(trials.PageInTrialError, match="Page 03: in the trial “First” until 2026-05-03"):
        trials.start(work, trial_in([pages[3].id], way="weeks"))
    trials.start(work, trial_in([pages[3].id], way="weeks", weeks=20, first_day=FIRST + timedelta(weeks=8)))


def test_what_cannot_find_anything_is_not_started(work, pages, add_page):
    with pytest.raises(trials.CannotTryError, match="3 pairs can find nothing"):
        trials.start(work, trial_in(ids(pages)[:6]))
    with pytest.raises(trials.CannotTryError, match="today or later"):
        trials.start(work, trial_in(ids(pages), first_day=date(2026, 3, 1)))
    with pytest.raises(trials.CannotTryError, match="Nova: of the 12 weeks"):
        trials.start(work, trial_in([*ids(pages), add_page("Nova").id]))


def test_without_any_history_it_says_so(work, add_page):
    with pytest.raises(trials.CannotTryError, match="Import their history"):
        trials.check(work, trial_in([add_page("Nova").id], way="weeks"))


def test_nobody_sees_a_trial_with_pages_of_others(work, pages, acting_as):
    own = acting_as("editor")
    for page in pages[:3]:
        row = PagePerson(tenant_id=work.scope.tenant_id, id=new_id(), page_id=page.id, person_id=own.scope.person_id,
                         assigned_at=work.now)  # fmt: skip
        work.session.add(row)
    work.session.flush()
    theirs = trials.start(work, trial_in(ids(pages)[2:], way="weeks"))
    mine = trials.start(own, trial_in(ids(pages)[:2], way="weeks"))
    assert [trial.id for trial in trials.list_trials(own)] == [mine.id]
    assert {trial.id for trial in trials.list_trials(work)} == {mine.id, theirs.id}
    with pytest.raises(trials.NoSuchTrialError):
        trials.result(own, trial_id=theirs.id)


# Over HTTP and as pages.


def test_over_http(client, work, pages):
    work.session.commit()
    told = trial_in(ids(pages), way="weeks", seed=1).model_dump(mode="json")
    power = client.post(f"{API}/power", json=told).json()
    assert power["blocks"] == 48
    assert 0 < power["detectable"] < 0.2
    made = client.post(API, json=told).json()
    assert made["plan"]["detectable"] == power["detectable"]
    assert [one["id"] for one in client.get(API).json()] == [made["id"]]
    asked = {"page_id": str(pages[0].id), "first_day": "2026-03-16"}
    assert client.get(f"{API}/arm", params=asked).json()["trial_id"] == made["id"]
    assert client.get(f"{API}/arm", params=asked | {"first_day": "2027-01-04"}).json() is None
    assert client.get(f"{API}/{made['id']}/result").json()["answer"] == "not finished"
    assert client.post(f"{API}/{made['id']}/end").json()["state"] == "ended"
    assert client.post(f"{API}/{made['id']}/end").status_code == 409
    assert client.get(f"{API}/{new_id()}").status_code == 404
    assert client.post(API, json=told | {"weeks": 1}).status_code == 422


def test_the_pages(client, work, pages):
    work.session.commit()
    assert "No trials yet" in client.get("/messages-trials").text
    form = client.get("/messages-trials/new").text
    assert "Page 11" in form
    told = {"name": "Fewer", "kind": "volume", "way": "pages", "ppv_percent": "75", "bump_percent": "100",
            "policy": "greedy", "first_day": "2026-03-09", "weeks": "8", "rule": "at the end", "smallest": "10",
            "page": [str(page.id) for page in pages], "csrf_token": client.headers["X-CSRF-Token"]}  # fmt: skip
    said = unescape(client.post("/messages-trials/check", data=told).text)
    assert "It compares 6 pairs of pages." in said
    assert "Start the trial" in said
    few = unescape(client.post("/messages-trials/check", data=told | {"page": told["page"][:4]}).text)
    assert "no difference, however large" in few
    assert "Start the trial" not in few
    wrong = client.post("/messages-trials/check", data=told | {"ppv_percent": "100"})
    assert (wrong.status_code, "must differ in their volume" in wrong.text) == (422, True)
    made = client.post("/messages-trials", data=told)
    assert made.status_code == 303
    shown = unescape(client.get(made.headers["location"]).text)
    assert "Not finished" in shown
    assert "There is no number before the end" in shown
    assert "75 % of the usual paid messages" in shown
    again = client.post("/messages-trials", data=told)
    assert (again.status_code, "in the trial “Fewer”" in unescape(again.text)) == (409, True)
    assert "Fewer" in client.get("/messages-trials").text
    assert client.post(f"{made.headers['location']}/end", data=told).status_code == 303
    assert "ended before its time" in client.get(made.headers["location"]).text
