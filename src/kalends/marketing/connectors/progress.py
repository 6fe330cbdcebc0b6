"""How far syncs are, and what is used of the platforms' limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from kalends.base.work import Work
from kalends.marketing.connectors.budget import used
from kalends.marketing.connectors.connections import connector_of
from kalends.marketing.connectors.declared import Quota
from kalends.marketing.connectors.models import CallCount, Connection, SyncRun, SyncSlice


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run with its slices counted. `next_try_at`: when it goes on, where it waits for the platform."""

    run: SyncRun
    slices: int
    landed: int
    failed: int
    waiting: int
    calls: int
    next_try_at: datetime | None

    @property
    def done(self) -> int:
        """Slices that had their turn."""
        return self.landed + self.failed

    @property
    def is_open(self) -> bool:
        """Whether it still goes on, or can."""
        return self.run.state in {"running", "paused"}


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of a limit on one account."""

    quota: Quota
    account: str
    calls: int


def runs_of(work: Work, *, connection_id: UUID, limit: int = 10) -> list[RunProgress]:
    """A connection's runs, newest first."""
    query = select(SyncRun).where(SyncRun.connection_id == connection_id).order_by(SyncRun.started_at.desc())
    return counted(work, work.session.scalars(query.limit(limit)).all())


def last_runs(work: Work) -> dict[UUID, RunProgress]:
    """Each connection's last run, or the one that is under way or paused."""
    is_over = SyncRun.state.not_in(("running", "paused"))
    in_order = (SyncRun.connection_id, is_over, SyncRun.started_at.desc())
    newest = select(SyncRun).distinct(SyncRun.connection_id).order_by(*in_order)
    return {one.run.connection_id: one for one in counted(work, work.session.scalars(newest).all())}


def mark(work: Work, *, connection_id: UUID | None = None) -> str:
    """Another text whenever a run has begun or ended, of a connection or of any: so a page knows that it is old."""
    is_open = SyncRun.state.in_(("running", "paused"))
    query = select(func.count(), func.count().filter(is_open), func.max(SyncRun.started_at))
    of = query if connection_id is None else query.where(SyncRun.connection_id == connection_id)
    count, still_open, newest = work.session.execute(of).one()
    return f"{count}.{still_open}.{newest.timestamp() if newest else 0:.0f}"


def counted(work: Work, runs: Sequence[SyncRun]) -> list[RunProgress]:
    """The runs with their slices counted."""
    rows = work.session.execute(
        select(
            SyncSlice.run_id,
            func.count(),
            func.count().filter(SyncSlice.state == "landed"),
            func.count().filter(SyncSlice.state == "failed"),
            func.count().filter(SyncSlice.state == "waiting"),
            func.coalesce(func.sum(SyncSlice.calls), 0),
            func.min(SyncSlice.next_try_at).filter(SyncSlice.state == "waiting"),
        )
        .where(SyncSlice.run_id.in_([run.id for run in runs]))
        .group_by(SyncSlice.run_id)
    ).tuples()
    found = {run_id: rest for run_id, *rest in rows}
    return [RunProgress(run, *found.get(run.id, (0, 0, 0, 0, 0, None))) for run in runs]


def slices_of(run_id: UUID) -> Select[SyncSlice]:
    """A run's slices in their order; failed ones first, for somebody has to look at them."""
    return select(SyncSlice).where(SyncSlice.run_id == run_id).order_by(SyncSlice.state != "failed", SyncSlice.place)


def usage(work: Work, connection: Connection) -> list[Usage]:
    """What the connection's accounts have used of the platform's limits."""
    quotas = {f"{quota.name}/{quota.seconds}": quota for quota in connector_of(connection.data_source).quotas}
    accounts = {account["id"]: account["name"] or account["id"] for account in connection.accounts}
    accounts[""] = "All accounts"
    query = select(CallCount).where(CallCount.data_source == connection.data_source, CallCount.account.in_(accounts))
    now = work.now.timestamp()
    return [
        Usage(quotas[row.quota], accounts[row.account], used(quotas[row.quota], row.counts, now))
        for row in work.session.scalars(query)
        # Without an account only shared limits are counted in full.
        if row.quota in quotas and (row.account or quotas[row.quota].is_shared)
    ]


def covered_span(work: Work, connection_id: UUID) -> tuple[date, date] | None:
    """First and last day that the connection has brought."""
    query = select(func.min(SyncSlice.date_from), func.max(SyncSlice.date_to)).where(
        SyncSlice.connection_id == connection_id, SyncSlice.state == "landed"
    )
    first, last = work.session.execute(query).one()
    return (first, last) if first else None
