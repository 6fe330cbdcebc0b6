"""Many planners at once on one shared bank: nothing is reserved twice, nobody waits for ever, the dead reserve nothing.

`KALENDS_PROVE` is the share of the full fifty planners; without it a third of them plan, on a bank as scarce as theirs.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from message_world import add_captions, add_history, add_page
from proof import proof
from sqlalchemy import event, text

from kalends.base.database import Database
from kalends.base.ids import new_id
from kalends.messages import gathering, locks, settings, storing
from kalends.messages.locks import CaptionTakenError, Reservation

MONDAY = date(2026, 3, 9)
PLANNERS = max(16, round(50 * float(os.environ.get("KALENDS_PROVE", "0"))))
DOUBLES = """
    SELECT count(*) FROM caption_locks AS a JOIN caption_locks AS b ON a.caption_id = b.caption_id AND a.id < b.id
        AND a.during && b.during AND a.lane = b.lane
    WHERE a.released_at IS NULL AND b.released_at IS NULL
"""


@pytest.fixture
def crowd(access, house):
    """The house with a connection for each of the planners, and what PostgreSQL said of dead-locks."""
    opened = Database(access.app, pool_size=PLANNERS)
    codes = Counter()
    event.listen(
        opened.engine,
        "handle_error",
        lambda context: codes.update([getattr(context.original_exception, "sqlstate", "")]),
    )
    yield replace(house, database=opened), codes
    opened.close()


@pytest.mark.parametrize("is_exclusive", [False, True])
def test_planners_share_a_bank(crowd, scope, is_exclusive):
    house, codes = crowd
    with house.work(scope) as work:
        settings.change_settings(work, {"shared_one_at_a_time": is_exclusive})
        pages = [add_page(work, f"Page {number:02}") for number in range(PLANNERS)]
        add_captions(work, paid=8 * PLANNERS, free=6 * PLANNERS, urgent=0.1)
        add_history(work, pages, messages=2)

    def plan(page):
        try:
            order = storing.Order(page.id, MONDAY)
            return storing.build_week(lambda: house.work(scope), order, sleep=time.sleep).total_messages
        except Exception as error:  # noqa: BLE001 (it is told below)
            return repr(error)

    with ThreadPoolExecutor(PLANNERS) as threads:
        built = list(threads.map(plan, pages))
    with house.work(scope) as work:
        doubles = work.session.scalar(text(DOUBLES))
        held = work.session.scalar(text("SELECT count(*) FROM caption_locks WHERE released_at IS NULL"))
        planned = work.session.scalar(text("SELECT count(*) FROM message_assignments"))
        shared = work.session.scalar(text(
            "SELECT count(*) FROM (SELECT caption_id FROM caption_locks WHERE released_at IS NULL"
            " GROUP BY caption_id HAVING count(DISTINCT page_id) > 1) AS c"
        ))  # fmt: skip
    mode = "one at a time" if is_exclusive else "by page"
    proof(f"{PLANNERS} planners, shared captions {mode}: built, reservations, double, dead-locks",
          (sum(isinstance(each, int) for each in built), held, doubles, codes["40P01"]))  # fmt: skip
    assert [each for each in built if not isinstance(each, int)] == []
    assert (doubles, codes["40P01"]) == (0, 0)
    assert held == planned == sum(built)
    assert (shared == 0) is is_exclusive


def test_planners_who_want_the_very_same_captions_do_not_lock_each_other(crowd, scope):
    """Without any choosing: each wants forty captions in an order of its own, in the same lane. One gets them."""
    house, codes = crowd
    with house.work(scope) as work:
        page = add_page(work)
        ids = {each["id"] for each in add_captions(work, paid=40, free=0)}
        numbers = {row.id: row.lock_no for row in work.session.execute(text("SELECT id, lock_no FROM captions"))}
    at = house.clock()

    def grab(number):
        order = sorted(ids, key=lambda one: hash((one, number)))
        try:
            with house.work(scope) as work:
                schedule = add_schedule(work, page)
                wanted = [Reservation(one, numbers[one], 0, at, at + timedelta(days=3)) for one in order]
                locks.reserve(work, schedule_id=schedule, page_id=page.id, wanted=wanted)
        except CaptionTakenError as error:
            return len(error.captions)
        return 0

    with ThreadPoolExecutor(PLANNERS) as threads:
        lost = list(threads.map(grab, range(PLANNERS)))
    assert sorted(lost) == [0] + [40] * (PLANNERS - 1)
    assert codes["40P01"] == 0


def add_schedule(work, page):
    """A schedule of no messages, to hang reservations on."""
    row = {"tenant": work.scope.tenant_id, "id": new_id(), "page": page.id, "now": work.now}
    work.session.execute(
        text(
            "INSERT INTO message_schedules (tenant_id, id, page_id, first_day, days, zone, seed, state, tier,"
            " saturation_zone, total_messages, plan, analysis, inputs, seconds, created_at)"
            " VALUES (:tenant, :id, :page, '2026-03-09', 7, 'UTC', 1, 'draft', 'MICRO', 'GREEN', 0, '{}', '{}', '{}', 0, :now)"
        ),
        row,
    )
    return row["id"]


KILLED = """
    import sys, time
    from uuid import UUID
    from datetime import date
    from sqlalchemy import text
    from kalends.base.database import Database
    from kalends.base.scope import Scope
    url, tenant, schedule, page = sys.argv[1:5]
    with Database(url).transaction(Scope(tenant_id=UUID(tenant), role="owner", label="child")) as session:
        session.execute(text(
            "INSERT INTO caption_locks (tenant_id, id, schedule_id, page_id, caption_id, lane, lock_no, during)"
            " SELECT tenant_id, gen_random_uuid(), :schedule, :page, id, 0, lock_no, tstzrange(now(), now() + interval '9 days')"
            " FROM captions ORDER BY lock_no"), {"schedule": UUID(schedule), "page": UUID(page)})
        print("holding", flush=True)
        time.sleep(60)
"""


def test_a_killed_planner_reserves_nothing(access, house, scope):
    with house.work(scope) as work:
        page = add_page(work)
        add_captions(work, paid=10, free=10)
        schedule = add_schedule(work, page)
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(KILLED),
        access.app,
        str(scope.tenant_id),
        str(schedule),
        str(page.id),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().strip() == "holding"
        os.kill(child.pid, signal.SIGKILL)
    made = storing.build_week(lambda: house.work(scope), storing.Order(page.id, MONDAY), sleep=time.sleep)
    assert made.total_messages > 0
    with house.work(scope) as work:
        of = work.session.execute(text("SELECT DISTINCT schedule_id FROM caption_locks")).scalars().all()
    assert of == [made.id]


def test_a_lost_race_is_run_again_without_what_was_lost(house, scope, monkeypatch):
    """A rival takes captions after the planner has read which are free: the planner takes others."""
    with house.work(scope) as work:
        page, rival = add_page(work), add_page(work, "Rival")
        settings.change_settings(work, {"shared_one_at_a_time": True})
        add_captions(work, paid=60, free=60)
    read, rounds = gathering.gather, []

    def read_then_lose(work, company, **asked):
        found = read(work, company, **asked)
        rounds.append(asked.get("without"))
        if len(rounds) == 1:
            with house.work(scope) as other:
                free = list(found.captions.values())[:90]
                wanted = [
                    Reservation(each.id, each.lock_no, 0, house.clock(), house.clock() + timedelta(days=90))
                    for each in free
                ]
                locks.reserve(other, schedule_id=add_schedule(other, rival), page_id=rival.id, wanted=wanted)
        return found

    monkeypatch.setattr(storing, "gather", read_then_lose)
    made = storing.build_week(lambda: house.work(scope), storing.Order(page.id, MONDAY), sleep=time.sleep)
    assert made.total_messages > 0
    assert len(rounds) == 2
    assert rounds[1]
