"""Background work of insight."""

from __future__ import annotations

from kalends.base.chores import chore
from kalends.base.jobs import HEAVY, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.insight.learning import LEARN, is_due, learn_seasons


@job(LEARN, queue=HEAVY)
def learn(run: JobRun) -> None:
    """Learn the seasons from what came in. Runs again harmlessly: within a day nothing is done."""
    with run.work() as work:
        learn_seasons(work)


@chore
def look_for_new_lessons(house: House) -> None:
    """Have the seasons learned of every company whose facts say something new; a load does not wait for it."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            if is_due(work):
                work.defer(LEARN, lock=LEARN)
