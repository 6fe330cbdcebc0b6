"""Background work with schedules: weeks of many pages, and schedules that are posted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from uuid import UUID

import structlog

from kalends.base.errors import KalendsError
from kalends.base.jobs import HEAVY, OUTSIDE, JobRun, TaskCancelledError, TaskSupersededError, job
from kalends.base.work import Work
from kalends.messages.gathering import Company, read_company
from kalends.messages.pushing import push_now
from kalends.messages.schedules import BUILD, PUSH, weeks_from
from kalends.messages.storing import Order, WeekTakenError, build_week, patiently

LOG = structlog.get_logger(__name__)


class NothingBuiltError(KalendsError):
    """No week could be built."""

    status = 409
    code = "nothing_built"


@job(BUILD, queue=HEAVY)
def build_weeks(run: JobRun) -> None:
    """Build the weeks of the task's pages, one after the other. One that cannot be built is noted and does not stop the
    others; one that is approved already stays. The warehouse is read once.
    """
    pages = [UUID(each) for each in run.args["pages"]]
    weeks = weeks_from(date.fromisoformat(run.args["first_day"]), run.args["weeks"])
    template_id = UUID(run.args["template_id"]) if run.args["template_id"] else None
    orders = [Order(page, first, template_id, run.args["seed"]) for first in weeks for page in pages]
    company = patiently(lambda: _company(run), sleep=run.house.sleep)
    problems: list[str] = []
    for done, order in enumerate(orders):
        run.progress(done, len(orders), _said(done, problems))
        try:
            build_week(lambda: _work(run), order, sleep=run.house.sleep, company=company)
        except (TaskCancelledError, TaskSupersededError):
            raise
        except WeekTakenError as error:
            LOG.info("left as it is", reason=error.message)
        except KalendsError as error:
            problems.append(error.message)
    run.progress(len(orders), len(orders), _said(len(orders), problems))
    if problems and len(problems) == len(orders):
        raise NothingBuiltError("; ".join(dict.fromkeys(problems[:5])))


@job(PUSH, queue=OUTSIDE)
def push_schedule(run: JobRun) -> None:
    """Post a schedule to its page's webhook."""
    push_now(lambda: _work(run), schedule_id=UUID(run.args["schedule_id"]))


def _work(run: JobRun) -> AbstractContextManager[Work]:
    return run.work()


def _company(run: JobRun) -> Company:
    with run.work() as work:
        return read_company(work)


def _said(done: int, problems: list[str]) -> str:
    return f"{done - len(problems)} built, {len(problems)} not: {problems[-1]}" if problems else f"{done} built"
