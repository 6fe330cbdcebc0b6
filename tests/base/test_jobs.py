"""Jobs: they leave with the commit, run once, report, and can be cancelled; a cut-off one runs again."""

import os
import sys
import threading
import time
from uuid import UUID

import pytest
from sqlalchemy import text

from kalends.base.errors import BadInputError
from kalends.base.jobs import LIGHT, REGISTRY, JobRun, TaskCancelledError, TaskSupersededError, job
from kalends.base.priority import NICENESS
from kalends.base.worker import Worker, claim, run_task, wait_until_idle

RAN: list[object] = []


@pytest.fixture(autouse=True)
def kinds():
    """Kinds of job for these tests alone."""
    RAN.clear()
    before = dict(REGISTRY.kinds)

    @job("test.note", queue=LIGHT)
    def note(run: JobRun) -> None:
        run.progress(1, 2, "half")
        RAN.append(run.args["word"])

    @job("test.refuse")
    def refuse(run: JobRun) -> None:
        raise BadInputError("row 3, column spend: 'abc' is no number")

    @job("test.stumble", retries=1)
    def stumble(run: JobRun) -> None:
        RAN.append(f"attempt {run.attempt}")
        if run.attempt == 1:
            raise ConnectionResetError("gone")

    @job("test.wait")
    def wait(run: JobRun) -> None:
        RAN.append("waiting")
        while True:
            run.progress(0, None, "waiting")
            time.sleep(0.02)

    @job("test.chain", queue=LIGHT)
    def chain(run: JobRun) -> None:
        RAN.append(run.args["left"])
        if run.args["left"]:
            with run.work() as work:
                work.defer("test.chain", lock="chain", left=run.args["left"] - 1)

    @job("test.rank")
    def tell_rank(run):
        RAN.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    yield
    REGISTRY.kinds.clear()
    REGISTRY.kinds.update(before)


@pytest.fixture
def worker(house):
    running = Worker(house)
    running.start(alone=True)
    yield running
    running.stop()


def task(house, scope, task_id: UUID):
    with house.work(scope) as work:
        return work.session.execute(text("SELECT * FROM tasks WHERE id = :id"), {"id": task_id}).one()


def defer(house, scope, kind: str, **args):
    with house.work(scope) as work:
        return work.defer(kind, **args)


def test_a_job_runs_after_the_commit_and_reports(house, scope, worker):
    task_id = defer(house, scope, "test.note", word="hello")
    assert wait_until_idle(house, scope.tenant_id, timeout=20)
    assert RAN == ["hello"]
    done = task(house, scope, task_id)
    assert (done.state, done.done, done.total, done.message, done.attempt) == ("done", 1, 2, "half", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a rank of its own on Linux only")
def test_jobs_give_way_to_people(house, scope, worker):
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    defer(house, scope, "test.rank")
    assert wait_until_idle(house, scope.tenant_id, timeout=10)
    (rank,) = RAN
    assert rank == max(own, NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_a_job_is_begun_when_the_one_before_it_lets_go_of_its_lock(house, scope, worker):
    began = time.monotonic()
    defer(house, scope, "test.chain", lock="chain", left=4)
    assert wait_until_idle(house, scope.tenant_id, timeout=30)
    assert RAN == [4, 3, 2, 1, 0]
    assert time.monotonic() - began < 4  # by looking every two seconds alone, it would be eight


def test_a_rolled_back_caller_leaves_no_job(house, scope, worker):
    def give_up():
        with house.work(scope) as work:
            work.defer("test.note", word="ghost")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    defer(house, scope, "test.note", word="real")
    assert wait_until_idle(house, scope.tenant_id, timeout=20)
    assert RAN == ["real"]


def test_an_answer_for_a_person_is_not_tried_again(house, scope):
    task_id = defer(house, scope, "test.refuse")
    run_task(house, scope.tenant_id, task_id)
    failed = task(house, scope, task_id)
    assert failed.state == "failed"
    assert "row 3, column spend" in failed.error["detail"]


def test_a_fault_is_tried_again(house, scope, worker):
    task_id = defer(house, scope, "test.stumble")
    assert wait_until_idle(house, scope.tenant_id, timeout=40)
    assert RAN == ["attempt 1", "attempt 2"]
    assert task(house, scope, task_id).state == "done"


def test_a_running_task_can_be_cancelled(house, scope):
    task_id = defer(house, scope, "test.wait")
    thread = threading.Thread(target=run_task, args=(house, scope.tenant_id, task_id))
    thread.start()
    while not RAN:
        time.sleep(0.01)
    with house.work(scope) as work:
        work.session.execute(text("UPDATE tasks SET cancel_requested = true WHERE id = :id"), {"id": task_id})
    thread.join(timeout=10)
    assert task(house, scope, task_id).state == "cancelled"


def test_a_worker_that_comes_back_from_the_dead_is_refused(house, scope):
    task_id = defer(house, scope, "test.note", word="late")
    _, zombie = claim(house, scope, task_id)
    _, successor = claim(house, scope, task_id)
    assert successor.attempt == zombie.attempt + 1
    with pytest.raises(TaskSupersededError):
        zombie.progress(1)
    with pytest.raises(TaskSupersededError), zombie.work():
        pass
    successor.progress(1)


def test_a_cancelled_task_is_not_begun(house, scope):
    task_id = defer(house, scope, "test.note", word="never")
    with house.work(scope) as work:
        work.session.execute(text("UPDATE tasks SET cancel_requested = true WHERE id = :id"), {"id": task_id})
    run_task(house, scope.tenant_id, task_id)
    assert RAN == []
    assert task(house, scope, task_id).state == "cancelled"


def test_a_job_that_was_cut_off_runs_again_at_the_next_start(house, scope, worker_database):
    task_id = defer(house, scope, "test.note", word="again")
    with worker_database.lookup() as session:  # as a killed worker leaves it
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    claim(house, scope, task_id)
    running = Worker(house)
    running.start(alone=True)
    try:
        assert wait_until_idle(house, scope.tenant_id, timeout=20)
    finally:
        running.stop()
    assert RAN == ["again"]


def test_cancelled_is_a_conflict():
    assert TaskCancelledError().status == 409
