"""Background work of the marketing room."""

from __future__ import annotations

from kalends.base.chores import chore, frequent_chore
from kalends.base.jobs import HEAVY, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.marketing import drafts
from kalends.marketing.batches import APPLY
from kalends.marketing.intake import streams
from kalends.marketing.pipeline import apply_next


@job(APPLY, queue=HEAVY)
def apply_batches(run: JobRun) -> None:
    """Apply every pending batch in the order of their numbers."""
    while apply_next(run):
        pass


@chore
def discard_old_drafts(house: House) -> None:
    """Remove uploads that nobody loaded, of every company."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            drafts.sweep(work)


@frequent_chore
def end_left_streams(house: House) -> None:
    """Load streams that were cut and that nobody took up again, as far as they were acknowledged."""
    streams.end_left_ones(house)
