"""What accounts and campaigns are called now, where on some day they were called otherwise.

Facts keep the name that the platform told with them, so that a row says what a campaign was called then. The name of
now is the one on its newest day that tells one, or one that a row of names said since. `renames` holds only those whose
rows do not all say so: few, so that an answer joins a handful of rows, and none where nothing was ever renamed.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import and_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import entities
from kalends.marketing.records import CALLED_SCHEMA, DAILY_SCHEMA

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


def renamed(daily: ir.Table, spans: ir.Table | None = None) -> ir.Table:
    """The rows of `renames` out of those of `daily`; `spans`: what rows of names call them (`entities.called`)."""
    return ibis.union(*(_renamed(daily, column, ids, spans) for column, ids in IDS.items()))


def _renamed(daily: ir.Table, column: str, ids: tuple[str, ...], spans: ir.Table | None) -> ir.Table:
    told = daily[column].fill_null("")
    # A day before the name: the greatest of these texts is the name on the newest day.
    dated = (daily.date.cast("string") + told).nullif(daily.date.cast("string"))
    found = daily.aggregate(by=list(ids), lo=told.min(), hi=told.max(), newest=dated.max())
    if spans is not None:
        spans = spans.mutate(name=spans.said.cast("string") + spans.name)
        found = found.mutate(**{column: ibis.null("string")})
        found = entities.filled(found, spans, columns=(column,), day=entities.LAST_DAY)
        found = found.mutate(
            newest=ibis.greatest(*(found[name].fill_null("") for name in ("newest", column))).nullif("")
        )
    found = found.mutate(name=found.newest.substr(_DAY))
    found = found.filter((found.lo != found.hi) | (found.lo != found.name))
    given = {name: found[name] if name in ids else ibis.literal("") for name in IDS["campaign_name"]}
    return found.select(**given, column_name=ibis.literal(column), name=found.name)


def renew(warehouse: TenantWarehouse, *, days: str) -> None:
    """Make `renames` anew of the accounts in the table `days` (data_source, account_id ...)."""
    warehouse.create(TABLE, SCHEMA)
    touched = f"EXISTS (SELECT 1 FROM {days} AS d WHERE d.data_source = t.data_source AND d.account_id = t.account_id)"  # noqa: S608 - a table of ours
    warehouse.run(f"DELETE FROM {TABLE} AS t WHERE {touched}")  # noqa: S608
    rows = statement(warehouse.engine, days, has_names=entities.speak_of(warehouse, days))
    warehouse.run(f"INSERT INTO {TABLE} ({', '.join(SCHEMA)}) {rows}")


@lru_cache
def statement(engine: str, days: str, *, has_names: bool) -> str:
    """The rows of the accounts in `days`, as SQL. Kept: to write the statement takes longer than to run it."""
    daily = ibis.table({name: DAILY_SCHEMA[name] for name in ("date", *IDS["campaign_name"], *IDS)}, name="daily")
    accounts = ibis.table(dict.fromkeys(IDS["account_name"], "string"), name=days)
    spans = ibis.table(CALLED_SCHEMA, name=entities.CALLED) if has_names else None
    rows = renamed(daily.semi_join(accounts, IDS["account_name"]), spans)
    return str(ibis.to_sql(rows.select(*SCHEMA), dialect=engine))


def named_now(rows: ir.Table, column: str, renames: ir.Table) -> ir.Table:
    """`rows` with the names of now in `column`, and what they said themselves in `column` + '_then'."""
    known = renames.filter(renames.column_name == column)
    known = known.select(**{f"_{name}": known[name] for name in (*IDS[column], "name")})
    same = reduce(and_, [rows[name] == known[f"_{name}"] for name in IDS[column]])
    joined = rows.left_join(known, same)
    then, now = joined[column], ibis.coalesce(joined["_name"], joined[column])
    return joined.mutate(**{f"{column}_then": then}).mutate(**{column: now}).drop(*known.columns)
