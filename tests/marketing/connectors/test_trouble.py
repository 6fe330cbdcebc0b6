"""Trouble stays where it is: an unforeseen fault, a zone that nobody knows, an answer that comes late."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from syncing import connect, exactly, known, platform, stored, work_off

from kalends.base.scope import Scope
from kalends.identity.service import create_tenant
from kalends.marketing import batches
from kalends.marketing.connectors import connections, runs, syncing
from kalends.marketing.connectors.models import SyncRun
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.syncing import packed

PLATFORM = "tiktok_ads"


@pytest.fixture
def tiktok(house):
    with platform(house, PLATFORM) as standin:
        yield standin


def with_pull(monkeypatch, pull):
    """Let the platform's connector bring its campaigns by `pull`."""
    good = CONNECTORS[PLATFORM]
    report = good.report("campaign")
    monkeypatch.setitem(CONNECTORS, PLATFORM, replace(good, reports=(replace(report, pull=pull),)))
    return report


def count_runs(house, scope):
    with house.work(scope) as work:
        return len(work.session.scalars(select(SyncRun)).all())


@pytest.mark.parametrize("error", [KeyError("metrics"), OSError("disk")])
def test_an_unforeseen_fault_is_told_and_does_not_end_the_schedule(house, scope, tiktok, monkeypatch, clock, error):
    good = CONNECTORS[PLATFORM]

    def pull(ask, wanted):
        raise error

    with_pull(monkeypatch, pull)
    connection, run_id = connect(house, scope, tiktok, history=5)
    work_off(house, scope)
    with house.work(scope) as work:
        assert runs.get_run(work, run_id=run_id).state == "failed"
        told = connections.get(work, connection_id=connection)
        assert (told.health, type(error).__name__ in told.problem) == ("degraded", True)
    monkeypatch.setitem(CONNECTORS, PLATFORM, good)
    clock.advance(days=1)
    assert runs.start_due(house) == 1
    work_off(house, scope)
    with house.work(scope) as work:
        assert connections.get(work, connection_id=connection).health == "healthy"


def test_a_run_whose_task_was_lost_goes_on(house, scope, tiktok, clock):
    _, run_id = connect(house, scope, tiktok, history=5)
    with house.work(scope) as work:
        work.session.execute(text("UPDATE tasks SET state = 'failed' WHERE subject_id = :run"), {"run": run_id})
    clock.advance(days=1)
    runs.start_due(house)
    work_off(house, scope)
    with house.work(scope) as work:
        assert runs.get_run(work, run_id=run_id).state == "done"


def test_one_companys_unknown_zone_stops_nobody(house, scope, tiktok, clock, monkeypatch):
    scopes = [scope, *(Scope(tenant_id=create_tenant(house, name=f"B{n}"), role="owner", label="t") for n in range(2))]
    for place, each in enumerate(scopes):
        made, _ = connect(house, each, tiktok, history=5)
        work_off(house, each)
        with house.work(each) as work:
            connection = connections.get(work, connection_id=made)
            zone = "Mars/Olympus" if place == 1 else "Europe/Berlin"
            connection.accounts = [{**account, "zone": zone} for account in connection.accounts]
    before = [count_runs(house, each) for each in scopes]
    clock.advance(days=2)
    assert runs.start_due(house) == len(scopes)
    assert [count_runs(house, each) for each in scopes] == [one + 1 for one in before]
    # Whatever else goes wrong for one company, the others' syncs start.
    bad = scopes[1].tenant_id
    real = runs._start_due
    monkeypatch.setattr(runs, "_start_due", lambda work: 1 // 0 if work.scope.tenant_id == bad else real(work))
    for each in scopes:
        work_off(house, each)
    clock.advance(days=2)
    assert runs.start_due(house) == len(scopes) - 1


def test_an_answer_that_lands_late_does_not_pass_for_the_newest(house, scope, tiktok, clock, monkeypatch):
    connection, _ = connect(house, scope, tiktok, history=5)
    work_off(house, scope)
    is_first = True

    def pull(ask, wanted):
        nonlocal is_first
        pages = list(report.pull(ask, wanted))
        if is_first:
            is_first = False
            clock.advance(minutes=5)
            tiktok.truth = replace(tiktok.truth, seed=2)  # the platform restates, and somebody loads that first
            told = {"defaults": {"account_id": wanted.account.id}, "currency": wanted.account.currency}
            with house.work(scope) as work, packed(list(report.pull(ask, wanted))) as newest:
                batches.land(work, newest, data_source=PLATFORM, file_name="by hand", options=told)
            clock.advance(minutes=5)
        return iter(pages)

    report = with_pull(monkeypatch, pull)
    with house.work(scope) as work:
        runs.start(work, connection_id=connection)
    work_off(house, scope)
    assert not is_first
    today, held = clock().date(), exactly(stored(house, scope, tiktok))
    newest = exactly(known(tiktok, today - timedelta(days=4), today))
    assert {key: held[key] for key in newest} == newest


@pytest.mark.parametrize(("place", "what"), [(syncing.batches, "land"), (syncing, "finish")])
@pytest.mark.parametrize(
    "steer",
    [runs.remove, lambda work, connection_id: runs.set_state(work, connection_id=connection_id, state="paused")],
)
def test_who_steers_a_run_and_who_brings_it_do_not_meet(house, scope, tiktok, monkeypatch, place, what, steer):
    connection, _ = connect(house, scope, tiktok, history=5)
    worked, waiting = getattr(place, what), []

    def steered():
        with house.work(scope) as work:
            steer(work, connection_id=connection)

    def meeting(*args, **named):
        if not waiting:
            waiting.append(hands.submit(steered))
            time.sleep(0.5)  # until it waits for what is held here
        return worked(*args, **named)

    monkeypatch.setattr(place, what, meeting)
    with ThreadPoolExecutor(1) as hands:
        work_off(house, scope)
    waiting[0].result()
    with house.work(scope) as work:
        assert runs.running(work, connection) is None or runs.running(work, connection).state == "paused"
