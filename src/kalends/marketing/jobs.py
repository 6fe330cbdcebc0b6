"""Background work of the marketing room."""

from __future__ import annotations

from kalends.base.chores import chore, frequent_chore
from kalends.base.jobs import HEAVY, OUTSIDE, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.marketing import drafts
from kalends.marketing.batches import APPLY
from kalends.marketing.connectors.syncing import SYNC, bring_next, start_due
from kalends.marketing.pipeline import apply_next


@job(APPLY, queue=HEAVY)
def apply_batches(run: JobRun) -> None:
    """Apply every pending batch in the order of their numbers."""
    while apply_next(run):
        pass


@job(SYNC, queue=OUTSIDE)
def sync(run: JobRun) -> None:
    """Bring one slice from a platform; what it could not bring is the slice's to tell, and no fault of the job."""
    bring_next(run)


@frequent_chore
def sync_due_connections(house: House) -> None:
    """Start the syncs that are due, of every company."""
    start_due(house)


@chore
def discard_old_drafts(house: House) -> None:
    """Remove uploads that nobody loaded, of every company."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            drafts.sweep(work)
