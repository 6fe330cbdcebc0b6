"""Names of accounts, campaigns, ad groups and ads from files that hold names only, with every batch's word kept; and
what each of them is in: the campaign of an ad group, the ad group or campaign of an ad.

Such a row says no day. A name counts from the day on which it was said until the next one was; the first one counts for
all days before, too. A fact's own name goes before it. `entity_names` is all that was ever said, `called` what follows
from it now, made anew when a word comes or goes. What something is in is a word of a level of its own (`PARENTS`),
whose name is the id of the one above: it is versioned, taken back and read like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb
import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.records import CALLED_SCHEMA, ENTITY_NAMES_SCHEMA

TABLE: Final = "entity_names"
CALLED: Final = "called"
KEY: Final = ("data_source", "level", "account_id", "entity_id")
LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "account_name": ("account", "account_id"),
    "campaign_name": ("campaign", "campaign_id"),
    "ad_group_name": ("ad_group", "ad_group_id"),
    "ad_name": ("ad", "ad_id"),
}
"""The columns of names in facts: of which level they are, and the column of the id."""
PARENTS: Final[Mapping[str, tuple[str, str]]] = {
    f"{level}.{above}": (above, f"{level}_id")
    for level, above in (("ad", "ad_group_id"), ("ad", "campaign_id"), ("ad_group", "campaign_id"))
}
"""The levels that say what something is in: which column of facts they fill, by which column; in the order of filling,
for an ad may say its ad group alone, and that one its campaign."""
THING: Final = ("data_source", "account_id", "entity_id")
FIRST_DAY, LAST_DAY, NEVER = date(1, 1, 1), date(9999, 12, 30), date(9999, 12, 31)
"""The first name counts from the first day on, the name of now on the last; it ends never."""


def standing(warehouse: TenantWarehouse, *, version: int | None = None) -> ir.Table:
    """Every word that counts at `version` (now, without one): not those that were taken back."""
    rows, retractions = warehouse.table(TABLE), warehouse.table("retractions")
    if "said" not in rows.columns:  # of an older version, until the next batch
        rows = rows.mutate(data_source=ibis.literal(""), said=ibis.null("date"))
    if version is not None:
        rows = rows.filter(rows.batch_seq <= version)
        retractions = retractions.filter(retractions.batch_seq <= version)
    return rows.anti_join(retractions, rows.batch_seq == retractions.retracted_seq)


def current(rows: ir.Table) -> ir.Table:
    """Of the words in `rows` the newest per entity."""
    order = [rows.said.desc(), rows.batch_seq.desc(), rows.source_row.desc()]
    numbered = rows.mutate(place=ibis.row_number().over(ibis.window(group_by=list(KEY), order_by=order)))
    return numbered.filter(numbered.place == 0).drop("place")


def called(rows: ir.Table) -> ir.Table:
    """From which day (`first`) until before which (`until`) each of the words in `rows` counts."""
    rows = rows.filter(rows.said.notnull())
    # An account is its own, whether or not the row says it twice.
    rows = rows.mutate(account_id=(rows.level == "account").ifelse("", rows.account_id))
    over = ibis.window(group_by=list(KEY), order_by=[rows.said, rows.batch_seq, rows.source_row])
    spans = rows.mutate(
        first=(ibis.row_number().over(over) == 0).ifelse(ibis.literal(FIRST_DAY), rows.said),
        until=rows.said.lead().over(over).fill_null(ibis.literal(NEVER)),
    )
    return spans.filter(spans.first < spans.until).select(*CALLED_SCHEMA)


def called_at(warehouse: TenantWarehouse, *, version: int) -> ir.Table:
    """`called` as it was at `version`."""
    if warehouse.exists(TABLE):
        return called(standing(warehouse, version=version))
    return ibis.memtable(CALLED_SCHEMA.to_pyarrow().empty_table())


def filled(rows: ir.Table, spans: ir.Table, *, columns: Iterable[str], day: str | date) -> ir.Table:
    """`rows` with a name in `columns` where they have none of their own: what it was called on the `day`, a column of
    theirs or one for all. A name without account is of all that have the id; one with the account goes before.
    """
    for column in columns:
        level, by = LEVELS[column]
        rows = _filled(rows, spans, level=level, column=column, by=by, day=day)
    return rows


def placed(rows: ir.Table, spans: ir.Table, *, levels: Iterable[str], day: str) -> ir.Table:
    """`rows` of facts with the ids of what they are in where they say none, of those `levels` of PARENTS: as it was
    said on the `day`, a column of theirs.
    """
    for level in levels:
        column, by = PARENTS[level]
        rows = rows.mutate(**{column: rows[column].nullif("")})
        rows = _filled(rows, spans, level=level, column=column, by=by, day=day)
        rows = rows.mutate(**{column: rows[column].fill_null("")})
    return rows


def placing(columns: Iterable[str], *, held: Iterable[str]) -> tuple[str, ...]:
    """The `held` levels of PARENTS from which `columns` of facts, or the ids behind them, are filled, in their order.

    >>> placing(["ad_group_name"], held=PARENTS)
    ('ad.ad_group_id',)
    >>> placing(["campaign_id"], held=PARENTS)
    ('ad.ad_group_id', 'ad.campaign_id', 'ad_group.campaign_id')
    """
    wanted = {LEVELS[column][1] if column in LEVELS else column for column in columns}
    found = []
    for level, (column, by) in reversed(list(PARENTS.items())):
        if column in wanted and level in held:
            found.append(level)
            wanted.add(by)
    return tuple(reversed(found))


def _filled(rows: ir.Table, spans: ir.Table, *, level: str, column: str, by: str, day: str | date) -> ir.Table:
    """`rows` with what the level's words say of the thing in column `by` where `column` is null."""
    wanted = rows.columns
    for of_account in (True, False) if level != "account" else (False,):
        said = spans.filter(spans.level == level, (spans.account_id != "") if of_account else spans.account_id == "")
        said = said.select(**{f"_{name}": said[name] for name in CALLED_SCHEMA})
        same = [rows.data_source == said["_data_source"], rows[by] == said["_entity_id"]]
        same += [rows.account_id == said["_account_id"]] if of_account else []
        on = rows[day] if isinstance(day, str) else ibis.literal(day)
        joined = rows.left_join(said, [*same, on >= said["_first"], on < said["_until"]])
        rows = joined.mutate(**{column: ibis.coalesce(joined[column], joined["_name"])}).select(*wanted)
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which batch says names, of which platform, on which day (UTC). `place`: the number of the batch whose payload is
    read again; what later ones said stays.
    """

    batch_seq: int
    data_source: str
    said: date
    place: int | None = None


def apply(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, told: Told) -> int:
    """Write the staged words that are new on their day; gives of how many things. What an earlier attempt wrote goes
    first.
    """
    warehouse.delete(TABLE, lambda table: table.batch_seq == told.batch_seq)
    return add(warehouse, con, told)


def add(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, told: Told) -> int:
    """The same, and what the batch wrote stays, so that answers as of earlier do: it is written again where another,
    whose words it repeated, was taken back.
    """
    # A table of a thing's history names it several times: the last row holds.
    rows = con.execute(
        "SELECT $source AS data_source, level, coalesce(account_id, '') AS account_id, entity_id,"
        " arg_max(name, source_row) AS name, $said::DATE AS said, $seq::BIGINT AS batch_seq,"
        " max(source_row)::BIGINT AS source_row FROM named WHERE name IS NOT NULL GROUP BY ALL",
        {"seq": told.batch_seq, "source": told.data_source, "said": told.said},
    ).to_arrow_table()
    if not rows.num_rows:
        return 0
    warehouse.stage("incoming_names", rows, schema=ENTITY_NAMES_SCHEMA)
    incoming, words = warehouse.table("incoming_names"), standing(warehouse)
    known = current(words.filter(words.batch_seq <= told.batch_seq, words.said <= ibis.literal(told.said)))
    later = known.filter(known.batch_seq > (told.batch_seq - 1 if told.place is None else told.place))
    incoming = incoming.anti_join(later, [incoming[column] == later[column] for column in KEY])
    same = [incoming[column] == known[column] for column in (*KEY, "name")]
    warehouse.append(TABLE, warehouse.to_arrow(incoming.anti_join(known, same)))
    return retract(warehouse, batch_seq=told.batch_seq)


def retract(warehouse: TenantWarehouse, *, batch_seq: int) -> int:
    """Of how many things words no longer count if `batch_seq` is taken back."""
    rows = warehouse.table(TABLE)
    rows = rows.filter(rows.batch_seq == batch_seq)
    things = rows.select(*THING, kind=rows.level.split(".")[0]).distinct()
    return int(things.count().execute())


def renew(warehouse: TenantWarehouse, *, batches: Sequence[int]) -> bool:
    """Make `called` anew; False where none of `batches` ever said a name, so that nothing is to do."""
    listed = ", ".join(map(str, batches)) or "NULL"
    if not warehouse.execute(f"SELECT 1 AS one FROM {TABLE} WHERE batch_seq IN ({listed}) LIMIT 1").num_rows:  # noqa: S608
        return False
    warehouse.run(f"DELETE FROM {CALLED}")  # noqa: S608 - a table of ours
    warehouse.append(CALLED, called(standing(warehouse)))
    return True


def speak_of(warehouse: TenantWarehouse, rows: str) -> bool:
    """Whether any name is of a platform that the table `rows` has."""
    found = f"SELECT 1 AS one FROM {CALLED} WHERE data_source IN (SELECT data_source FROM {rows}) LIMIT 1"  # noqa: S608
    return bool(warehouse.execute(found).num_rows)


def without_day(warehouse: TenantWarehouse) -> list[int]:
    """The batches whose names an older version kept without saying whose they are and since when."""
    found = warehouse.execute(f"SELECT DISTINCT batch_seq FROM {TABLE} WHERE said IS NULL ORDER BY 1")  # noqa: S608
    return [int(seq) for seq in found.column(0).to_pylist()]


def put_right(warehouse: TenantWarehouse, told: Told) -> None:
    """Say of such a batch's names whose they are and since when."""
    warehouse.run(
        f"UPDATE {TABLE} SET data_source = $source, said = $said WHERE batch_seq = {told.batch_seq}",  # noqa: S608
        {"source": told.data_source, "said": told.said},
    )
