"""Background work of the messages room."""

from __future__ import annotations

from uuid import UUID

from kalends.base.jobs import HEAVY, LIGHT, JobRun, job
from kalends.messages.intake import imports, reading


@job(imports.READ, queue=HEAVY)
def read_import(run: JobRun) -> None:
    """Read a file of history, captions or pages."""
    reading.read_import(run, import_id=UUID(run.args["import_id"]))


@job(imports.TAKE_BACK, queue=HEAVY)
def take_import_back(run: JobRun) -> None:
    """Remove the messages that an import brought."""
    reading.take_back(run, import_id=UUID(run.args["import_id"]))


@job("messages.renew_names", queue=LIGHT)
def renew_names(run: JobRun) -> None:
    """Bring the pages' names into the warehouse."""
    reading.renew_names(run)
