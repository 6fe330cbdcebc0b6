"""Syncs and back-fills are runs: what each is made of, and how people steer them.

A run is a list of slices, newest days first; one task brings one slice and starts the next (see `syncing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import func, select, text, update

from kalends.base.errors import ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.service import workspace
from kalends.marketing.connectors.connections import chosen_accounts, connector_of, due_again, forget, get
from kalends.marketing.connectors.declared import Connector, Slice
from kalends.marketing.connectors.models import Connection, SyncRun, SyncSlice
from kalends.marketing.connectors.slicing import due_spans, windows
from kalends.marketing.rollup import ACCOUNT

SYNC: Final = "marketing.sync"
LOG = structlog.get_logger(__name__)
UNFINISHED = text(
    "SELECT 1 FROM tasks WHERE kind = :kind AND subject_id = :run_id AND state IN ('queued', 'running') LIMIT 1"
)
DUE_TENANTS = text("SELECT tenant_id FROM find_due_connections(:now)")


class NoSuchRunError(NotFoundError):
    """There is no such sync."""

    code = "no_such_sync"


class NothingToSyncError(ConflictError):
    """Nothing is chosen to be brought; choose accounts first."""

    code = "nothing_to_sync"


class SyncUnderWayError(ConflictError):
    """A sync of this connection is under way or paused: wait until it has ended, or leave the rest of it."""

    code = "sync_under_way"


class RunIsOverError(ConflictError):
    """This sync has ended; start another."""

    code = "sync_is_over"


def start_due(house: House) -> int:
    """Start what is due, of every company; gives how many runs. Two servers start each only once."""
    with house.database.lookup() as session:
        tenants = session.execute(DUE_TENANTS, {"now": house.clock()}).scalars().all()
    started = 0
    for tenant_id in tenants:
        try:
            with house.work(Scope(tenant_id=tenant_id, role="worker", label="schedule")) as work:
                started += _start_due(work)
        except Exception:  # one company's trouble is not the others'
            LOG.exception("schedule", tenant=str(tenant_id))
    return started


def _start_due(work: Work) -> int:
    due = select(Connection).where(
        Connection.state == "active", Connection.removed_at.is_(None), Connection.next_sync_at <= work.now
    )
    started = 0
    for connection in work.session.scalars(due.with_for_update(skip_locked=True)).all():
        connection.next_sync_at = work.now + due_again(connection)  # also where it has no account yet
        under_way = running(work, connection.id)
        if under_way is None and connection.accounts:
            started += start(work, connection_id=connection.id) is not None
        elif under_way is not None and under_way.state == "running" and not _is_on(work, under_way.id):
            go_on(work, under_way.id)
    return started


def _is_on(work: Work, run_id: UUID) -> bool:
    """Whether a task of the run waits or works: the last one may have ended for a reason that nobody foresaw."""
    return bool(work.session.execute(UNFINISHED, {"kind": SYNC, "run_id": run_id}).scalar())


def start(work: Work, *, connection_id: UUID, first: date | None = None, last: date | None = None) -> SyncRun | None:
    """Bring the connection up to date, or fetch `first` to `last` again. None where nothing is due yet. To bring it up
    to date is to go on with a run that is paused.

    Raises NothingToSyncError where no account is chosen, and SyncUnderWayError: there is one run at a time.
    """
    connection = get(work, connection_id=connection_id, for_update=True)
    if not connection.accounts:
        raise NothingToSyncError
    if (other := running(work, connection_id)) is not None:
        if first is None and other.state == "paused":
            return set_run_state(work, run_id=other.id, state="running")
        raise SyncUnderWayError(run_id=str(other.id), state=other.state)
    if first is None:
        connection.next_sync_at = work.now + due_again(connection)
    connector = connector_of(connection.data_source)
    wanted = list(_wanted(work, connection, connector, first, last))
    if not wanted:
        return None
    run = SyncRun(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        connection_id=connection.id,
        kind="backfill" if first else "sync",
        state="running",
        date_from=min(one.first for one in wanted),
        date_to=max(one.last for one in wanted),
        started_by=work.scope.person_id,
        started_at=work.now,
    )
    work.session.add(run)
    work.session.flush()
    work.session.add_all(row_of(run, one, place=place) for place, one in enumerate(wanted))
    work.session.flush()
    go_on(work, run.id)
    return run


def _wanted(
    work: Work, connection: Connection, connector: Connector, first: date | None, last: date | None
) -> Iterable[Slice]:
    """The slices of a run, newest days first over all accounts and reports.

    Of the same days a whole account is asked for first: what comes after it of a day that is not over has at least as
    much, and so it covers the account.
    """
    found = []
    for account in chosen_accounts(connection):
        today = work.now.astimezone(_zone(account.zone, workspace(work).zone)).date()
        for name, attribution in product(connection.reports, ("", *connection.attributions)):
            report = connector.report(name)
            spans = (
                [(first, min(last or today, today))]
                if first
                else due_spans(
                    connector,
                    report,
                    landed=landed(work, connection.id, account.id, name, attribution),
                    today=today,
                    history=connection.history,
                    reread=connection.reread,
                )
            )
            days = [each for span in spans for each in windows(*span, days=report.days)]
            found += [Slice(account, name, *each, attribution=attribution) for each in days]
    order = sorted(connection.reports, key=lambda name: name != ACCOUNT)
    return sorted(found, key=lambda one: (-one.last.toordinal(), order.index(one.report)))


def _zone(name: str, own: str) -> ZoneInfo:
    """The account's zone; the company's `own` where it has none that is known here."""
    try:
        return ZoneInfo(name or own)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(own)


def landed(
    work: Work, connection_id: UUID, account_id: str, report: str, attribution: str = ""
) -> list[tuple[date, date]]:
    """The days that are here under an attribution window, as stretches without a gap."""
    span = func.daterange(SyncSlice.date_from, SyncSlice.date_to, "[]")
    query = select(func.unnest(func.range_agg(span))).where(
        SyncSlice.connection_id == connection_id,
        SyncSlice.account_id == account_id,
        SyncSlice.report == report,
        SyncSlice.attribution == attribution,
        SyncSlice.state == "landed",
    )
    return [(found.lower, found.upper - timedelta(days=1)) for found in work.session.execute(query).scalars()]


def running(work: Work, connection_id: UUID, *, for_update: bool = False) -> SyncRun | None:
    """The run that is under way or paused. For an update the connection is held first, as everywhere."""
    if for_update:
        get(work, connection_id=connection_id, for_update=True)
    query = select(SyncRun).where(SyncRun.connection_id == connection_id, SyncRun.state.in_(("running", "paused")))
    newest = query.order_by(SyncRun.started_at.desc()).limit(1)
    return work.session.scalars(newest.with_for_update() if for_update else newest).first()


def set_run_state(work: Work, *, run_id: UUID, state: str) -> SyncRun:
    """Pause a run, let it go on, or cancel the rest of it. Raises RunIsOverError and SyncUnderWayError."""
    run = _locked(work, run_id)
    if run.state not in {"running", "paused"}:
        raise RunIsOverError
    if state == "running":
        _only_one(work, run)
    run.state = state
    if state == "cancelled":
        run.finished_at = work.now
        rest = update(SyncSlice).where(SyncSlice.run_id == run_id, SyncSlice.state.in_(("queued", "waiting")))
        work.session.execute(rest.values(state="cancelled", finished_at=work.now))
    if state == "running":
        go_on(work, run_id)
    return run


def set_state(work: Work, *, connection_id: UUID, state: str) -> Connection:
    """Let a connection rest with the run that is under way, or go on with it."""
    found = get(work, connection_id=connection_id, for_update=True)
    if found.state != state:
        work.audit(state, subject_kind="connection", subject_id=found.id)
        found.state, found.updated_at = state, work.now
        if (run := running(work, connection_id, for_update=True)) is not None:
            set_run_state(work, run_id=run.id, state="paused" if state == "paused" else "running")
    return found


def remove(work: Work, *, connection_id: UUID) -> None:
    """Remove a connection, and leave the rest of the run that is under way."""
    if (run := running(work, connection_id, for_update=True)) is not None:
        set_run_state(work, run_id=run.id, state="cancelled")
    forget(work, connection_id=connection_id)


def try_again(work: Work, *, run_id: UUID) -> SyncRun:
    """Take up what failed in a run. Raises SyncUnderWayError."""
    run = _locked(work, run_id)
    _only_one(work, run)
    failed = update(SyncSlice).where(SyncSlice.run_id == run_id, SyncSlice.state == "failed")
    work.session.execute(failed.values(state="queued", tries=0, problem=None, advice=None, memo={}))
    run.state, run.finished_at = "running", None
    go_on(work, run_id)
    return run


def _locked(work: Work, run_id: UUID) -> SyncRun:
    """The run; nobody else starts one of its connection meanwhile."""
    get(work, connection_id=get_run(work, run_id=run_id).connection_id, for_update=True)
    return get_run(work, run_id=run_id, for_update=True)


def _only_one(work: Work, run: SyncRun) -> None:
    """Raises SyncUnderWayError where another run of the connection is open."""
    other = running(work, run.connection_id)
    if other is not None and other.id != run.id:
        raise SyncUnderWayError(run_id=str(other.id), state=other.state)


def get_run(work: Work, *, run_id: UUID, for_update: bool = False) -> SyncRun:
    """The run. Raises NoSuchRunError."""
    found = work.session.get(SyncRun, (work.scope.tenant_id, run_id), with_for_update=for_update or None)
    if found is None:
        raise NoSuchRunError
    return found


def go_on(work: Work, run_id: UUID, *, after: datetime | None = None) -> None:
    """Have the run's next slice brought."""
    work.defer(SYNC, subject_id=run_id, lock=f"sync:{run_id}", after=after, run_id=str(run_id))


def row_of(run: SyncRun, one: Slice, *, place: int) -> SyncSlice:
    """A slice of a run, to be brought."""
    return SyncSlice(
        tenant_id=run.tenant_id,
        id=new_id(),
        run_id=run.id,
        connection_id=run.connection_id,
        place=place,
        account_id=one.account.id,
        report=one.report,
        attribution=one.attribution,
        date_from=one.first,
        date_to=one.last,
        state="queued",
        memo={},
    )
