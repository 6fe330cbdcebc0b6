"""Versions of facts: what a platform said, when it said it, and when we knew.

Every row of a batch is a *statement*: at `reported_at` the platform said that this key has these values. A window that
a batch declares complete is a statement too: at `reported_at` no other key exists in it. The state is, per key, what
the greatest statement says, by (`reported_at`, `batch_seq`); so an old file that comes late changes only the past.

`facts_log` is append-only and does not hold every statement. One that says what the log already says at that place is
*elided*: it becomes a short row of `confirmations` (an elided absence is known from `scopes`). So a repeated file adds
no row to the log, and the log, read in order, still is the same step function. Invariant: **the statement before an
elided one, in the log, says the same.** Two things could break it, and both mend it at once:

- a late file puts a statement *before* an elided one that says something else;
- a batch that is taken back was the one that made a later statement redundant.

Either way the next elided statement of that key is written out into the log, under its own `batch_seq` and
`reported_at`. It repeats what was already so at every earlier version; no answer for an earlier version changes. Raw
payloads are not needed for this: the values are in the log under the same hashes.

A batch that is taken back stays in the log. `retractions` notes from which version on it does not count.

`facts` is the state now: a rebuildable cache of the log. One transaction renews log, facts and rollups, so that a kill
leaves the state before or after; the same call again removes what this `batch_seq` wrote, and writes it again.
Batches must be applied in the order of their numbers.
"""

# ruff: noqa: S608 -- the statements are composed of declared column names, integers and instants; no text from outside

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

import ibis
import pyarrow as pa

from kalends.base.errors import ConflictError
from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import rollup
from kalends.marketing.fingerprints import DELETED
from kalends.marketing.records import FACT, KEY, SCOPES_SCHEMA, STAGED, TABLES, VERSION

COLUMNS = ", ".join(FACT)
STAGED_COLUMNS = ", ".join(STAGED)
KEYS = ", ".join(KEY)
TOMBSTONE_COLUMNS = ", ".join((*KEY, *VERSION))
NEWEST_FIRST = "reported_at DESC, batch_seq DESC"
STORED = "date_from, campaign_id, ad_id"
"""The order of rows in the store: a query over a period then reads few blocks."""
ROW_ID = {"duckdb": "rowid", "postgres": "ctid"}
STANDING = "batch_seq NOT IN (SELECT retracted_seq FROM retractions)"
SLICE = "data_source, report, account_id"


class BatchOutOfOrderError(ConflictError):
    """A later batch was applied already; batches are applied in the order of their numbers."""

    code = "batch_out_of_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A slice that a batch declares complete: what it does not bring in these account's local dates does not exist."""

    data_source: str
    report: str
    account_id: str
    date_from: date
    date_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a batch's rows: received = added + changed + unchanged + superseded + repeated."""

    received: int = 0
    added: int = 0
    """Rows of keys that were not there at that place."""
    changed: int = 0
    """Rows that restate a key."""
    unchanged: int = 0
    superseded: int = 0
    """Rows that a later row of the same batch overrides with other values."""
    repeated: int = 0
    """Rows that a later row of the same batch repeats exactly."""
    deleted: int = 0
    """Tombstones written for keys that vanished inside a complete window."""
    is_late: bool = False
    """Whether newer statements about the same slice were there already."""

    @property
    def loaded(self) -> int:
        """Rows that were written."""
        return self.added + self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which batch speaks, when its platform said it, and when we recorded it."""

    batch_seq: int
    reported_at: datetime
    recorded_at: datetime

    def columns(self, *, is_deleted: bool) -> str:
        """The version columns of a log row, in the order of STAMPS."""
        return f"{self.batch_seq}, {instant(self.recorded_at)}, {instant(self.reported_at)}, {is_deleted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key for which `facts` is not what the log says."""

    key_hash: str
    kind: str
    """'missing' (only the log has it), 'surplus' (only facts has it) or 'other' (another version)."""
    log_batch: int | None = field(default=None)
    facts_batch: int | None = field(default=None)


def instant(moment: datetime) -> str:
    """An instant as a SQL literal. `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return f"TIMESTAMPTZ '{moment.isoformat()}'"


def create_tables(tenant: TenantWarehouse) -> None:
    """Make the marketing tables that are not there yet."""
    for name in TABLES.keys() - set(tenant.list_tables()):
        tenant.create(name, TABLES[name])


def apply_batch(
    tenant: TenantWarehouse,
    *,
    batch_seq: int,
    reported_at: datetime,
    recorded_at: datetime,
    staged: str = "staged",
    complete: Sequence[Window] = (),
) -> Applied:
    """Write what the temporary table `staged` (the STAGED columns, declared types) says and the log does not, and
    renew facts and rollups. `complete`: windows in which keys that `staged` does not have are deleted.

    The same call again ends the same. `staged` loses its rows of equal key but the last.
    Raises BatchOutOfOrderError when a later batch has been applied.
    """
    stamp = Stamp(batch_seq=batch_seq, reported_at=reported_at, recorded_at=recorded_at)
    with tenant.write():
        _refuse_out_of_order(tenant, batch_seq)
        _undo(tenant, batch_seq)
        received = _count(tenant, f"SELECT count(*) FROM {staged}")
        superseded, repeated = _drop_duplicates(tenant, staged)
        _note_scopes(tenant, staged, stamp=stamp, complete=complete)
        is_late = _is_late(tenant, stamp)
        prior = _prior(tenant, stamp, is_late=is_late)
        added, changed = _write_changed(tenant, staged, prior=prior, stamp=stamp)
        unchanged = _confirm_rest(tenant, staged, stamp=stamp)
        deleted = _bury_vanished(tenant, staged, prior=prior, stamp=stamp) if complete else 0
        if added or changed or deleted:
            _renew_after(tenant, batch_seq, is_late=is_late, overwrites=bool(changed or deleted))
        return Applied(
            received=received,
            added=added,
            changed=changed,
            unchanged=unchanged,
            superseded=superseded,
            repeated=repeated,
            deleted=deleted,
            is_late=is_late,
        )


def retract(tenant: TenantWarehouse, *, batch_seq: int, retracted: int) -> int:
    """From version `batch_seq` on, let all be as if the batch `retracted` had never come; gives the rows that left.

    Earlier versions keep answering as they did. The same call again ends the same.
    """
    with tenant.write():
        _refuse_out_of_order(tenant, batch_seq)
        tenant.run(f"DELETE FROM retractions WHERE batch_seq = {batch_seq}")
        tenant.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES ({batch_seq}, {retracted})")
        _touch(tenant, f"batch_seq = {retracted}")
        _write_out_elided(tenant)
        _renew_from_log(tenant)
        return _count(tenant, "SELECT count(*) FROM _touched")


def facts_as_of(
    tenant: TenantWarehouse, *, version: int, date_from: date | None = None, date_to: date | None = None
) -> ibis.Table:
    """The facts as known at `version`, with the FACT columns; of rows that overlap the dates, where given."""
    log, retractions = tenant.table("facts_log"), tenant.table("retractions")
    if date_from is not None:
        log = log.filter(log.date_to >= date_from)
    if date_to is not None:
        log = log.filter(log.date_from <= date_to)
    gone = retractions.filter(retractions.batch_seq <= version).retracted_seq
    known = log.filter(log.batch_seq <= version, log.batch_seq.notin(gone))
    newest = ibis.window(group_by=known.key_hash, order_by=[known.reported_at.desc(), known.batch_seq.desc()])
    placed = known.mutate(place=ibis.row_number().over(newest))
    return placed.filter(placed.place == 0, ~placed.is_deleted).select(*FACT)


def rebuild(tenant: TenantWarehouse) -> None:
    """Make `facts` and the rollups anew from the log."""
    with tenant.write():
        _touch(tenant, "true")
        tenant.run("DELETE FROM facts")
        _insert_latest(tenant)
        tenant.run("DELETE FROM daily")
        tenant.run("DELETE FROM report_days")
        rollup.renew(tenant, days="_days")


def verify(tenant: TenantWarehouse) -> list[Difference]:
    """Where `facts` is not what the log's latest versions are; empty when all is well."""
    found = tenant.execute(
        f"WITH latest AS (SELECT key_hash, batch_seq, reported_at, row_hash FROM ({_latest('key_hash, row_hash')}) AS l"
        " WHERE place = 1 AND NOT is_deleted)"
        " SELECT CAST(coalesce(l.key_hash, f.key_hash) AS VARCHAR) AS key_hash,"
        " l.batch_seq AS log_batch, f.batch_seq AS facts_batch,"
        " CASE WHEN f.key_hash IS NULL THEN 'missing' WHEN l.key_hash IS NULL THEN 'surplus' ELSE 'other' END AS kind"
        " FROM latest AS l FULL JOIN facts AS f ON f.key_hash = l.key_hash"
        " WHERE f.key_hash IS NULL OR l.key_hash IS NULL OR f.row_hash <> l.row_hash OR f.batch_seq <> l.batch_seq"
        " OR f.reported_at <> l.reported_at ORDER BY 1"
    )
    return [Difference(**row) for row in found.to_pylist()]


# The steps of a batch.


def _count(tenant: TenantWarehouse, sql: str) -> int:
    return int(tenant.execute(sql).column(0)[0].as_py() or 0)


def _refuse_out_of_order(tenant: TenantWarehouse, batch_seq: int) -> None:
    newest = _count(
        tenant,
        "SELECT max(batch_seq) FROM (SELECT batch_seq FROM scopes UNION ALL SELECT batch_seq FROM retractions) AS b",
    )
    if newest > batch_seq:
        raise BatchOutOfOrderError(
            f"Batch {batch_seq} comes after batch {newest} was applied; give its rows a new number.",
            batch_seq=batch_seq,
            newest=newest,
        )


def _undo(tenant: TenantWarehouse, batch_seq: int) -> None:
    """Remove what an earlier call wrote for this batch."""
    if not tenant.run(f"DELETE FROM scopes WHERE batch_seq = {batch_seq}"):
        return
    tenant.run(f"DELETE FROM confirmations WHERE batch_seq = {batch_seq}")
    _touch(tenant, f"batch_seq = {batch_seq}")
    tenant.run(f"DELETE FROM facts_log WHERE batch_seq = {batch_seq}")
    _renew_from_log(tenant)


def _drop_duplicates(tenant: TenantWarehouse, staged: str) -> tuple[int, int]:
    """Of equal keys keep the last row; gives how many others said something else, and how many the same."""
    if not _count(tenant, f"SELECT count(*) - count(DISTINCT key_hash) FROM {staged}"):
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
    repeated = _count(tenant, "SELECT count(*) FROM _duplicates WHERE is_same")
    dropped = tenant.run(f"DELETE FROM {staged} WHERE {row_id} IN (SELECT line FROM _duplicates)")
    return dropped - repeated, repeated


def _note_scopes(tenant: TenantWarehouse, staged: str, *, stamp: Stamp, complete: Sequence[Window]) -> None:
    """Note which slices this batch speaks about, and which of them completely."""
    spoken = tenant.execute(
        f"SELECT {SLICE}, min(date_from) AS date_from, max(date_to) AS date_to FROM {staged} GROUP BY {SLICE}"
    ).to_pylist()
    windows = [asdict(window) | {"is_complete": True} for window in complete]
    entries = [row | {"is_complete": False} for row in spoken] + windows
    rows = pa.Table.from_pylist([row | asdict(stamp) for row in entries], schema=SCOPES_SCHEMA.to_pyarrow())
    tenant.stage("_scopes", rows, schema=SCOPES_SCHEMA)
    tenant.append("scopes", tenant.table("_scopes"))


def _is_late(tenant: TenantWarehouse, stamp: Stamp) -> bool:
    """Whether somebody spoke about these slices with a greater `reported_at`; elided statements count as well."""
    return bool(
        _count(
            tenant,
            "SELECT count(*) FROM scopes AS s JOIN _scopes AS n ON s.data_source = n.data_source"
            " AND s.report = n.report AND s.account_id = n.account_id"
            " AND s.date_from <= n.date_to AND s.date_to >= n.date_from"
            f" WHERE s.reported_at > {instant(stamp.reported_at)}",
        )
    )


def _prior(tenant: TenantWarehouse, stamp: Stamp, *, is_late: bool) -> str:
    """A bracketed query: the state, just before this batch's place, of the dates that it speaks about."""
    dates = _between(tenant, "_scopes")
    if not is_late:
        return f"(SELECT * FROM facts WHERE {dates})"
    said = f"reported_at <= {instant(stamp.reported_at)} AND {dates}"
    tenant.stage_query(
        "_prior",
        f"SELECT * FROM ({_latest(f'{KEYS}, key_hash, row_hash', where=said)}) AS l WHERE place = 1 AND NOT is_deleted",
    )
    return "(SELECT * FROM _prior)"


def _write_changed(tenant: TenantWarehouse, staged: str, *, prior: str, stamp: Stamp) -> tuple[int, int]:
    """Append the rows that say something else than the state before them; gives how many are new, and how many not."""
    row_id = ROW_ID[tenant.engine]
    tenant.stage_query(
        "_changed",
        f"SELECT s.{row_id} AS line, p.key_hash IS NULL AS is_new FROM {staged} AS s"
        f" LEFT JOIN {prior} AS p ON p.key_hash = s.key_hash WHERE p.row_hash IS DISTINCT FROM s.row_hash",
    )
    added = _count(tenant, "SELECT count(*) FROM _changed WHERE is_new")
    written = _count(tenant, "SELECT count(*) FROM _changed")
    if written:
        tenant.run(
            f"INSERT INTO facts_log ({STAGED_COLUMNS}, batch_seq, recorded_at, reported_at, is_deleted)"
            f" SELECT {STAGED_COLUMNS}, {stamp.columns(is_deleted=False)} FROM {staged}"
            f" WHERE {row_id} IN (SELECT line FROM _changed) ORDER BY {STORED}"
        )
    return added, written - added


def _confirm_rest(tenant: TenantWarehouse, staged: str, *, stamp: Stamp) -> int:
    """Note the rows that say what is so already; gives how many."""
    return tenant.run(
        "INSERT INTO confirmations (key_hash, row_hash, source_row, date_from, batch_seq, reported_at)"
        f" SELECT key_hash, row_hash, source_row, date_from, {stamp.batch_seq}, {instant(stamp.reported_at)}"
        f" FROM {staged} AS s WHERE NOT EXISTS (SELECT 1 FROM _changed WHERE line = s.{ROW_ID[tenant.engine]})"
    )


def _bury_vanished(tenant: TenantWarehouse, staged: str, *, prior: str, stamp: Stamp) -> int:
    """Append tombstones for keys that were there in a complete window and are not in this batch; gives how many."""
    return tenant.run(
        f"INSERT INTO facts_log ({TOMBSTONE_COLUMNS})"
        f" SELECT {KEYS}, key_hash, {DELETED}, 0, {stamp.columns(is_deleted=True)} FROM {prior} AS p"
        f" WHERE EXISTS (SELECT 1 FROM _scopes AS w WHERE w.is_complete AND {_covers('w', 'p')})"
        f" AND NOT EXISTS (SELECT 1 FROM {staged} AS s WHERE s.key_hash = p.key_hash)"
    )


def _renew_after(tenant: TenantWarehouse, batch_seq: int, *, is_late: bool, overwrites: bool) -> None:
    """Renew facts and rollups for the keys that this batch wrote."""
    _touch(tenant, f"batch_seq = {batch_seq}")
    if is_late:
        _write_out_elided(tenant)
        _renew_from_log(tenant)
        return
    if overwrites:
        _delete_touched(tenant)
    tenant.run(
        f"INSERT INTO facts ({COLUMNS}) SELECT {COLUMNS} FROM facts_log"
        f" WHERE batch_seq = {batch_seq} AND NOT is_deleted ORDER BY {STORED}"
    )
    rollup.renew(tenant, days="_days")


# What a late file and a batch taken back have in common.


def _touch(tenant: TenantWarehouse, where: str) -> None:
    """Collect the log's rows to be reconsidered into `_touched`, and their account-days into `_days`."""
    tenant.stage_query("_touched", f"SELECT {KEYS}, key_hash, reported_at, batch_seq FROM facts_log WHERE {where}")
    tenant.stage_query(
        "_days", "SELECT DISTINCT data_source, account_id, date_from AS date FROM _touched WHERE date_from = date_to"
    )


def _write_out_elided(tenant: TenantWarehouse) -> None:
    """Write out, for each touched row, the next statement about its key that was elided."""
    confirmed = (
        "SELECT c.key_hash, c.reported_at, c.batch_seq, c.row_hash, c.source_row, false AS is_deleted"
        " FROM confirmations AS c JOIN _touched AS t ON t.key_hash = c.key_hash"
        f" WHERE (c.reported_at, c.batch_seq) > (t.reported_at, t.batch_seq) AND c.{STANDING}"
    )
    absent = (
        f"SELECT t.key_hash, s.reported_at, s.batch_seq, {DELETED}, 0, true FROM scopes AS s"
        f" JOIN _touched AS t ON s.is_complete AND {_covers('s', 't')}"
        f" WHERE (s.reported_at, s.batch_seq) > (t.reported_at, t.batch_seq) AND s.{STANDING}"
        " AND NOT EXISTS (SELECT 1 FROM confirmations AS c WHERE c.key_hash = t.key_hash AND c.batch_seq = s.batch_seq)"
    )
    tenant.stage_query(
        "_elided",
        "SELECT *, (SELECT max(s.recorded_at) FROM scopes AS s WHERE s.batch_seq = p.batch_seq) AS recorded_at"
        " FROM (SELECT *, row_number() OVER (PARTITION BY key_hash ORDER BY reported_at, batch_seq) AS place"
        f" FROM ({confirmed} UNION ALL {absent}) AS e WHERE NOT EXISTS"
        " (SELECT 1 FROM facts_log AS l WHERE l.key_hash = e.key_hash AND l.batch_seq = e.batch_seq)) AS p"
        " WHERE place = 1",
    )
    _write_out(tenant)


def _write_out(tenant: TenantWarehouse) -> None:
    """Append `_elided` to the log. Any row of the key with the same hash holds the values; an absence needs no more
    than the key, which the touched row has.
    """
    own = {"source_row", "batch_seq", "recorded_at", "reported_at"}
    columns = ", ".join(f"e.{column}" if column in own else f"v.{column}" for column in FACT)
    row_id = ROW_ID[tenant.engine]
    tenant.run(
        f"INSERT INTO facts_log ({COLUMNS}) SELECT {columns} FROM _elided AS e JOIN facts_log AS v"
        f" ON v.key_hash = e.key_hash WHERE v.{row_id} IN (SELECT min(l.{row_id}) FROM facts_log AS l JOIN _elided AS w"
        " ON w.key_hash = l.key_hash AND w.row_hash = l.row_hash AND NOT w.is_deleted AND NOT l.is_deleted"
        f" GROUP BY l.key_hash) ORDER BY v.date_from, v.campaign_id, v.ad_id"
    )
    keys = ", ".join(f"t.{column}" for column in KEY)
    tenant.run(
        f"INSERT INTO facts_log ({TOMBSTONE_COLUMNS})"
        f" SELECT {keys}, e.key_hash, e.row_hash, 0, e.batch_seq, e.recorded_at, e.reported_at, true FROM _elided AS e"
        " JOIN _touched AS t ON t.key_hash = e.key_hash WHERE e.is_deleted"
    )


def _renew_from_log(tenant: TenantWarehouse) -> None:
    """Renew facts and rollups for the touched keys by what the log says."""
    _delete_touched(tenant)
    _insert_latest(tenant)
    rollup.renew(tenant, days="_days")


def _delete_touched(tenant: TenantWarehouse) -> None:
    tenant.run(
        f"DELETE FROM facts WHERE {_between(tenant, '_touched')} AND key_hash IN (SELECT key_hash FROM _touched)"
    )


def _insert_latest(tenant: TenantWarehouse) -> None:
    """Add to `facts` the latest version of each touched key that is not deleted."""
    row_id = ROW_ID[tenant.engine]
    touched = f"{_between(tenant, '_touched')} AND key_hash IN (SELECT key_hash FROM _touched)"
    latest = _latest(f"{row_id} AS line", where=touched)
    tenant.run(
        f"INSERT INTO facts ({COLUMNS}) SELECT {COLUMNS} FROM facts_log WHERE {row_id} IN"
        f" (SELECT line FROM ({latest}) AS l WHERE place = 1 AND NOT is_deleted) ORDER BY {STORED}"
    )


def _latest(columns: str, *, where: str = "true") -> str:
    """A query over the log's standing rows: `columns`, with place 1 for the latest of each key."""
    return (
        f"SELECT {columns}, reported_at, batch_seq, is_deleted,"
        f" row_number() OVER (PARTITION BY key_hash ORDER BY {NEWEST_FIRST}) AS place"
        f" FROM facts_log WHERE {STANDING} AND {where}"
    )


def _covers(window: str, row: str) -> str:
    """That the row's slice and dates are wholly inside the window."""
    return (
        f"{window}.data_source = {row}.data_source AND {window}.report = {row}.report"
        f" AND {window}.account_id = {row}.account_id"
        f" AND {window}.date_from <= {row}.date_from AND {window}.date_to >= {row}.date_to"
    )


def _between(tenant: TenantWarehouse, source: str) -> str:
    """A condition on `date_from` that the store can use to read few blocks: the dates that `source` spans."""
    span = tenant.execute(f"SELECT min(date_from) AS first, max(date_to) AS last FROM {source}").to_pylist()[0]
    if span["first"] is None:
        return "false"
    return f"date_from BETWEEN DATE '{span['first']}' AND DATE '{span['last']}'"
