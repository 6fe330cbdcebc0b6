"""From a unit of work to somebody who can ask: which snapshot, which tables, which calendar."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import ibis

from kalends.base.errors import BadInputError
from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import workspace
from kalends.insight.engine import Asker, Engine
from kalends.insight.past import tables_at
from kalends.insight.query import Snapshot
from kalends.insight.tables import SCHEMAS, Tables
from kalends.marketing import renames
from kalends.marketing import service as marketing
from kalends.marketing.service import NotKnownYetError

ENGINE: Final = Engine()
"""One per process: statements know no tenant, catalogues are kept by tenant and version."""

_PAUSES: Final = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3, *(0.5,) * 10)
"""Seconds before each new look, six in all. An applied batch is published within milliseconds, on a busy machine within
seconds. To answer from the log meanwhile takes both cores: several readers who do so held a publisher up for 20 s.
"""


def today_of(work: Work, *, as_of: datetime | None = None) -> date:
    """The running day in the tenant's own zone; at `as_of`, the day that it was then."""
    return (as_of or work.now).astimezone(ZoneInfo(workspace(work).zone)).date()


class BadInstantError(BadInputError):
    """This is neither a day nor an instant."""

    code = "bad_instant"


def instant_of(work: Work, text: str | None) -> datetime | None:
    """The instant meant by `text` (ISO 8601): a day means its end, and no zone the tenant's own."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInstantError(
            f"as_of {text!r} is neither a day such as 2026-03-31 nor an instant such as 2026-03-31T12:00:00Z."
        ) from error
    own = told if told.tzinfo else told.replace(tzinfo=ZoneInfo(workspace(work).zone))
    is_day = len(text) <= len("2026-03-31")
    try:
        return (own + timedelta(days=1, microseconds=-1) if is_day else own).astimezone(UTC)
    except OverflowError as error:
        raise BadInstantError(f"as_of {text!r} is beyond the years 1 to 9999.") from error


def asker(
    work: Work, *, as_of: datetime | None = None, snapshot: Snapshot | None = None, calendar_id: UUID | None = None
) -> Asker:
    """Somebody who asks this tenant's warehouse as it is published now, as it was at `as_of`, or in a `snapshot`: all
    of it in one state of the warehouse, until the next one asks.
    """
    if snapshot is None:
        snapshot = _settled_snapshot(work, as_of, calendar_id)
    else:
        marketing.refuse_forgotten(work, version=snapshot.data_version)
        work.warehouse.freeze()
    held = set(work.warehouse.list_tables())
    return Asker(
        engine=ENGINE,
        warehouse=work.warehouse,
        snapshot=snapshot,
        tables=_tables(work.warehouse, held, snapshot.data_version),
        has_rates="rates" in held,
        has_renames=renames.TABLE in held,
        rules=marketing.rules_at(work, version=snapshot.rules_version),
        settling=marketing.settling_at(work, version=snapshot.rules_version),
    )


def keep(work: Work, make: Callable[[Asker], bytes], *, question: object) -> bytes:
    """What `make` says of the data as it is now: made once per state, question and day, then kept."""
    state = snapshot_of(work)
    asked: list[Asker] = []

    def once() -> bytes:
        asked.append(asker(work))
        return make(asked[-1])

    return work.house.cache.get_or_make(
        once,
        tenant_id=work.scope.tenant_id,
        scope="insight.read",
        version=version_of(state),
        question=question,
        keep=lambda: asked[-1].snapshot == state,
    )


def version_of(state: Snapshot) -> str:
    """The state as a cache's key names it."""
    return f"{state.data_version}:{state.calendar_version}:{state.today}:{state.rules_version}"


def is_still(work: Work, state: Snapshot) -> bool:
    """Whether no batch after `state` has been applied in what the warehouse shows."""
    return marketing.newest_applied(work.warehouse, held=work.warehouse.list_tables()) <= state.data_version


def snapshot_of(work: Work, *, as_of: datetime | None = None, calendar_id: UUID | None = None) -> Snapshot:
    """What is published now, or what was at `as_of`. Raises NotKnownYetError before the first data."""
    version = marketing.data_version(work) if as_of is None else marketing.version_at(work, instant=as_of)
    if as_of is not None and version == 0:
        raise NotKnownYetError(f"Nothing was known at {as_of.isoformat()}: the first data came later.")
    marketing.refuse_forgotten(work, version=version)
    known = (
        calendar.existing_default(work) if calendar_id is None else calendar.get_calendar(work, calendar_id=calendar_id)
    )
    calendar_version = 0 if known is None else calendar.published_version(work, calendar_id=known.id, as_of=as_of)
    rules_version = marketing.rules_version(work, as_of=as_of)
    return Snapshot(version, calendar_version, today_of(work, as_of=as_of), rules_version)


def _settled_snapshot(work: Work, as_of: datetime | None, calendar_id: UUID | None) -> Snapshot:
    """The snapshot, and the warehouse frozen in it; a batch that is applied already and not yet published is given a
    moment to be so.
    """
    for pause in (0, *_PAUSES):
        time.sleep(pause)
        snapshot = snapshot_of(work, as_of=as_of, calendar_id=calendar_id)
        work.warehouse.freeze()
        if as_of or is_still(work, snapshot):
            break
    return snapshot


def _tables(warehouse: TenantWarehouse, held: set[str], version: int) -> Tables:
    """The current tables where they are what `version` says, else what the log says; empty ones for none."""
    missing = {
        name: ibis.memtable(schema.to_pyarrow().empty_table())
        for name, schema in SCHEMAS.items()
        if name not in held and name != "rates"  # which is read only where it is there
    }
    if "facts" not in held or marketing.newest_applied(warehouse, held=held) <= version:
        return Tables(missing)
    return Tables(missing | dict(tables_at(warehouse, version).instead))
