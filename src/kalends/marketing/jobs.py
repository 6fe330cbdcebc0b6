"""Background work of the marketing room."""

from __future__ import annotations

from kalends.base.jobs import HEAVY, JobRun, job
from kalends.marketing.batches import APPLY
from kalends.marketing.pipeline import apply_next


@job(APPLY, queue=HEAVY)
def apply_batches(run: JobRun) -> None:
    """Apply every pending batch in the order of their numbers."""
    while apply_next(run):
        pass
