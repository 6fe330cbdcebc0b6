"""What accounts and campaigns are called now, where on some day they were called otherwise.

Facts keep the name that the platform told with them, so that a row says what a campaign was called then. The name of
now is the one on its newest day that tells one. `renames` holds only those whose rows do not all say so: few, so that
an answer joins a handful of rows, and none where nothing was ever renamed.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse

TABLE: Final = "renames"
SCHEMA: Final = ibis.schema(
    {"data_source": "!string", "account_id": "!string", "campaign_id": "!string", "column_name": "!string"}
    | {"name": "!string"}
)
IDS: Final = {
    "campaign_name": ("data_source", "account_id", "campaign_id"),
    "account_name": ("data_source", "account_id"),
}
"""The columns of names, and what tells whose name it is."""
_DAY: Final = len("2026-01-31")


def renamed(daily: ir.Table) -> ir.Table:
    """The rows of `renames` out of those of `daily`."""
    return ibis.union(*(_renamed(daily, column, ids) for column, ids in IDS.items()))


def _renamed(daily: ir.Table, column: str, ids: tuple[str, ...]) -> ir.Table:
    told = daily[column].fill_null("")
    # A day before the name: the greatest of these texts is the name on the newest day.
    dated = (daily.date.cast("string") + told).nullif(daily.date.cast("string"))
    found = daily.aggregate(by=list(ids), lo=told.min(), hi=told.max(), newest=dated.max())
    found = found.filter(found.lo != found.hi)
    given = {name: found[name] if name in ids else ibis.literal("") for name in IDS["campaign_name"]}
    return found.select(**given, column_name=ibis.literal(column), name=found.newest.substr(_DAY))


def renew(warehouse: TenantWarehouse, *, days: str) -> None:
    """Make `renames` anew of the accounts in the table `days` (data_source, account_id ...)."""
    warehouse.create(TABLE, SCHEMA)
    touched = f"EXISTS (SELECT 1 FROM {days} AS d WHERE d.data_source = t.data_source AND d.account_id = t.account_id)"  # noqa: S608 - a table of ours
    warehouse.run(f"DELETE FROM {TABLE} AS t WHERE {touched}")  # noqa: S608
    accounts = warehouse.table(days).select("data_source", "account_id").distinct()
    daily = warehouse.table("daily")
    daily = daily.semi_join(accounts, ["data_source", "account_id"])
    warehouse.append(TABLE, warehouse.to_arrow(renamed(daily)))


def named_now(rows: ir.Table, column: str, renames: ir.Table) -> ir.Table:
    """`rows` with the names of now in `column`, and what they said themselves in `column` + '_then'."""
    known = renames.filter(renames.column_name == column)
    known = known.select(**{f"_{name}": known[name] for name in (*IDS[column], "name")})
    same = reduce(and_, [rows[name] == known[f"_{name}"] for name in IDS[column]])
    joined = rows.left_join(known, same)
    then, now = joined[column], ibis.coalesce(joined["_name"], joined[column])
    return joined.mutate(**{f"{column}_then": then}).mutate(**{column: now}).drop(*known.columns)
