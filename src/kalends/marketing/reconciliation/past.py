"""The daily numbers as they were known at an earlier data version: the rules of `marketing.rollup`, over the log."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import entities
from kalends.marketing.attribution import THING, rank
from kalends.marketing.records import ADDITIVE, COVER_METRICS, OUTCOMES
from kalends.marketing.rollup import Totals, chosen
from kalends.marketing.versions import facts_as_of

CHOSEN = "_chosen_reports"
DECIDING = (*COVER_METRICS, *OUTCOMES)
ACCOUNT_DAY = ("data_source", "account_id", "date")
SCHEMA = ibis.schema({"date": "!date", **dict.fromkeys(("data_source", "account_id", "report"), "!string")})


def daily_at(warehouse: TenantWarehouse, *, version: int, first: date, last: date) -> ir.Table:
    """Rows with the columns of `daily`, of the days given, from the one report that speaks for each account and day."""
    facts = facts_as_of(warehouse, version=version, date_from=first, date_to=last)
    rows = facts.filter(facts.date_from == facts.date_to)
    window = ibis.window(group_by=list(THING), order_by=[rank(rows), rows.attribution])
    rows = rows.mutate(_place=ibis.row_number().over(window))
    rows = rows.filter(rows["_place"] == 0).drop("_place").rename(date="date_from")
    named = (rows.campaign_id != "").any()
    sums = {name: rows[name].sum() for name in DECIDING}
    totals = rows.aggregate(by=[*ACCOUNT_DAY, "report"], names_campaigns=named, **sums)
    by_day: dict[tuple[object, ...], list[Totals]] = {}
    for row in warehouse.to_arrow(totals).to_pylist():
        told = Totals(**{name: row[name] for name in ("report", "names_campaigns", *DECIDING)})
        by_day.setdefault(tuple(row[name] for name in ACCOUNT_DAY), []).append(told)
    spoken = [dict(zip(ACCOUNT_DAY, key, strict=True)) | {"report": chosen(each)} for key, each in by_day.items()]
    columns = [(name, kind.to_pyarrow()) for name, kind in SCHEMA.items()]
    told_by = pa.Table.from_pylist([row for row in spoken if row["report"] is not None], schema=pa.schema(columns))
    warehouse.stage(CHOSEN, told_by, schema=SCHEMA)
    kept = warehouse.table(CHOSEN)
    called = entities.called_at(warehouse, version=version)
    kept_rows = rows.semi_join(kept, [*ACCOUNT_DAY, "report"])
    kept_rows = entities.placed(kept_rows, called, levels=entities.PARENTS, day="date").select(
        *ACCOUNT_DAY, "channel", "campaign_id", "campaign_name", "currency", *ADDITIVE
    )
    return entities.filled(kept_rows, called, columns=("campaign_name",), day="date")
