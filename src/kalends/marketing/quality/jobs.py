"""Scoring in the background: what a batch changed, everything when rules change, and days that have settled."""

from __future__ import annotations

from kalends.base.chores import chore, frequent_chore
from kalends.base.jobs import LIGHT, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.marketing.quality import service
from kalends.marketing.stewardship import settled

SCORE_BATCH = "marketing.score_batch"
SCORE_NEW_DAY = "marketing.score_new_day"


@job(SCORE_BATCH, queue=LIGHT)
def score_batch(run: JobRun) -> None:
    """Score the account-days that this batch and others before it changed, unless that is done or more are coming."""
    with run.work() as work:
        if (moment := service.quiet_at(work)) is not None:
            work.defer(SCORE_BATCH, after=moment)
        else:
            service.score_news(work)


@job(service.SCORE_ALL, queue=LIGHT)
def score_all(run: JobRun) -> None:
    """Score everything by the newest rules. Runs again harmlessly."""
    with run.work() as work:
        service.score_everything(work)


@job(SCORE_NEW_DAY, queue=LIGHT)
def score_new_day(run: JobRun) -> None:
    """Look again at the days that a new day changes, by how days settle as far as that is known by now."""
    with run.work() as work:
        settled.measure_anew(work)
    with run.work() as work:
        service.score_new_day(work)


@chore
def look_at_new_days(house: House) -> None:
    """When a day has begun, look again at the newest days of every company."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            if service.is_new_day(work):
                work.defer(SCORE_NEW_DAY)


@frequent_chore
def score_what_was_left(house: House) -> None:
    """Score what waited for a batch that then failed, of every company."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            if service.is_news(work):
                work.defer(SCORE_BATCH)
