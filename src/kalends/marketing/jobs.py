"""Background work of the marketing room."""

from __future__ import annotations

from kalends.base.chores import chore, frequent_chore
from kalends.base.jobs import HEAVY, OUTSIDE, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.marketing import drafts
from kalends.marketing.batches import APPLY
from kalends.marketing.connectors.runs import SYNC, start_due
from kalends.marketing.connectors.syncing import bring_next
from kalends.marketing.intake import replays, streams
from kalends.marketing.pipeline import apply_next


@job(APPLY, queue=HEAVY)
def apply_batches(run: JobRun) -> None:
    """Apply every pending batch in the order of their numbers."""
    while apply_next(run):
        pass


@job(replays.KIND, queue=HEAVY)
def replay_batches(run: JobRun) -> None:
    """Read many batches again, one after the other. It holds the ingest lock, so nothing else is applied meanwhile but
    what it applies itself: what comes in between keeps its place. Cut off, it goes on where it was.
    """
    told = run.args
    with run.work() as work:
        found = replays.to_replay(work, data_source=told["data_source"] or None, is_all=told["is_all"])
        left = [batch.id for batch in found if batch.seq <= told["last_seq"]]
    for done, batch_id in enumerate(left):
        quiet = replays.Quiet(run, done=done, total=len(left))
        quiet.progress(0)
        with run.work() as work:
            replays.replay(work, batch_id=batch_id)
        while apply_next(quiet):
            pass
    run.progress(len(left), len(left))


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


@frequent_chore
def end_left_streams(house: House) -> None:
    """Load streams that were cut and that nobody took up again, as far as they were acknowledged."""
    streams.end_left_ones(house)
