"""Background work of the messages room."""

from __future__ import annotations

from uuid import UUID

from kalends.base.chores import frequent_chore
from kalends.base.jobs import HEAVY, LIGHT, JobRun, job
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.messages.intake import imports, reading
from kalends.messages.source import reading as source_reading
from kalends.messages.source import sources


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


@job(sources.READ, queue=HEAVY)
def read_source(run: JobRun) -> None:
    """Bring in what a company's own warehouse has."""
    source_reading.read_source(run, source_id=UUID(run.args["source_id"]))


@frequent_chore
def read_due_sources(house: House) -> None:
    """Start the readings whose day has come."""
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            sources.read_due(work)
