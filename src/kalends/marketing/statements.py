"""The statements that keep the versions of facts, each one step of `kalends.marketing.versions`, where the rules are.

They hand over to each other by temporary tables of the tenant's cursor: `_scopes` (the slices that a batch speaks
about) and `_changed` (keys of staged rows that say something new); then `kalends.marketing.current` renews the state.
"""

# ruff: noqa: S608 -- the statements are composed of declared column names, integers and instants; no text from outside

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from kalends.base.errors import ConflictError
from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import rollup
from kalends.marketing.current import (
    BY_DAY,
    COLUMNS,
    KEYS,
    ROOTS,
    ROW_ID,
    STANDING,
    TOMBSTONE_COLUMNS,
    between,
    covers,
    latest,
    put_latest,
    renew_from_log,
    touch,
    touch_days,
    write_out_elided,
)
from kalends.marketing.fingerprints import DELETED
from kalends.marketing.records import LOG, SCOPES_SCHEMA, STAGED

STAGED_COLUMNS = ", ".join(STAGED)
SLICE = "data_source, report, account_id"


class BatchOutOfOrderError(ConflictError):
    """A later batch was applied already; batches are applied in the order of their numbers."""

    code = "batch_out_of_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A slice that a batch declares complete: what it does not bring in these account's local dates does not exist.

    `attribution`: of rows that were asked for under a window the one that it is about; None: it is about all others.
    """

    data_source: str
    report: str
    account_id: str
    date_from: date
    date_to: date
    attribution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which batch speaks, when its platform said it, and when we recorded it."""

    batch_seq: int
    reported_at: datetime
    recorded_at: datetime

    def columns(self) -> str:
        """It as the version columns of a log row, in their order."""
        return f"{self.batch_seq}, {instant(self.recorded_at)}, {instant(self.reported_at)}"


def instant(moment: datetime) -> str:
    """An instant as a SQL literal. `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return f"TIMESTAMPTZ '{moment.isoformat()}'"


def count(tenant: TenantWarehouse, sql: str) -> int:
    return int(tenant.execute(sql).column(0)[0].as_py() or 0)


def refuse_out_of_order(tenant: TenantWarehouse, batch_seq: int) -> None:
    newest = count(
        tenant,
        "SELECT max(batch_seq) FROM (SELECT batch_seq FROM scopes UNION ALL SELECT batch_seq FROM retractions) AS b",
    )
    if newest > batch_seq:
        raise BatchOutOfOrderError(
            f"Batch {batch_seq} comes after batch {newest} was applied; give its rows a new number.",
            batch_seq=batch_seq,
            newest=newest,
        )


def undo(tenant: TenantWarehouse, batch_seq: int) -> None:
    """Remove what an earlier call wrote for this batch."""
    if not tenant.run(f"DELETE FROM scopes WHERE batch_seq = {batch_seq}"):
        return
    tenant.run(f"DELETE FROM confirmations WHERE batch_seq = {batch_seq}")
    touch(tenant, f"batch_seq = {batch_seq}")
    tenant.run(f"DELETE FROM facts_past WHERE batch_seq = {batch_seq}")
    renew_from_log(tenant)


def undo_retraction(tenant: TenantWarehouse, batch_seq: int) -> None:
    """Let count again what an earlier call let go for this batch."""
    gone = tenant.execute(f"SELECT retracted_seq FROM retractions WHERE batch_seq = {batch_seq}").column(0).to_pylist()
    if not gone:
        return
    tenant.run(f"DELETE FROM retractions WHERE batch_seq = {batch_seq}")
    touch(tenant, f"batch_seq IN ({', '.join(map(str, gone))})")
    renew_from_log(tenant)


def speaking(tenant: TenantWarehouse, batches: Sequence[int]) -> list[int]:
    """Which of the batches stand and have said something: a reading that said the same as the one before did not."""
    if not batches:
        return []
    listed = ", ".join(map(str, batches))
    found = tenant.execute(f"SELECT DISTINCT batch_seq FROM scopes WHERE batch_seq IN ({listed}) AND {STANDING}")
    return [int(seq) for seq in found.column(0).to_pylist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two readings of one payload: rows of the second, how many are new or other, and keys only of the first."""

    rows: int
    added: int
    changed: int
    gone: int

    @property
    def is_same(self) -> bool:
        """Whether they say the same."""
        return not (self.added or self.changed or self.gone)


def compare(tenant: TenantWarehouse, staged: str, earlier: Sequence[int]) -> Compared:
    """`staged` beside what the batches `earlier` said, written or elided."""
    own = f"batch_seq IN ({', '.join(map(str, earlier)) or 'NULL'})"
    tenant.stage_query(
        "_said",
        f"SELECT DISTINCT key_hash, row_hash FROM (SELECT key_hash, row_hash FROM {LOG} AS l WHERE {own} AND NOT"
        f" is_deleted UNION ALL SELECT key_hash, row_hash FROM confirmations WHERE {own}) AS s",
    )
    missing = f"NOT EXISTS (SELECT 1 FROM {staged} AS n WHERE n.key_hash = s.key_hash)"
    known = "SELECT n.row_hash, s.key_hash, s.row_hash AS said"
    joined = f"{known} FROM {staged} AS n LEFT JOIN _said AS s ON s.key_hash = n.key_hash"
    return Compared(
        rows=count(tenant, f"SELECT count(*) FROM {staged}"),
        added=count(tenant, f"SELECT count(*) FROM ({joined}) AS j WHERE key_hash IS NULL"),
        changed=count(tenant, f"SELECT count(*) FROM ({joined}) AS j WHERE key_hash IS NOT NULL AND said <> row_hash"),
        gone=count(tenant, f"SELECT count(*) FROM _said AS s WHERE {missing}"),
    )


def drop_duplicates(tenant: TenantWarehouse, staged: str) -> tuple[int, int]:
    """Of equal keys keep the last row; gives how many others said something else, and how many the same."""
    if not count(tenant, f"SELECT count(*) - count(DISTINCT key_hash) FROM {staged}"):
        return 0, 0
    row_id = ROW_ID[tenant.engine]
    last = f"OVER (PARTITION BY key_hash ORDER BY source_row DESC, {row_id} DESC)"
    tenant.stage_query(
        "_duplicates",
        f"SELECT line, is_same FROM (SELECT {row_id} AS line, row_number() {last} AS place,"
        f" row_hash = first_value(row_hash) {last} AS is_same FROM {staged}"
        f" WHERE key_hash IN (SELECT key_hash FROM {staged} GROUP BY key_hash HAVING count(*) > 1)) AS d"
        " WHERE place > 1",
    )
    repeated = count(tenant, "SELECT count(*) FROM _duplicates WHERE is_same")
    dropped = tenant.run(f"DELETE FROM {staged} WHERE {row_id} IN (SELECT line FROM _duplicates)")
    return dropped - repeated, repeated


def note_scopes(tenant: TenantWarehouse, staged: str, *, stamp: Stamp, complete: Sequence[Window]) -> None:
    """Note which slices this batch speaks about, and which of them completely."""
    spoken = tenant.execute(
        f"SELECT {SLICE}, min(date_from) AS date_from, max(date_to) AS date_to FROM {staged} GROUP BY {SLICE}"
    ).to_pylist()
    windows = [asdict(window) | {"is_complete": True} for window in complete]
    entries = [row | {"is_complete": False} for row in spoken] + windows
    rows = pa.Table.from_pylist([row | asdict(stamp) for row in entries], schema=SCOPES_SCHEMA.to_pyarrow())
    tenant.stage("_scopes", rows, schema=SCOPES_SCHEMA)
    columns = ", ".join(SCOPES_SCHEMA)
    tenant.run(f"INSERT INTO scopes ({columns}) SELECT {columns} FROM _scopes")


def is_late(tenant: TenantWarehouse, stamp: Stamp) -> bool:
    """Whether somebody spoke about these slices at a later place; elided statements count as well."""
    return bool(
        count(
            tenant,
            "SELECT count(*) FROM scopes AS s JOIN _scopes AS n ON s.data_source = n.data_source"
            " AND s.report = n.report AND s.account_id = n.account_id"
            " AND s.date_from <= n.date_to AND s.date_to >= n.date_from"
            f" LEFT JOIN {ROOTS} AS o ON o.reading = s.batch_seq"
            f" WHERE (s.reported_at, coalesce(root, s.batch_seq)) > {_place(stamp)}",
        )
    )


def _place(stamp: Stamp) -> str:
    """Where the batch speaks, in SQL."""
    root = f"SELECT root FROM {ROOTS} AS p WHERE p.reading = {stamp.batch_seq}"
    return f"({instant(stamp.reported_at)}, coalesce(({root}), {stamp.batch_seq}))"


def prior(tenant: TenantWarehouse, stamp: Stamp, *, is_late: bool) -> str:
    """A bracketed query: the state, just before this batch's place, of the dates that it speaks about."""
    dates = between(tenant, "_scopes")
    if not is_late:
        return f"(SELECT * FROM facts WHERE {dates})"
    said = f"(reported_at, coalesce(root, batch_seq)) < {_place(stamp)} AND {dates}"
    tenant.stage_query(
        "_prior",
        f"SELECT * FROM ({latest(f'{KEYS}, key_hash, row_hash', where=said)}) AS l WHERE place = 1 AND NOT is_deleted",
    )
    return "(SELECT * FROM _prior)"


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows that say something else than the state before them: how many are of new keys, and how many restate."""

    added: int
    restated: int


_STAMP = "(SELECT DISTINCT batch_seq, recorded_at, reported_at FROM _scopes)"
"""What `Stamp` says, of which there is one. The aggregate tells DuckDB that these rows are in no order, so it need not
hold batches of them back until their turn: with less memory than it would like, an insert is a third faster for that.
"""


def write_changed(tenant: TenantWarehouse, staged: str, *, prior: str, is_late: bool) -> Changed:
    """Write the rows that say something else than the state before them: those of new keys are the state now, where
    nobody has spoken later; the others wait in `facts_past` for their place.
    """
    tenant.stage_query(
        "_changed",
        f"SELECT s.key_hash, p.key_hash IS NULL AS is_new FROM {staged} AS s"
        f" LEFT JOIN {prior} AS p ON p.key_hash = s.key_hash WHERE p.row_hash IS DISTINCT FROM s.row_hash",
    )
    added = count(tenant, "SELECT count(*) FROM _changed WHERE is_new")
    written = count(tenant, "SELECT count(*) FROM _changed")
    # A first load writes all of its rows, and most files are in the order of their days: then neither the look-up nor
    # the sort of wide rows is needed.
    is_all = added == count(tenant, f"SELECT count(*) FROM {staged}")
    order = "" if is_all and _is_by_day(tenant, staged) else f" ORDER BY {BY_DAY}"
    rows = f"SELECT {STAGED_COLUMNS}, stamp.*, false FROM {staged} CROSS JOIN {_STAMP} AS stamp"
    fresh, restated = (
        f"key_hash IN (SELECT key_hash FROM _changed WHERE {which})" for which in ("is_new", "NOT is_new")
    )
    if added:
        table, which = "facts_past" if is_late else "facts", "" if is_all else f" WHERE {fresh}"
        tenant.run(f"INSERT INTO {table} ({COLUMNS}) {rows}{which}{order}")
    if written > added:
        tenant.run(f"INSERT INTO facts_past ({COLUMNS}) {rows} WHERE {restated} ORDER BY {BY_DAY}")
    return Changed(added, written - added)


def _is_by_day(tenant: TenantWarehouse, staged: str) -> bool:
    """Whether the rows come in the order of their days."""
    back = f"SELECT date_from < lag(date_from) OVER (ORDER BY source_row) AS is_back FROM {staged}"
    return not count(tenant, f"SELECT count(*) FROM ({back}) AS b WHERE is_back")


def confirm_rest(tenant: TenantWarehouse, staged: str, *, stamp: Stamp) -> int:
    """Note the rows that say what is so already; gives how many."""
    return tenant.run(
        "INSERT INTO confirmations (key_hash, row_hash, source_row, date_from, batch_seq, reported_at)"
        f" SELECT key_hash, row_hash, source_row, date_from, {stamp.batch_seq}, {instant(stamp.reported_at)}"
        f" FROM {staged} AS s WHERE NOT EXISTS (SELECT 1 FROM _changed AS c WHERE c.key_hash = s.key_hash)"
    )


def bury_vanished(tenant: TenantWarehouse, staged: str, *, prior: str, stamp: Stamp) -> int:
    """Append tombstones for keys that were there in a complete window and are not in this batch; gives how many."""
    return tenant.run(
        f"INSERT INTO facts_past ({TOMBSTONE_COLUMNS})"
        f" SELECT {KEYS}, key_hash, {DELETED}, 0, {stamp.columns()}, true FROM {prior} AS p"
        f" WHERE EXISTS (SELECT 1 FROM _scopes AS w WHERE w.is_complete AND {covers('w', 'p')})"
        f" AND NOT EXISTS (SELECT 1 FROM {staged} AS s WHERE s.key_hash = p.key_hash)"
    )


def renew_after(tenant: TenantWarehouse, batch_seq: int, *, is_late: bool, overwrites: bool) -> None:
    """Put what this batch wrote in its place, and renew the rollups of its days."""
    own = f"batch_seq = {batch_seq}"
    if is_late:
        touch(tenant, own)
        write_out_elided(tenant)
        renew_from_log(tenant)
        return
    if overwrites:
        touch(tenant, own, source="facts_past")
        put_latest(tenant)
    touch_days(tenant, f"(SELECT * FROM {LOG} AS l WHERE {own})")
    rollup.renew(tenant, days="_days")
