"""What retention removes from a tenant's warehouse: earlier versions, old days, rows set aside.

What a held file said stays, and so does what it only repeated: the values lie in the rows of the file that it repeats.

Versions before a horizon go without changing what any later version says: of each key the statement that counted at the
horizon stays, and every statement of keys that a later take-back reaches. So the state at the horizon and after it can
be rebuilt as before; only the way there is gone.
"""

# ruff: noqa: S608 -- the statements are composed of declared names, integers and dates; texts from outside are bound

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import orders, rollup, series
from kalends.marketing.current import NEWEST_FIRST, ROOTS
from kalends.marketing.records import LOG
from kalends.marketing.said import Kind

SAMPLE = 1_000
"""Rows from whose size the size of all is told."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What must stay: batches by number (those of held sources among them) and whole sources; `words`: those of the
    batches that brought words besides facts.
    """

    batches: frozenset[int] = frozenset()
    sources: frozenset[str] = frozenset()
    words: frozenset[int] = frozenset()

    def free(self, *, source: str | None = "data_source") -> tuple[str, dict[str, str]]:
        """A condition for rows that are not held, and its parameters."""
        params = {f"held{n}": name for n, name in enumerate(sorted(self.sources))}
        numbers = ", ".join(map(str, sorted(self.batches)))
        parts = [f"batch_seq NOT IN ({numbers})"] if numbers else []
        if params and source:
            parts.append(f"{source} NOT IN ({', '.join(f'${name}' for name in params)})")
        return " AND ".join(parts) or "true", params if source else {}

    def repeated(self) -> str:
        """What the held batches only repeated, as a bracketed query of key_hash and row_hash."""
        numbers = ", ".join(map(str, sorted(self.batches))) or "NULL"
        return f"(SELECT key_hash, row_hash FROM confirmations WHERE batch_seq IN ({numbers}))"


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would go of one class: how many rows, about how many bytes, and from when to when they are."""

    count: int = 0
    bytes: int = 0
    oldest: date | datetime | None = None
    newest: date | datetime | None = None

    def with_more(self, other: Doomed) -> Doomed:
        """Both together."""
        oldest = [one.oldest for one in (self, other) if one.oldest is not None]
        newest = [one.newest for one in (self, other) if one.newest is not None]
        count, size = self.count + other.count, self.bytes + other.bytes
        return Doomed(count, size, min(oldest, default=None), max(newest, default=None))


def _about(tenant: TenantWarehouse, rows: str, when: str, params: dict[str, Any]) -> Doomed:
    """What a query's rows are; `when`: the column that says from when they are."""
    told = tenant.execute(
        f"SELECT count(*) AS n, min({when}) AS oldest, max({when}) AS newest FROM ({rows}) AS d", params
    ).to_pylist()[0]
    sample = tenant.execute(f"SELECT * FROM ({rows}) AS d LIMIT {SAMPLE}", params) if told["n"] else None
    size = round(sample.nbytes / sample.num_rows * told["n"]) if sample is not None else 0
    return Doomed(told["n"], size, told["oldest"], told["newest"])


# Earlier versions.


def _old_versions(version: int, holds: Holds) -> tuple[str, dict[str, str]]:
    free, params = holds.free()
    gone = f"SELECT retracted_seq FROM retractions WHERE batch_seq <= {version}"
    later = f"SELECT retracted_seq FROM retractions WHERE batch_seq > {version}"
    winners = (
        "SELECT key_hash, batch_seq FROM (SELECT key_hash, batch_seq, row_number() OVER (PARTITION BY key_hash ORDER BY"
        f" {NEWEST_FIRST}) AS place FROM {LOG} AS l LEFT JOIN {ROOTS} AS o ON o.reading = l.batch_seq"
        f" WHERE batch_seq <= {version} AND batch_seq NOT IN ({gone})) AS w"
        " WHERE place = 1"
    )
    spoken = f"SELECT key_hash FROM {LOG} AS l WHERE batch_seq <= {version} AND batch_seq IN ({later})"
    # What is the state now can only have been outdone, at that version, by what was taken back later.
    rows = (
        f"SELECT * FROM facts_past AS p WHERE batch_seq <= {version} AND {free}"
        f" AND key_hash NOT IN ({spoken})"
        f" AND NOT EXISTS (SELECT 1 FROM ({winners}) AS w WHERE w.key_hash = p.key_hash AND w.batch_seq = p.batch_seq)"
        f" AND NOT EXISTS (SELECT 1 FROM {holds.repeated()} AS r WHERE r.key_hash = p.key_hash"
        " AND r.row_hash = p.row_hash)"
    )
    return rows, params


def old_versions(tenant: TenantWarehouse, *, version: int, holds: Holds) -> Doomed:
    """The statements before `version` that no later answer needs."""
    if not version or not tenant.exists("facts_past"):
        return Doomed()
    rows, params = _old_versions(version, holds)
    return _about(tenant, rows, "recorded_at", params)


def forget_versions(tenant: TenantWarehouse, *, version: int, holds: Holds) -> int:
    """Remove them; gives how many there were."""
    if not version or not tenant.exists("facts_past"):
        return 0
    rows, params = _old_versions(version, holds)
    same = "d.key_hash = facts_past.key_hash AND d.batch_seq = facts_past.batch_seq"
    with tenant.write():
        return tenant.run(f"DELETE FROM facts_past WHERE EXISTS (SELECT 1 FROM ({rows}) AS d WHERE {same})", params)


# Old days.


def _old_days(before: date, holds: Holds) -> tuple[str, dict[str, str]]:
    """Every statement about days before `before`, but of keys that a held batch speaks about."""
    free, params = holds.free()
    held = f"SELECT key_hash FROM {LOG} AS l WHERE NOT ({free}) UNION ALL SELECT key_hash FROM {holds.repeated()} AS r"
    rows = f"SELECT * FROM {LOG} AS l WHERE date_to < DATE '{before}'"
    return (rows if free == "true" else f"{rows} AND key_hash NOT IN ({held})"), params


WORDS = ((orders.KIND, "date"), (series.KIND, "date_to"))
"""What files say besides facts about days, and the column that says until when it is."""


def _old_words(kind: Kind, day: str, before: date, holds: Holds) -> str:
    """Every word on what was before `before`, but on that which a held batch speaks about, or may have repeated: it was
    known before it.
    """
    key = ", ".join(kind.key)
    same = " AND ".join(f"w.{name} IS NOT DISTINCT FROM k.{name}" for name in kind.key)
    old = f"max({day}) < DATE '{before}' AND min(batch_seq) > {max(holds.words, default=0)}"
    keys = f"SELECT {key} FROM {kind.table} GROUP BY {key} HAVING {old}"
    return f"SELECT * FROM {kind.table} AS w WHERE EXISTS (SELECT 1 FROM ({keys}) AS k WHERE {same})"


def old_days(tenant: TenantWarehouse, *, before: date, holds: Holds) -> Doomed:
    """The statements about days before `before`, and the words on them: orders, series."""
    if not tenant.exists("facts_past"):
        return Doomed()
    rows, params = _old_days(before, holds)
    found = _about(tenant, rows, "date_from", params)
    for kind, day in WORDS:
        if tenant.exists(kind.table):
            found = found.with_more(_about(tenant, _old_words(kind, day, before, holds), day, {}))
    return found


def forget_days(tenant: TenantWarehouse, *, before: date, holds: Holds) -> int:
    """Remove them, and what is summed of them; gives how many statements and words there were."""
    if not tenant.exists("facts_past"):
        return 0
    free, _ = holds.free(source=None)
    with tenant.write():
        tenant.run(f"DELETE FROM control_totals WHERE date_to < DATE '{before}' AND {free}")
        held = [(kind, day) for kind, day in WORDS if tenant.exists(kind.table)]
        words = sum(_forget_words(tenant, _old_words(kind, day, before, holds), kind) for kind, day in held)
        return _forget_facts(tenant, before=before, holds=holds) + words


def _forget_words(tenant: TenantWarehouse, rows: str, kind: Kind) -> int:
    where = rows.partition(" WHERE ")[2]
    return tenant.run(f"DELETE FROM {kind.table} AS w WHERE {where}")


def _forget_facts(tenant: TenantWarehouse, *, before: date, holds: Holds) -> int:
    rows, params = _old_days(before, holds)
    with tenant.write():
        # Parameters do not reach into a statement that makes a table, so the keys are put there as rows.
        keys = tenant.execute(f"SELECT DISTINCT CAST(key_hash AS VARCHAR) AS key FROM ({rows}) AS d", params)
        if not keys.num_rows:
            return 0
        tenant.stage("_old_keys", keys)
        old = "(SELECT CAST(key AS UUID) FROM _old_keys)"
        tenant.stage_query(
            "_days",
            "SELECT DISTINCT data_source, account_id, date_from AS date FROM facts"
            f" WHERE date_from = date_to AND key_hash IN {old}",
        )
        removed = sum(tenant.run(f"DELETE FROM {table} WHERE key_hash IN {old}") for table in ("facts", "facts_past"))
        tenant.run(f"DELETE FROM confirmations WHERE key_hash IN {old}")
        rollup.renew(tenant, days="_days")
        return removed


# Rows set aside.


def _aside(before: datetime, holds: Holds) -> str:
    free, _ = holds.free(source=None)
    return f"SELECT * FROM quarantine WHERE recorded_at < TIMESTAMPTZ '{before.isoformat()}' AND {free}"


def old_rows_aside(tenant: TenantWarehouse, *, before: datetime, holds: Holds) -> Doomed:
    """The rows that were set aside before the instant."""
    if not tenant.exists("quarantine"):
        return Doomed()
    return _about(tenant, _aside(before, holds), "recorded_at", {})


def forget_rows_aside(tenant: TenantWarehouse, *, before: datetime, holds: Holds) -> int:
    """Remove them; gives how many there were."""
    if not tenant.exists("quarantine"):
        return 0
    where = _aside(before, holds).partition(" WHERE ")[2]
    with tenant.write():
        return tenant.run(f"DELETE FROM quarantine WHERE {where}")
