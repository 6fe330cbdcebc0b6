"""One task of a sync: it brings one slice.

A slice is asked for outside any transaction; what it brought, that it is landed, and the task for the next one are
one transaction. Cut off anywhere it is asked for again, and the same rows again write nothing.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import BinaryIO, Final, cast
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from kalends.base.jobs import JobRun, TaskCancelledError, TaskSupersededError
from kalends.base.reading.text import MAX_LINE_BYTES
from kalends.base.work import Work
from kalends.marketing import batches
from kalends.marketing.attribution import asked
from kalends.marketing.connectors.asking import Ask, new_client
from kalends.marketing.connectors.connections import chosen_accounts, connector_of, get, voice
from kalends.marketing.connectors.declared import Page, Report, Slice
from kalends.marketing.connectors.models import Connection, SyncRun, SyncSlice
from kalends.marketing.connectors.runs import get_run, go_on, row_of
from kalends.marketing.connectors.signals import CursorExpired, NotYet, Passing, Refused, Signal, TooMuch
from kalends.marketing.words import window_words
from kalends.notify.service import tell_admins

ANEW: Final = 3
"""How often a slice is begun anew when its cursor expires, before somebody is told."""
TRIES: Final = 4
"""How often a slice whose platform is out of order is taken up again, each time later."""
LATER: Final = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
FAILURES_TOLD: Final = 2
IN_MEMORY: Final = 16 << 20
ASKED: Final = "asked"
LOG = structlog.get_logger(__name__)


def bring_next(run: JobRun) -> None:
    """Bring the next slice of a run."""
    with run.work() as work:
        found = next_slice(work, run_id=UUID(run.args["run_id"]))
        if found is None:
            return
        row, connection = found
        connector = connector_of(connection.data_source)
        account = next(one for one in chosen_accounts(connection) if one.id == row.account_id)
    report = connector.report(row.report)
    wanted = Slice(
        account, row.report, row.date_from, row.date_to, row.attribution, windows=tuple(connection.attributions)
    )
    with new_client() as client:
        ask = voice(
            run.house,
            connection,
            open_work=run.work,
            client=client,
            account=account.id,
            slice_id=row.id,
            memo=dict(row.memo),
        )
        try:
            asked_at = first_asked(ask, now=run.house.clock())
            pages = pull(ask, report, wanted)
            with packed(pages) as payload, run.work() as work:
                land(
                    work,
                    slice_id=row.id,
                    wanted=wanted,
                    report=report,
                    payload=payload,
                    pages=pages,
                    ask=ask,
                    asked_at=asked_at,
                )
        except NotYet as error:
            with run.work() as work:
                wait(work, slice_id=row.id, until=error.until, calls=ask.calls, is_own=error.is_own)
        except TooMuch as error:
            with run.work() as work:
                divide(work, slice_id=row.id, wanted=wanted, problem=error, calls=ask.calls)
        except Signal as error:
            with run.work() as work:
                set_back(work, slice_id=row.id, problem=error, calls=ask.calls)
        except (TaskCancelledError, TaskSupersededError):
            raise
        except Exception as error:
            # Ours, or what nobody foresaw: the run must not stand still for it, nor its connection seem well.
            LOG.exception("slice", tenant=str(run.scope.tenant_id), slice=str(row.id))
            with run.work() as work:
                problem = Passing(f"Something went wrong here ({type(error).__name__}); please report it if it stays.")
                set_back(work, slice_id=row.id, problem=problem, calls=ask.calls)


def first_asked(ask: Ask, *, now: datetime) -> datetime:
    """When the platform was first asked for what the slice's answers are made of: they say what was so then, however
    much later a job is done or they are landed.
    """
    if not ask.memo.keys() - {ASKED}:
        ask.forget(ASKED)
    return datetime.fromisoformat(ask.once(ASKED, now.isoformat))


def next_slice(work: Work, *, run_id: UUID) -> tuple[SyncSlice, Connection] | None:
    """What to bring now; None where the run is paused, over, or has to wait (and is then put off)."""
    run = get_run(work, run_id=run_id, for_update=True)
    if run.state != "running":
        return None
    open_ones = select(SyncSlice).where(SyncSlice.run_id == run_id, SyncSlice.state.in_(("queued", "waiting")))
    in_order = open_ones.order_by(func.coalesce(SyncSlice.next_try_at, work.now) > work.now, SyncSlice.place)
    found = work.session.scalars(in_order.limit(1)).first()
    connection = get(work, connection_id=run.connection_id)
    if found is None:
        finish(work, run)
        return None
    if found.next_try_at and found.next_try_at > work.now:
        soonest = work.session.execute(
            select(func.min(SyncSlice.next_try_at)).where(SyncSlice.run_id == run_id, SyncSlice.state == "waiting")
        ).scalar()
        go_on(work, run_id, after=soonest)
        return None
    is_chosen = not found.attribution or found.attribution in connection.attributions
    if not is_chosen or all(account.id != found.account_id for account in chosen_accounts(connection)):
        found.state, found.finished_at = "cancelled", work.now
        go_on(work, run_id)
        return None
    return found, connection


def pull(ask: Ask, report: Report, wanted: Slice) -> list[Page]:
    """All pages of the slice; begun anew where its cursor is no longer known. Raises TooMuch also where it came, and
    nobody could read it.
    """
    for place in range(ANEW):
        try:
            pages = list(report.pull(ask, wanted))
        except CursorExpired:
            if place == ANEW - 1:
                raise
        else:
            if any(page.is_line and len(page.content) > MAX_LINE_BYTES for page in pages):
                raise TooMuch("The answer has more than can be read in one piece.")
            return pages
    raise AssertionError("unreachable")


def packed(pages: Sequence[Page]) -> BinaryIO:
    """The pages as one payload: documents line by line, gzipped; a single file as it is."""
    files = [page for page in pages if not page.is_line]
    if files and len(pages) > 1:
        raise ValueError("a file stands alone in its slice")
    out = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 (the caller closes it)
    if files:
        out.write(files[0].content)
    else:
        with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=5) as lines:
            for page in pages:
                lines.write(page.content + b"\n")
    out.seek(0)
    return out


def hold(work: Work, slice_id: UUID) -> SyncSlice | None:
    """The slice, held; None where it was cancelled while it was on its way. Who steers a run holds its connection
    first, so that a slice does, too: in another order the two would wait for each other.
    """
    tenant_id = work.scope.tenant_id
    of = work.session.get_one(SyncSlice, (tenant_id, slice_id)).connection_id
    work.session.get_one(Connection, (tenant_id, of), with_for_update=True)
    row = work.session.get_one(SyncSlice, (tenant_id, slice_id), with_for_update=True)
    return row if row.state in {"queued", "waiting"} else None


def land(
    work: Work,
    *,
    slice_id: UUID,
    wanted: Slice,
    report: Report,
    payload: BinaryIO,
    pages: Sequence[Page],
    ask: Ask,
    asked_at: datetime,
) -> None:
    """Acknowledge a slice: its batch, its cursor and the next task are this one transaction."""
    row = hold(work, slice_id)
    if row is None:
        return
    account = wanted.account
    is_complete = report.is_complete and all(page.is_whole for page in pages)
    defaults = {"account_id": account.id, "account_name": account.name, "date_zone": account.zone}
    under = f", {window_words(wanted.attribution)}" if wanted.attribution else ""
    batch = batches.land(
        work,
        payload,
        data_source=ask.connector.data_source,
        file_name=f"{wanted.report} of {account.name or account.id}, {wanted.first} to {wanted.last}{under}",
        options={
            "date_range": [wanted.first.isoformat(), wanted.last.isoformat()],
            "defaults": {name: value for name, value in defaults.items() if value},
            "complete": [window_of(wanted)] if is_complete else [],
            "currency": account.currency or None,
            "attribution": wanted.attribution,
            "slice": str(slice_id),
        },
        idempotency_key=f"slice {slice_id}",
        reported_at=asked_at,
    )
    row.state, row.batch_id, row.finished_at = "landed", batch.id, work.now
    row.calls, row.pages, row.memo = row.calls + ask.calls, len(pages), {}
    row.problem = row.advice = None
    note_health(work, row)
    go_on(work, row.run_id)


def window_of(wanted: Slice) -> dict[str, str | None]:
    """The slice as a batch declares it complete."""
    return {
        "report": wanted.report,
        "account_id": wanted.account.id,
        "date_from": wanted.first.isoformat(),
        "date_to": wanted.last.isoformat(),
        "attribution": asked(wanted.attribution) if wanted.attribution else None,
    }


def wait(work: Work, *, slice_id: UUID, until: datetime, calls: int, is_own: bool) -> None:
    """The platform wants to be left alone, or is not done yet (`is_own`); nothing is wrong."""
    row = hold(work, slice_id)
    if row is None:
        return
    row.state, row.next_try_at, row.calls = "waiting", until, row.calls + calls
    if not is_own:  # the others of its kind would only be told the same
        others = update(SyncSlice).where(
            SyncSlice.run_id == row.run_id,
            SyncSlice.account_id == row.account_id,
            SyncSlice.report == row.report,
            SyncSlice.state.in_(("queued", "waiting")),
            func.coalesce(SyncSlice.next_try_at, work.now) < until,
        )
        work.session.execute(others.values(next_try_at=until))
    go_on(work, row.run_id)


def divide(work: Work, *, slice_id: UUID, wanted: Slice, problem: TooMuch, calls: int) -> None:
    """Ask for half of the days at once; a single day cannot be divided."""
    if wanted.first == wanted.last:
        set_back(
            work, slice_id=slice_id, problem=Refused(problem.message, advice="Choose a coarser report."), calls=calls
        )
        return
    row = hold(work, slice_id)
    if row is None:
        return
    older, newer = wanted.halves()
    run = get_run(work, run_id=row.run_id)
    row.date_from, row.calls, row.memo = newer.first, row.calls + calls, {}
    work.session.add(row_of(run, older, place=row.place))
    go_on(work, row.run_id)


def set_back(work: Work, *, slice_id: UUID, problem: Signal, calls: int) -> None:
    """It could not be had: taken up later where that may help, else told; the run goes on with the others."""
    row = hold(work, slice_id)
    if row is None:
        return
    row.tries, row.calls, row.problem = row.tries + 1, row.calls + calls, problem.message
    row.advice = getattr(problem, "advice", "") or None
    if isinstance(problem, Refused) or row.tries >= TRIES:
        row.state, row.finished_at = "failed", work.now
        note_health(work, row, problem)
    else:
        row.state, row.next_try_at = "waiting", work.now + LATER[row.tries - 1]
    go_on(work, row.run_id)


def finish(work: Work, run: SyncRun) -> None:
    """All slices have had their turn."""
    states = work.session.execute(
        select(SyncSlice.state, func.count()).where(SyncSlice.run_id == run.id).group_by(SyncSlice.state)
    )
    counts: dict[str, int] = dict(states.tuples().all())
    run.state, run.finished_at = ("failed" if counts.get("failed") else "done"), work.now
    work.announce("marketing.sync_finished", run_id=str(run.id))


def note_health(work: Work, row: SyncSlice, problem: Signal | None = None) -> None:
    """Say how the connection is after a slice: what failed in the run is not forgotten because another part came.
    Those who can mend it are told when it does not pass.
    """
    connection = get(work, connection_id=row.connection_id, for_update=True)
    connection.checked_at, connection.failures = work.now, connection.failures + 1 if problem else 0
    work.session.flush()
    states = set(work.session.scalars(select(SyncSlice.state).where(SyncSlice.run_id == row.run_id).distinct()))
    if problem:
        connection.health = "broken" if isinstance(problem, Refused) and "landed" not in states else "degraded"
        connection.problem, connection.advice = problem.message, getattr(problem, "advice", "") or None
    elif "failed" in states:
        connection.health = "degraded"
    else:
        connection.health, connection.problem, connection.advice = "healthy", None, None
    if problem and connection.failures == FAILURES_TOLD:
        tell_admins(
            work,
            kind="connection.failed",
            title=f"“{connection.label}” brings no data any more",
            body=f"{problem.message} {connection.advice or ''} What was brought stays.".replace("  ", " "),
            href=f"/data/platforms/{connection.id}",
        )
