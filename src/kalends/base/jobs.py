"""Background work: a job leaves with the caller's transaction, reports its progress, and can be cancelled.

A room declares a job with `@job("room.verb")`. `Work.defer` writes a row into the tenant's `tasks` and puts one
procrastinate job into the same transaction: no ghost jobs, none lost. The queue's row holds ids only; state lives in
`tasks`, under row-level security. Each claim raises `attempt`, which is the fencing token: a worker that was thought
dead and comes back cannot report for an attempt that is not its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import procrastinate
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from kalends.base.errors import ConflictError, KalendsError
from kalends.base.scope import Scope

if TYPE_CHECKING:
    from kalends.base.work import House, Work

HEAVY: Final = "heavy"
"""Ingests, rebuilds, solvers: one at a time, so that they never make pages wait."""
LIGHT: Final = "light"
"""Mail, small refreshes."""
OUTSIDE: Final = "outside"
"""What waits for other people's servers, which may take their time."""

TASK_NAME: Final = "kalends.run_task"


class TaskCancelledError(KalendsError):
    """The task was cancelled."""

    status = 409
    code = "task_cancelled"


class TaskSupersededError(ConflictError):
    """Another worker has taken this task over."""

    code = "task_superseded"


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of background work."""

    kind: str
    run: Callable[[JobRun], None]
    queue: str
    retries: int


class JobRegistry:
    """Every kind of job that the rooms declared."""

    def __init__(self) -> None:
        """An empty registry."""
        self.kinds: dict[str, Job] = {}

    def get(self, kind: str) -> Job:
        """The job of that kind; unknown kinds are a programming error and fail loudly."""
        return self.kinds[kind]


REGISTRY: Final = JobRegistry()


def job(kind: str, *, queue: str = HEAVY, retries: int = 3) -> Callable[[Callable[[JobRun], None]], Job]:
    """Declare a kind of job. It must be idempotent: it may be killed anywhere and run again.

    `retries`: how often a failure that is not the user's to mend (a lost connection, a full disk) is tried again.
    """

    def declare(run: Callable[[JobRun], None]) -> Job:
        declared = Job(kind=kind, run=run, queue=queue, retries=retries)
        REGISTRY.kinds[kind] = declared
        return declared

    return declare


def queue_app(connector: procrastinate.BaseConnector) -> procrastinate.App:
    """Procrastinate's app; it knows one task, which looks everything else up in `tasks`."""
    return procrastinate.App(connector=connector)


DEFERRER: Final = queue_app(procrastinate.SyncPsycopgConnector())


def put(
    connection: Connection,
    *,
    tenant_id: UUID,
    task_id: UUID,
    kind: str,
    lock: str | None = None,
    after: datetime | None = None,
) -> None:
    """Insert the job inside the caller's transaction. A tenant's jobs with the same `lock` run one after the other;
    one with `after` not before that instant.
    """
    DEFERRER.configure_task(
        TASK_NAME,
        queue=REGISTRY.get(kind).queue,
        lock=f"{tenant_id}:{lock}" if lock else None,
        schedule_at=after,
        connection=connection.connection.driver_connection,
    ).defer(tenant=str(tenant_id), task=str(task_id))


UNFINISHED = text("SELECT id, kind, lock FROM tasks WHERE state IN ('queued', 'running') ORDER BY id")


def requeue(session: Session, *, tenant_id: UUID) -> None:
    """Put a job for every unfinished task of the tenant: a restored database has the tasks, but an empty queue."""
    for task in session.execute(UNFINISHED).all():
        put(session.connection(), tenant_id=tenant_id, task_id=task.id, kind=task.kind, lock=task.lock)


CLAIM = text(
    "UPDATE tasks SET state = 'running', attempt = attempt + 1, started_at = :now, error = NULL"
    " WHERE id = :id AND state IN ('queued', 'running') AND NOT cancel_requested RETURNING kind, args, attempt"
)
CANCEL_QUEUED = text("UPDATE tasks SET state = 'cancelled', finished_at = :now WHERE id = :id AND cancel_requested")
REPORT = text(
    "UPDATE tasks SET done = :done, total = :total, message = :message"
    " WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING cancel_requested"
)
FINISH = text(
    "UPDATE tasks SET state = :state, finished_at = :now, error = CAST(:error AS jsonb)"
    " WHERE id = :id AND attempt = :attempt"
)


@dataclass(slots=True)
class JobRun:
    """One attempt at one task: what a job's function is given."""

    house: House
    scope: Scope
    task_id: UUID
    attempt: int
    args: dict[str, Any]
    is_last: bool = False
    """Whether a fault in this attempt will not be tried again."""

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A transaction of this task. It begins by proving that the attempt is still ours."""
        with self.house.work(self.scope, database=self.house.worker_database) as work:
            row = work.session.execute(
                text("SELECT attempt FROM tasks WHERE id = :id FOR SHARE"), {"id": self.task_id}
            ).scalar()
            if row != self.attempt:
                raise TaskSupersededError(task=str(self.task_id))
            yield work

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far the task is; raises TaskCancelledError when somebody asked to stop."""
        with self.house.work(self.scope, database=self.house.worker_database) as work:
            cancelled = work.session.execute(
                REPORT,
                {"id": self.task_id, "attempt": self.attempt, "done": done, "total": total, "message": message},
            ).scalar()
        if cancelled is None:
            raise TaskSupersededError(task=str(self.task_id))
        if cancelled:
            raise TaskCancelledError
