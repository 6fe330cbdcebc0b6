"""What files say besides facts (orders, series, names): every batch's word is kept, and the newest standing one holds.

A word's *place* is the number of the batch that first brought its payload: what is read again speaks where it spoke
before. A word that says what is so already at its place is *elided*. Invariant: **the word before an elided one says
the same.** A batch that is taken back, or read otherwise, can break it. Then the elided words about its keys are
written out under their own batch's number. They repeat what was already so at every earlier version, and nothing that
is written moves or goes, so no answer for an earlier version changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table of words: which columns tell what a word is about, and which what it says; `counted`: how a batch's
    report names the number of words that the batch brought.
    """

    table: str
    schema: ibis.Schema
    key: tuple[str, ...]
    said: tuple[str, ...]
    counted: str


def newest(warehouse: TenantWarehouse, kind: Kind, *, version: int | None = None) -> ir.Table:
    """What was so at `version` (is now, without one): per key the newest standing word."""
    rows, retractions = warehouse.table(kind.table), warehouse.table("retractions")
    if version is not None:
        rows = rows.filter(rows.batch_seq <= version)
        retractions = retractions.filter(retractions.batch_seq <= version)
    return _last(_standing(rows, retractions), kind)


def write(warehouse: TenantWarehouse, kind: Kind, rows: pa.Table, *, batch_seq: int) -> pa.Table:
    """Write a batch's words that say something new, instead of what an earlier attempt wrote; gives them."""
    if warehouse.exists(kind.table):
        warehouse.delete(kind.table, lambda table: table.batch_seq == batch_seq)
    if not rows.num_rows:
        return rows
    warehouse.create(kind.table, kind.schema)
    fresh = warehouse.to_arrow(_fresh(warehouse, kind, rows, batch_seq=batch_seq))
    warehouse.append(kind.table, fresh)
    return fresh


def touch(warehouse: TenantWarehouse, kind: Kind, *, gone: Sequence[int], own: int) -> bool:
    """Collect the keys of which the batches `gone` said something else than `own`, which takes their place or them
    back; whether there are any.
    """
    if not warehouse.exists(kind.table):
        return False
    table = warehouse.table(kind.table)
    before, after = table.filter(table.batch_seq.isin(list(gone))), table.filter(table.batch_seq == own).view()
    columns = (*kind.key, *kind.said)
    went = before.anti_join(after, _same(before, after, columns)).select(*kind.key)
    came = after.anti_join(before, _same(after, before, columns)).select(*kind.key)
    keys = ibis.union(went, came, distinct=True)
    found = warehouse.to_arrow(keys)
    warehouse.stage(_touched(kind), found, schema=ibis.schema({name: kind.schema[name] for name in kind.key}))
    return bool(found.num_rows)


def write_out(warehouse: TenantWarehouse, kind: Kind, rows: pa.Table, *, batch_seq: int) -> None:
    """Write out the words about touched keys that an earlier batch said, and the word before no longer does."""
    touched, table = warehouse.table(_touched(kind)), warehouse.table(kind.table)
    own = table.filter(table.batch_seq == batch_seq)
    wanted = touched.anti_join(own, _same(touched, own, kind.key))
    # As a view: Ibis would make one chain of the joins, which it cannot write for PostgreSQL.
    fresh = _fresh(warehouse, kind, rows, batch_seq=batch_seq).view()
    warehouse.append(kind.table, warehouse.to_arrow(fresh.semi_join(wanted, _same(fresh, wanted, kind.key))))


def count(warehouse: TenantWarehouse, kind: Kind, batches: Sequence[int]) -> int:
    """How many words of the batches are written."""
    if not warehouse.exists(kind.table):
        return 0
    table = warehouse.table(kind.table)
    return int(table.filter(table.batch_seq.isin(list(batches))).count().execute())


def _fresh(warehouse: TenantWarehouse, kind: Kind, rows: pa.Table, *, batch_seq: int) -> ir.Table:
    """Those of the rows that say something else than what is so at their batch's place."""
    incoming = warehouse.stage(f"incoming_{kind.table}", rows.select(list(kind.schema)), schema=kind.schema)
    retractions = warehouse.table("retractions")
    root = retractions.filter(retractions.batch_seq == batch_seq).retracted_seq.min().execute()
    place = batch_seq if root is None else int(root)
    standing = _standing(warehouse.table(kind.table), retractions)
    is_before = (standing.place < place) | ((standing.place == place) & (standing.batch_seq < batch_seq))
    known = _last(standing.filter(is_before), kind)
    return incoming.anti_join(known, _same(incoming, known, (*kind.key, *kind.said)))


def _standing(rows: ir.Table, retractions: ir.Table) -> ir.Table:
    """The rows that nobody took back, with their place: only what is read again both writes rows and retracts."""
    standing = rows.anti_join(retractions, rows.batch_seq == retractions.retracted_seq)
    roots = retractions.group_by(reading="batch_seq").aggregate(root=retractions.retracted_seq.min())
    placed = standing.left_join(roots, standing.batch_seq == roots.reading)
    return placed.mutate(place=ibis.coalesce(placed.root, placed.batch_seq)).drop("reading", "root")


def _last(standing: ir.Table, kind: Kind) -> ir.Table:
    order = [standing.place.desc(), standing.batch_seq.desc()]
    numbered = standing.mutate(rank=ibis.row_number().over(ibis.window(group_by=list(kind.key), order_by=order)))
    return numbered.filter(numbered["rank"] == 0).drop("place", "rank")


def _same(left: ir.Table, right: ir.Table, columns: Sequence[str]) -> ir.BooleanValue:
    return reduce(and_, (left[column].identical_to(right[column]) for column in columns))


def _touched(kind: Kind) -> str:
    return f"touched_{kind.table}"
