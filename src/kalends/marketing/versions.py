"""Versions of facts: what a platform said, when it said it, and when we knew.

Every row of a batch is a *statement*: at `reported_at` the platform said that this key has these values. A window that
a batch declares complete is a statement too: at `reported_at` no other key exists in it. The state is, per key, what
the greatest statement says, by (`reported_at`, `batch_seq`); so an old file that comes late changes only the past. A
file that is read again speaks where it spoke before: by the number of its first reading, which `retractions` tells.

The log does not hold every statement. One that says what the log already says at that place is
*elided*: it becomes a short row of `confirmations` (an elided absence is known from `scopes`). So a repeated file adds
no row to the log, and the log, read in order, still is the same step function. Invariant: **the statement before an
elided one, in the log, says the same.** Two things could break it, and both mend it at once:

- a late file puts a statement *before* an elided one that says something else;
- a batch that is taken back was the one that made a later statement redundant.

Either way the next elided statement of that key is written out into the log, under its own `batch_seq` and
`reported_at`. It repeats what was already so at every earlier version; no answer for an earlier version changes. Raw
payloads are not needed for this: the values are in the log under the same hashes.

A batch that is taken back stays in the log. `retractions` notes from which version on it does not count.

Each row of the log lies in one of two tables: in `facts` where it is the state now, else in `facts_past`. So a new row
is written once, and moves when another takes its place; `records.LOG` is both. One transaction renews log and rollups,
so that a kill leaves the state before or after; the same call again removes what this `batch_seq` wrote, and writes it
again.
Batches must be applied in the order of their numbers.
"""

# ruff: noqa: S608 -- the statements are composed of declared column names, integers and instants; no text from outside

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import ibis

from kalends.base.warehouse import TenantWarehouse, create_sql
from kalends.marketing import current, rates, renames, rollup, statements
from kalends.marketing.records import FACT, TABLES
from kalends.marketing.statements import BatchOutOfOrderError, Stamp, Window

__all__ = [
    "Applied",
    "BatchOutOfOrderError",
    "Difference",
    "Window",
    "apply_batch",
    "create_tables",
    "facts_as_of",
    "newest_facts",
    "rebuild",
    "replay_batch",
    "retract",
    "undo_batch",
    "verify",
    "warm_up",
]


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
class Difference:
    """One key for which `facts` is not what the log says."""

    key_hash: str
    kind: str
    """'missing' (only the log has it), 'surplus' (only facts has it) or 'other' (another version)."""
    log_batch: int | None = None
    facts_batch: int | None = None


def create_tables(tenant: TenantWarehouse) -> None:
    """Make the marketing tables that are not there yet."""
    held = set(tenant.list_tables())
    tables = {**TABLES, rates.TABLE: rates.SCHEMA}
    for name in tables.keys() - held:
        tenant.create(name, tables[name])
    for name in ("facts", "facts_past"):
        if name in held and "raw_hash" not in tenant.list_columns(name):
            tenant.run(f"ALTER TABLE {name} ADD COLUMN raw_hash BIGINT")
    if "scopes" in held and "attribution" not in tenant.list_columns("scopes"):
        tenant.run("ALTER TABLE scopes ADD COLUMN attribution VARCHAR")
    if "entity_names" in held and "said" not in tenant.list_columns("entity_names"):
        tenant.run("ALTER TABLE entity_names ADD COLUMN data_source VARCHAR")
        tenant.run("ALTER TABLE entity_names ADD COLUMN said DATE")
    if "facts_log" in held:
        with tenant.write():
            current.split_log(tenant)


def warm_up(engine: str) -> None:
    """Write the statements that take longer to write than to run: they are kept, and a server's first file is sooner
    there.
    """
    for name, schema in {**TABLES, rates.TABLE: rates.SCHEMA}.items():
        create_sql(engine, name, schema)
    renames.statement(engine, "_days", has_names=False)


def newest_facts(tenant: TenantWarehouse, *, batch_seq: int, reported_at: datetime) -> str | None:
    """The table of what is so now, for who stages a batch in the same database; None where there is none that knows
    rows by what they came as, where somebody has spoken later than `reported_at`, or where the batch itself has: it was
    cut off before it was published, and what it wrote will be removed.
    """
    if tenant.engine != "duckdb" or not tenant.exists("facts") or "raw_hash" not in tenant.list_columns("facts"):
        return None
    spoken = f"reported_at > {statements.instant(reported_at)} OR batch_seq >= {batch_seq}"
    later = statements.count(tenant, f"SELECT count(*) FROM scopes WHERE {spoken}")
    return None if later else "facts"


def apply_batch(
    tenant: TenantWarehouse,
    *,
    batch_seq: int,
    reported_at: datetime,
    recorded_at: datetime,
    staged: str = "staged",
    complete: Sequence[Window] = (),
    is_distinct: bool = False,
) -> Applied:
    """Write what the temporary table `staged` (the STAGED columns, declared types) says and the log does not, and
    renew facts and rollups. `complete`: windows in which keys that `staged` does not have are deleted. `is_distinct`:
    no key comes twice; then `staged` may be a view.

    The same call again ends the same. `staged` loses its rows of equal key but the last.
    Raises BatchOutOfOrderError when a later batch has been applied.
    """
    stamp = Stamp(batch_seq=batch_seq, reported_at=reported_at, recorded_at=recorded_at)
    with tenant.write():
        statements.refuse_out_of_order(tenant, batch_seq)
        statements.undo(tenant, batch_seq)
        received = statements.count(tenant, f"SELECT count(*) FROM {staged}")
        superseded, repeated = (0, 0) if is_distinct else statements.drop_duplicates(tenant, staged)
        statements.note_scopes(tenant, staged, stamp=stamp, complete=complete)
        is_late = statements.is_late(tenant, stamp)
        prior = statements.prior(tenant, stamp, is_late=is_late)
        changed = statements.write_changed(tenant, staged, prior=prior, is_late=is_late)
        is_all_new = changed.added + changed.restated == received
        unchanged = 0 if is_all_new else statements.confirm_rest(tenant, staged, stamp=stamp)
        deleted = statements.bury_vanished(tenant, staged, prior=prior, stamp=stamp) if complete else 0
        if changed.added or changed.restated or deleted:
            overwrites = bool(changed.restated or deleted)
            statements.renew_after(tenant, batch_seq, is_late=is_late, overwrites=overwrites)
        return Applied(
            received=received,
            added=changed.added,
            changed=changed.restated,
            unchanged=unchanged,
            superseded=superseded,
            repeated=repeated,
            deleted=deleted,
            is_late=is_late,
        )


def undo_batch(tenant: TenantWarehouse, *, batch_seq: int) -> None:
    """Remove the statements of the newest batch, as if it had never come."""
    if not tenant.exists("scopes"):
        return
    with tenant.write():
        statements.undo_retraction(tenant, batch_seq)
        statements.undo(tenant, batch_seq)


def replay_batch(
    tenant: TenantWarehouse,
    *,
    batch_seq: int,
    reported_at: datetime,
    recorded_at: datetime,
    replaces: Sequence[int],
    staged: str = "staged",
    complete: Sequence[Window] = (),
    is_distinct: bool = False,
    says_more: bool = False,
) -> Applied:
    """`staged` is what an earlier batch's payload says by today's rules: it takes the place of all earlier readings of
    that payload, the batches `replaces`. Where it says the same as they did, nothing is written at all, unless the
    payload `says_more` than facts: then what it says in other tables takes the earlier readings' place, too.

    From version `batch_seq` on all is as if the earlier readings had never been. The numbers compare this reading with
    the last; `deleted` are keys that it no longer has. The same call again ends the same.
    """
    with tenant.write():
        statements.refuse_out_of_order(tenant, batch_seq)
        statements.undo(tenant, batch_seq)
        statements.undo_retraction(tenant, batch_seq)
        superseded, repeated = (0, 0) if is_distinct else statements.drop_duplicates(tenant, staged)
        spoken = statements.speaking(tenant, replaces)
        compared = statements.compare(tenant, staged, spoken)
        told = Applied(
            received=compared.rows + superseded + repeated,
            added=compared.added,
            changed=compared.changed,
            unchanged=compared.rows - compared.added - compared.changed,
            superseded=superseded,
            repeated=repeated,
            deleted=compared.gone,
        )
        if spoken and compared.is_same and not says_more:
            return told
        if replaces:
            retract(tenant, batch_seq=batch_seq, retracted=replaces)
        apply_batch(
            tenant,
            batch_seq=batch_seq,
            reported_at=reported_at,
            recorded_at=recorded_at,
            staged=staged,
            complete=complete,
            is_distinct=True,
        )
        return told


def retract(tenant: TenantWarehouse, *, batch_seq: int, retracted: int | Sequence[int]) -> int:
    """From version `batch_seq` on, let all be as if `retracted` (a batch, or all readings of one payload) had never
    come; gives the rows that left.

    Earlier versions keep answering as they did. The same call again ends the same.
    """
    gone = [retracted] if isinstance(retracted, int) else list(retracted)
    with tenant.write():
        statements.refuse_out_of_order(tenant, batch_seq)
        tenant.run(f"DELETE FROM retractions WHERE batch_seq = {batch_seq}")
        rows = ", ".join(f"({batch_seq}, {one})" for one in gone)
        tenant.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES {rows}")
        current.touch(tenant, f"batch_seq IN ({', '.join(map(str, gone))})")
        current.write_out_elided(tenant)
        current.renew_from_log(tenant)
        return statements.count(tenant, "SELECT count(*) FROM _touched")


def facts_as_of(
    tenant: TenantWarehouse, *, version: int, date_from: date | None = None, date_to: date | None = None
) -> ibis.Table:
    """The facts as known at `version`, with the FACT columns; of rows that overlap the dates, where given."""
    log, retractions = ibis.union(tenant.table("facts"), tenant.table("facts_past")), tenant.table("retractions")
    if date_from is not None:
        log = log.filter(log.date_to >= date_from)
    if date_to is not None:
        log = log.filter(log.date_from <= date_to)
    gone = retractions.filter(retractions.batch_seq <= version).retracted_seq
    known = log.filter(log.batch_seq <= version, log.batch_seq.notin(gone))
    roots = retractions.group_by(reading="batch_seq").aggregate(root=retractions.retracted_seq.min())
    known = known.left_join(roots, known.batch_seq == roots.reading)
    order = [known.reported_at.desc(), ibis.coalesce(known.root, known.batch_seq).desc()]
    placed = known.mutate(place=ibis.row_number().over(ibis.window(group_by=known.key_hash, order_by=order)))
    return placed.filter(placed.place == 0, ~placed.is_deleted).select(*FACT)


def rebuild(tenant: TenantWarehouse) -> None:
    """Tell anew which rows of the log are the state now, and make the rollups of them."""
    with tenant.write():
        current.touch(tenant, "true")
        current.put_latest(tenant)
        tenant.run("DELETE FROM daily")
        tenant.run("DELETE FROM report_days")
        rollup.renew(tenant, days="_days")


def verify(tenant: TenantWarehouse) -> list[Difference]:
    """Where `facts` is not what the log's latest versions are; empty when all is well."""
    placed = current.latest("key_hash, row_hash")
    found = tenant.execute(
        f"WITH latest AS (SELECT key_hash, batch_seq, reported_at, row_hash FROM ({placed}) AS l"
        " WHERE place = 1 AND NOT is_deleted)"
        " SELECT CAST(coalesce(l.key_hash, f.key_hash) AS VARCHAR) AS key_hash,"
        " l.batch_seq AS log_batch, f.batch_seq AS facts_batch,"
        " CASE WHEN f.key_hash IS NULL THEN 'missing' WHEN l.key_hash IS NULL THEN 'surplus' ELSE 'other' END AS kind"
        " FROM latest AS l FULL JOIN facts AS f ON f.key_hash = l.key_hash"
        " WHERE f.key_hash IS NULL OR l.key_hash IS NULL OR f.row_hash <> l.row_hash OR f.batch_seq <> l.batch_seq"
        " OR f.reported_at <> l.reported_at ORDER BY 1"
    )
    return [Difference(**row) for row in found.to_pylist()]
