"""The job worker: takes tasks from the queue and runs them, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any
from uuid import UUID

import orjson
import procrastinate
import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import make_url, text

from kalends.base import jobs
from kalends.base.chores import keep_house
from kalends.base.errors import KalendsError
from kalends.base.jobs import JobRun
from kalends.base.priority import give_way
from kalends.base.scope import Scope
from kalends.base.work import House

LOG = structlog.get_logger(__name__)
FINISHED = Counter("kalends_tasks_finished", "Tasks by kind and final state.", ["kind", "state"])
DURATION = Histogram("kalends_task_seconds", "How long tasks ran.", ["kind"])

STALLED_SECONDS = 30
"""A worker that has not been heard of for this long is dead: its heartbeat comes every 10 s."""
GRACE_SECONDS = 10
"""How long running tasks may take to end when the worker stops."""


def run_task(house: House, tenant_id: UUID, task_id: UUID) -> None:
    """Claim the task, run it, and write down how it ended. Raises what should be tried again."""
    scope = Scope(tenant_id=tenant_id, role="worker", label="job")
    claimed = claim(house, scope, task_id)
    if claimed is None:
        return
    kind, run = claimed
    job = jobs.REGISTRY.get(kind)
    log = LOG.bind(tenant=str(tenant_id), task=str(task_id), kind=kind, attempt=run.attempt)
    try:
        with DURATION.labels(kind).time():
            job.run(run)
    except jobs.TaskSupersededError:
        log.info("superseded")
    except jobs.TaskCancelledError:
        finish(house, run, kind=kind, state="cancelled")
    except KalendsError as error:
        # An answer for a person: trying again would give the same one.
        finish(house, run, kind=kind, state="failed", error=error.problem())
        log.warning("failed", error=error.message)
    except Exception as error:
        if not run.is_last:
            log.warning("will be tried again", error=repr(error))
            raise
        log.exception("failed for good")
        finish(house, run, kind=kind, state="failed", error=KalendsError(f"It failed {run.attempt} times.").problem())
    else:
        finish(house, run, kind=kind, state="done")


def claim(house: House, scope: Scope, task_id: UUID) -> tuple[str, JobRun] | None:
    """Take the task, unless it is finished or cancelled. The raised attempt is the fencing token."""
    with house.work(scope, database=house.worker_database) as work:
        row = work.session.execute(jobs.CLAIM, {"id": task_id, "now": work.now}).one_or_none()
        if row is None:
            work.session.execute(jobs.CANCEL_QUEUED, {"id": task_id, "now": work.now})
            return None
        is_last = row.attempt > jobs.REGISTRY.get(row.kind).retries
        run = JobRun(house=house, scope=scope, task_id=task_id, attempt=row.attempt, args=row.args, is_last=is_last)
        return row.kind, run


def finish(house: House, run: JobRun, *, kind: str, state: str, error: dict[str, Any] | None = None) -> None:
    """Write the task's final state, if the attempt is still ours."""
    with house.work(run.scope, database=house.worker_database) as work:
        work.session.execute(
            jobs.FINISH,
            {
                "id": run.task_id,
                "attempt": run.attempt,
                "state": state,
                "now": work.now,
                "error": None if error is None else orjson.dumps(error, default=str).decode(),
            },
        )
    FINISHED.labels(kind, state).inc()


class Worker:
    """Runs heavy tasks one at a time, and light ones beside them."""

    def __init__(self, house: House) -> None:
        """`house`: what the tasks work in."""
        self._house = house
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._failure: BaseException | None = None
        self._alone = False
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[int] = set()

    @property
    def is_busy(self) -> bool:
        """Whether a task is running; one that is, once the worker was stopped, was cut off, but its thread goes on."""
        return bool(self._busy)

    def start(self, *, alone: bool) -> None:
        """Begin to take tasks. `alone`: no other worker can be alive (embedded mode), so every job that is still
        marked as running was cut off and goes back into the queue at once.
        """
        self._alone = alone
        self._thread.start()
        self._ready.wait(timeout=30)
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Let the running tasks end, then let go. What is cut off runs again at the next start."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop_now)
            self._thread.join(timeout=GRACE_SECONDS + 5)

    def _stop_now(self) -> None:
        for task in self._workers:
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self._failure = error
            LOG.exception("worker stopped")
        finally:
            self._ready.set()

    async def _work(self) -> None:
        url = make_url(self._house.worker_database.url).set(drivername="postgresql")
        connector = procrastinate.PsycopgConnector(conninfo=url.render_as_string(hide_password=False))
        app = jobs.queue_app(connector)
        app.task(name=jobs.TASK_NAME, retry=procrastinate.RetryStrategy(max_attempts=10, exponential_wait=2))(
            self._run_task
        )
        async with app.open_async():
            await requeue_stalled(app, seconds=0 if self._alone else STALLED_SECONDS)
            for queue, concurrency in ((jobs.HEAVY, 1), (jobs.LIGHT, 2), (jobs.OUTSIDE, 2)):
                self._workers.append(
                    asyncio.create_task(
                        app.run_worker_async(
                            queues=[queue],
                            name=queue,
                            concurrency=concurrency,
                            install_signal_handlers=False,
                            shutdown_graceful_timeout=GRACE_SECONDS,
                            delete_jobs="successful",
                            fetch_job_polling_interval=2,
                        )
                    )
                )
            self._workers += [asyncio.create_task(sweep(app)), asyncio.create_task(keep_house(self._house))]
            self._ready.set()
            await asyncio.gather(*self._workers, return_exceptions=True)

    def _run_task(self, *, tenant: str, task: str) -> None:
        give_way()
        me = threading.get_ident()
        self._busy.add(me)
        try:
            run_task(self._house, UUID(tenant), UUID(task))
        finally:
            self._busy.discard(me)


async def sweep(app: procrastinate.App) -> None:
    """Every half minute, put the jobs of dead workers back: procrastinate leaves them marked as running."""
    while True:
        await asyncio.sleep(STALLED_SECONDS)
        await requeue_stalled(app, seconds=STALLED_SECONDS)


async def requeue_stalled(app: procrastinate.App, *, seconds: int) -> None:
    """Put back the jobs whose worker has been silent for `seconds`."""
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        LOG.warning("job was cut off and runs again", job=stalled.id)
        await app.job_manager.retry_job(stalled)
    await app.job_manager.prune_stalled_workers(seconds_since_heartbeat=max(seconds, 1))


TASKS_OF = text("SELECT count(*) FROM tasks WHERE state IN ('queued', 'running')")


def wait_until_idle(house: House, tenant_id: UUID, *, timeout: float) -> bool:
    """Wait until no task of the tenant is queued or running; False when `timeout` seconds were not enough."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with house.database.transaction(Scope(tenant_id=tenant_id, role="worker")) as session:
            if not session.execute(TASKS_OF).scalar():
                return True
        time.sleep(0.05)
    return False
