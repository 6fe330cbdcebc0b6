# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A shop's orders: a table with a row per order is recognised by its columns and becomes rows of `orders_staged`.

Which column is what is guessed by its name (English, German, French, Spanish; the exports of Shopify, WooCommerce and
Shopware among them), said, and correctable as 'order:<field>'. Shops write an order with several articles as several
rows, of which only the first has amounts: such rows count once. `gross` is what the buyer paid, `net` the same without
tax and shipping where the shop says so, `refunds` what went back since (written with or without a minus).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb

from kalends.marketing.mapping import notation
from kalends.marketing.mapping.cells import EMPTY_MARKS, MONEY_TYPE, date_sql, number_sql, plain_sql
from kalends.marketing.mapping.fields import Field, Mapping
from kalends.marketing.mapping.generic import guess, plain_name
from kalends.marketing.mapping.notation import WrittenDays
from kalends.marketing.reading import ROW, RawTable, as_it_came, literal, quoted

SOURCE: Final = "orders"
NAMES: Final = {
    "order_id": "order_id order_number order_no order_name order bestellnummer bestell_nr auftragsnummer id_pedido "
    "numero_pedido numero_de_commande commande transaction_id id name",
    "time": "time created_at order_date ordered_at date date_created datetime timestamp paid_at processed_at "
    "bestelldatum datum fecha fecha_pedido date_de_commande",
    "market": "market country country_code land pais pays shipping_country billing_country region geo markt",
    "channel": "channel source utm_source referring_site kanal canal sales_channel channel_hint",
    "gross": "gross total total_price order_total gross_sales gross_amount brutto bruttobetrag gesamtbetrag importe "
    "importe_total montant_total amount",
    "net": "net subtotal net_sales net_amount subtotal_price netto nettobetrag neto",
    "refunds": "refunds refund refunded refunded_amount total_refunded returns erstattung erstattet reembolso "
    "remboursement",
    "currency": "currency currency_code wahrung waehrung moneda devise",
    "customer": "customer_type customer new_or_returning is_new new_customer first_order is_first_order first_time "
    "is_returning returning returning_customer kundentyp tipo_cliente",
}  # fmt: skip
_CERTAIN: Final = frozenset(NAMES["order_id"].split()[:10])
"""An `id` or a `name` is an order's only where the sender says that the file holds orders."""
_AD_METRICS: Final = frozenset({"spend", "impressions", "clicks", "campaign_id", "campaign_name"})
TARGETS: Final = tuple(f"order:{name}" for name in NAMES)
AMOUNTS: Final = ("gross", "net", "refunds")
NEW: Final = ("new", "first", "first-time", "first_time", "first time", "neu", "neukunde", "nuevo", "nouveau")
RETURNING: Final = ("returning", "repeat", "existing", "bestand", "bestandskunde", "recurrente", "fidele")
TRUE, FALSE = ("true", "1", "yes", "ja", "si", "oui", "y"), ("false", "0", "no", "nein", "non", "n")
CREATE_ORDERS: Final = (
    "CREATE OR REPLACE TEMP TABLE orders_staged (order_id VARCHAR, date DATE, ordered_at TIMESTAMPTZ, market VARCHAR, "
    f"channel VARCHAR, gross {MONEY_TYPE}, net {MONEY_TYPE}, refunds {MONEY_TYPE}, currency VARCHAR, customer VARCHAR, "
    "source_row BIGINT)"
)
LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows of the file; those with a problem; repeated ones; orders; how numbers and days are written."""

    received: int
    quarantined: int
    repeated: int
    orders: int
    decimal_mark: str | None
    days: WrittenDays


def orders_layout(
    columns: tuple[str, ...], corrections: Dictionary[str, str | None], *, is_told: bool = False
) -> dict[str, str] | None:
    """Field of an order -> raw column; None for a file that holds something else. `is_told`: the sender said orders."""
    told = {target[6:]: column for column, target in corrections.items() if target and target.startswith("order:")}
    named = {plain_name(column): column for column in reversed(columns) if column not in corrections}
    found = dict(told)
    for field, names in NAMES.items():
        column = next((named[name] for name in names.split() if name in named), None)
        if field not in found and column is not None and column not in found.values():
            found[field] = column
    if is_told or told:
        return found if "order_id" in found else None
    is_certain = "order_id" in found and plain_name(found["order_id"]) in _CERTAIN
    is_shops = (
        "time" in found and ("gross" in found or "net" in found) and not _AD_METRICS & set(guess(columns, {}).values())
    )
    return found if is_certain and is_shops else None


def stage_orders(
    con: duckdb.DuckDBPyConnection,
    table: RawTable,
    columns: dict[str, str],
    *,
    today: date,
    decimal_mark: str | None = None,
    day_order: str | None = None,
) -> Staged:
    """Fill `orders_staged`; a row that breaks a rule is quarantined with each rule that it broke."""
    shape = _mapping(columns)
    mark = decimal_mark or notation.decimal_mark(con, table, shape)
    days = notation.written_days(con, table, notation.date_columns(table, shape), told=day_order)
    order = days.orders.get(columns.get("time", ""))
    typed = ", ".join(f"{sql} AS {name}" for name, sql in _typed(columns, mark, order))
    texts = ", ".join(f"{_cell(columns, name)} AS {name}_text" for name in NAMES)
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_rows AS SELECT {ROW} AS n, {typed}, {texts} FROM {table.relation}")
    _read_amounts(con, mark)
    received = _count(con, "order_rows")
    repeated = _drop_repeats(con)
    broken = _quarantine(con, table, columns, today)
    fields = "order_id, date, ordered_at, market, channel, gross, net, refunds, currency, customer, n"
    con.execute(f"INSERT INTO orders_staged SELECT {fields} FROM order_rows")
    return Staged(received, broken, repeated, _count(con, "order_rows"), mark, days)


def _mapping(columns: dict[str, str]) -> Mapping:
    """The columns as `notation` asks for them."""
    kinds = dict.fromkeys(AMOUNTS, "money") | {"time": "date"}
    fields = tuple(Field(name, (column,), kinds.get(name, "text")) for name, column in columns.items())  # type: ignore[arg-type]
    return Mapping(data_source=SOURCE, version=1, fields=fields, levels=(("account", ()),))


def _cell(columns: dict[str, str], name: str) -> str:
    """A cell as text, null where it says nothing."""
    if name not in columns:
        return "NULL::VARCHAR"
    text = f"trim({quoted(columns[name])})"
    return f"CASE WHEN {text} NOT IN ({', '.join(map(literal, EMPTY_MARKS))}) THEN {text} END"


def _typed(columns: dict[str, str], mark: str | None, order: str | None) -> Iterator[tuple[str, str]]:
    """Each field of an order as SQL over a raw row."""
    cells = {name: _cell(columns, name) for name in NAMES}
    time = cells["time"]
    number = cells["order_id"]
    yield "order_id", f"CASE WHEN ends_with({number}, '.0') THEN left({number}, -2) ELSE {number} END"
    yield "date", date_sql(time, order)
    # Without an offset nobody knows the instant; the day that the shop wrote is the shop's own in any case.
    yield (
        "ordered_at",
        (
            f"CASE WHEN regexp_matches({time}, '\\d:\\d\\d.*(Z|[+-]\\d\\d:?(\\d\\d)?)$') THEN "
            f"TRY_CAST(regexp_replace({time}, ' ([+-])(\\d\\d):?(\\d\\d)$', '\\1\\2:\\3') AS TIMESTAMPTZ) END"
        ),
    )
    yield "market", f"coalesce({cells['market']}, '')"
    yield "channel", f"coalesce({cells['channel']}, '')"
    for name in AMOUNTS:
        # By a decimal comma '1.234' is a thousand and more.
        yield name, f"NULL::{MONEY_TYPE}" if mark == "," else plain_sql(cells[name], "money")
    yield "currency", f"upper({cells['currency']})"
    yield "customer", _customer(columns, f"lower({cells['customer']})")


def _read_amounts(con: duckdb.DuckDBPyConnection, mark: str | None) -> None:
    """Read the amounts that are not in plain notation; money that went back is written with or without a minus.

    This is a statement of its own, for in one with all the others DuckDB takes every plain cell apart as well, which
    is most of the time of a large file.
    """
    for name in AMOUNTS:
        amount = number_sql(f"{name}_text", "money", mark)
        con.execute(f"UPDATE order_rows SET {name} = {amount} WHERE {name} IS NULL AND {name}_text IS NOT NULL")
    con.execute("UPDATE order_rows SET refunds = -refunds WHERE refunds < 0")


def _customer(columns: dict[str, str], text: str) -> str:
    """'new', 'returning' or null. A column called 'returning' says yes of the opposite."""
    yes, no = ("returning", "new") if "return" in plain_name(columns.get("customer", "")) else ("new", "returning")

    def among(words: tuple[str, ...]) -> str:
        return f"{text} IN ({', '.join(map(literal, words))})"

    return (
        f"CASE WHEN {among(NEW)} THEN 'new' WHEN {among(RETURNING)} THEN 'returning' "
        f"WHEN {among(TRUE)} THEN '{yes}' WHEN {among(FALSE)} THEN '{no}' END"
    )


def _drop_repeats(con: duckdb.DuckDBPyConnection) -> int:
    """Take out rows that say nothing of the order itself (further articles) and exact repetitions; gives how many."""
    fields = "order_id, date, market, channel, gross, net, refunds, currency, customer"
    amounts = "gross_text IS NULL AND net_text IS NULL"
    is_article = f"{amounts} AND order_id IN (SELECT order_id FROM order_rows WHERE NOT ({amounts}))"
    articles = con.execute(f"DELETE FROM order_rows WHERE {is_article}").fetchone()
    again = con.execute(
        "DELETE FROM order_rows WHERE order_id IS NOT NULL AND n IN (SELECT n FROM (SELECT n, row_number() OVER "
        f"(PARTITION BY {fields} ORDER BY n) AS place FROM order_rows) WHERE place > 1)"
    ).fetchone()
    return sum(int(found[0]) for found in (articles, again) if found)


def _rules(today: date) -> Iterator[tuple[str, str, str, str]]:
    """(field, code, what would be right, when it is broken) over `order_rows`."""
    yield (
        "order_id",
        "missing_order_id",
        "each order needs the number that tells it from the others",
        "order_id IS NULL",
    )
    yield (
        "order_id",
        "damaged_id",
        "export the column as text, with all its digits",
        (f"regexp_full_match(order_id, '\\d(\\.\\d+)?[eE]\\+\\d+') OR length(order_id) > {LONGEST_ID}"),
    )
    yield (
        "order_id",
        "repeated_key",
        "another row has the same order number and other values; send one of them",
        ("order_id IN (SELECT order_id FROM order_rows GROUP BY order_id HAVING count(*) > 1)"),
    )
    yield (
        "time",
        "missing_date",
        "say when it was ordered, as 2024-03-31 or 2024-03-31T18:05:00+02:00",
        ("time_text IS NULL"),
    )
    yield (
        "time",
        "unreadable_date",
        "write it as 2024-03-31 or 2024-03-31T18:05:00+02:00",
        ("date IS NULL AND time_text IS NOT NULL"),
    )
    yield "time", "future_date", f"orders end today, {today}", f"date > DATE '{today + timedelta(days=1)}'"
    yield "gross", "missing_amount", "an order needs its gross or net amount", "gross_text IS NULL AND net_text IS NULL"
    for name in AMOUNTS:
        yield name, "unreadable_number", "write an amount like 1234.50", f"{name} IS NULL AND {name}_text IS NOT NULL"
    for name in ("gross", "net"):
        yield name, f"negative_{name}", "send what went back as refunds of the order", f"{name} < 0"
    yield "refunds", "refund_above_order", "no more can go back than was paid", "refunds > gross + 0.01"
    yield "currency", "unknown_currency", "write three letters, as EUR", "NOT regexp_full_match(currency, '[A-Z]{3}')"


def _quarantine(con: duckdb.DuckDBPyConnection, table: RawTable, columns: dict[str, str], today: date) -> int:
    """Move rows that break a rule into `quarantined`, one line per rule; gives the rows."""
    con.execute("CREATE OR REPLACE TEMP TABLE order_problems (n BIGINT, field VARCHAR, code VARCHAR, message VARCHAR)")
    for field, code, right, broken in _rules(today):
        column = columns.get(field)
        where = f" in {column}" if column else ""
        before = literal(f"{code.replace('_', ' ').capitalize()}{where}: ")
        after = literal(right[0].upper() + right[1:] + ".")
        said = f"coalesce('\"' || left({field}_text, 200) || '\". ', '')"
        con.execute(
            f"INSERT INTO order_problems SELECT n, ?, ?, {before} || {said} || {after} FROM order_rows WHERE {broken}",
            [column, code],
        )
    con.execute(
        f"INSERT INTO quarantined SELECT p.n, p.field, p.code, p.message, r.raw FROM order_problems AS p JOIN "
        f"(SELECT {ROW} AS n, {as_it_came('t')} AS raw FROM (SELECT * FROM {table.relation}) AS t "
        f"WHERE {ROW} IN (SELECT n FROM order_problems)) AS r ON r.n = p.n"
    )
    gone = con.execute("DELETE FROM order_rows WHERE n IN (SELECT n FROM order_problems)").fetchone()
    return int(gone[0]) if gone else 0


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    found = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(found[0]) if found else 0
