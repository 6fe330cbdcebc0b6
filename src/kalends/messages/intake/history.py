# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A page's history out of a file: rows are read, checked one by one, and what does not hold is set aside with a reason.

A message that comes twice in a file with the same words is one message. With other counts, the row that is further on
counts (more purchases, more views): a platform's counts only grow, so the order of rows does not matter. With another
time or kind nobody knows which is right, and both are set aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa

from kalends.base.errors import BadInputError
from kalends.marketing.mapping import cells, notation
from kalends.marketing.mapping.cells import EMPTY_MARKS, number_sql
from kalends.marketing.mapping.fields import Field
from kalends.marketing.mapping.fields import Mapping as Shape
from kalends.marketing.reading import FAULT, ROW, RawTable, as_it_came, literal, quoted
from kalends.messages.intake import instants
from kalends.messages.intake.checks import AMOUNTS, COUNTS, Rule, rules
from kalends.messages.intake.fields import NAMES

FIELDS: Final = tuple(NAMES["history"])
PAID: Final = (
    "paid", "ppv", "true", "yes", "1", "premium", "locked", "bundle", "flash_bundle", "vip_program", "tip_goal",
    "game_post", "first_to_tip", "snapchat_bundle",
)  # fmt: skip
FREE: Final = (
    "bump", "free", "false", "no", "0", "teaser", "engagement", "retention", "unlocked", "link_drop", "wall_link_drop",
    "dm_farm", "like_farm", "live_promo", "renew_on_post", "renew_on_message", "expired_winback", "text",
    "mass_message",
)  # fmt: skip
"""Words for the two kinds of message, EROS's send types among them."""
SHOWN: Final = 200


class NoPageColumnError(BadInputError):
    """The file does not say of which page its messages are: choose the page, or add a column page_name."""

    code = "no_page_column"


class NoTimeColumnError(BadInputError):
    """No column says when a message was sent: add one called sent_at, such as 2026-03-31T18:05:00-04:00."""

    code = "no_time_column"


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page that rows may be of."""

    page_id: str
    names: tuple[str, ...]
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Bank:
    """What is known beside the file."""

    pages: Sequence[KnownPage]
    captions: Sequence[tuple[int, str | None, str]] = ()
    """Number, page, text."""
    only_page: str | None = None
    """The page of rows that name none."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sender says of how the file is written; None: let the file show it."""

    zone: str | None = None
    decimal_mark: str | None = None
    day_order: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, or to be said of it."""

    row: int
    column: str | None
    code: str
    message: str
    raw: str


@dataclass(slots=True)
class Staged:
    """What became of the rows: received = len(rows) + repeated + rejected."""

    rows: pa.Table
    received: int
    repeated: int
    rejected: int
    problems: list[Problem]
    codes: dict[str, int]
    decimal_mark: str | None
    day_order: str | None
    warnings: list[str] = field(default_factory=list)


def stage_history(
    con: duckdb.DuckDBPyConnection,
    table: RawTable,
    columns: Mapping[str, str],
    *,
    bank: Bank,
    terms: Terms,
    now: datetime,
    most_problems: int,
) -> Staged:
    """The good rows as an Arrow table, and what is wrong with the others. Raises NoPageColumnError, NoTimeColumnError.

    The table has page_id, message_id, sent_at, type, caption_no, price, recipients, viewed, purchased, earnings,
    currency, source_row.
    """
    if "sent_at" not in columns:
        raise NoTimeColumnError(columns=list(table.columns))
    if "page" not in columns and bank.only_page is None:
        raise NoPageColumnError(columns=list(table.columns))
    cells.install(con)
    _register(con, bank)
    mark = terms.decimal_mark or notation.decimal_mark(con, table, _shape(columns))
    order = terms.day_order or _day_order(con, table, columns["sent_at"])
    _read(con, table, columns)
    _understand(con, bank, terms, mark=mark, order=order)
    received = _number(con, "SELECT count(*) FROM history_rows")
    _note(con, columns, now=now)
    repeated = _fold(con)
    rejected = _number(con, "SELECT count(DISTINCT n) FROM history_problems WHERE is_bad")
    kept = con.execute(
        "SELECT page_id, message_id, sent_at, type, caption_no, price, recipients, viewed, purchased, earnings,"
        " currency, n AS source_row FROM history_rows WHERE is_kept ORDER BY n"
    ).to_arrow_table()
    codes = dict(con.execute("SELECT code, count(*) FROM history_problems GROUP BY 1 ORDER BY 2 DESC, 1").fetchall())
    return Staged(
        rows=kept,
        received=received,
        repeated=repeated,
        rejected=rejected,
        problems=_problems(con, table, most=most_problems),
        codes=codes,
        decimal_mark=mark,
        day_order=order,
        warnings=list(_warnings(columns)),
    )


def _shape(columns: Mapping[str, str]) -> Shape:
    """The columns as `notation` asks for them."""
    kinds = dict.fromkeys(AMOUNTS, "money") | dict.fromkeys(COUNTS, "count")
    fields = tuple(Field(name, (column,), kinds.get(name, "text")) for name, column in columns.items())  # type: ignore[arg-type]
    return Shape(data_source="messages", version=1, fields=fields, levels=(("account", ()),))


def _day_order(con: duckdb.DuckDBPyConnection, table: RawTable, column: str) -> str | None:
    cell = f"trim({quoted(column)})"
    found = con.execute(
        f"SELECT {', '.join(2 * [f'coalesce(bool_or(regexp_matches({cell}, ?)), false)'])} FROM {table.relation}",
        [instants.DAY_FIRST, instants.MONTH_FIRST],
    ).fetchone()
    day, month = found or (False, False)
    return None if day == month else "day_first" if day else "month_first"


def _register(con: duckdb.DuckDBPyConnection, bank: Bank) -> None:
    """What rows are compared with, as temporary tables."""
    keys: dict[str, KnownPage] = {}
    for place in range(max((len(page.names) for page in bank.pages), default=0)):
        # All pages' names come before any page's number on its platform.
        for page in bank.pages:
            if place < len(page.names):
                keys.setdefault(page.names[place].strip().lower(), page)
    texts: dict[tuple[str, str], int] = {}
    for number, page_id, text in sorted(bank.captions):
        texts.setdefault((page_id or "", _plain(text)), number)
    _table(con, "known_pages", {
        "key": list(keys), "page_id": [page.page_id for page in keys.values()],
        "zone": [page.zone for page in keys.values()], "currency": [page.currency for page in keys.values()],
    })  # fmt: skip
    _table(con, "known_captions", {"caption_no": [number for number, _, _ in bank.captions]}, kind=pa.int64())
    _table(con, "known_texts", {"page_id": [page for page, _ in texts], "text": [text for _, text in texts]})
    con.execute("ALTER TABLE known_texts ADD COLUMN caption_no BIGINT")
    _table(con, "text_numbers", {"caption_no": list(texts.values())}, kind=pa.int64())
    con.execute(
        "CREATE OR REPLACE TEMP TABLE known_texts AS SELECT t.page_id, t.text, n.caption_no FROM"
        " known_texts AS t POSITIONAL JOIN text_numbers AS n"
    )
    zones = sorted(available_timezones())
    _table(con, "known_zones", {"key": [zone.lower() for zone in zones], "zone": zones})


def _table(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, list[Any]], *, kind: pa.DataType | None = None
) -> None:
    rows = pa.table({column: pa.array(values, kind or pa.string()) for column, values in columns.items()})
    con.register("_known", rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _known")
    con.unregister("_known")


def _plain(text: str) -> str:
    """A text as it is compared: with single spaces, in small letters."""
    return " ".join(text.split()).lower()


def _cell(columns: Mapping[str, str], name: str) -> str:
    """A cell as text, null where it says nothing."""
    if name not in columns:
        return "NULL::VARCHAR"
    text = f"trim({quoted(columns[name])})"
    return f"CASE WHEN {text} NOT IN ({', '.join(map(literal, EMPTY_MARKS))}) THEN {text} END"


def _read(con: duckdb.DuckDBPyConnection, table: RawTable, columns: Mapping[str, str]) -> None:
    """`history_cells`: each row's cells as text, by field."""
    texts = ", ".join(f"{_cell(columns, name)} AS {name}" for name in FIELDS)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE history_cells AS SELECT {ROW} AS n, {FAULT} AS fault, {texts}"
        f" FROM {table.relation}"
    )


def _understand(
    con: duckdb.DuckDBPyConnection, bank: Bank, terms: Terms, *, mark: str | None, order: str | None
) -> None:
    """`history_rows`: the cells as values, null where one cannot be read."""
    told_zone = "NULL" if terms.zone is None else literal(terms.zone)
    only_page = "NULL" if bank.only_page is None else literal(bank.only_page)
    clock = f"c.time IS NOT NULL AND NOT ({instants.has_clock('c.sent_at')})"
    sent = instants.normal(f"CASE WHEN {clock} THEN c.sent_at || ' ' || c.time ELSE c.sent_at END")
    number = (
        "TRY_CAST(CASE WHEN ends_with(c.caption_no, '.0') THEN left(c.caption_no, -2) ELSE c.caption_no END AS BIGINT)"
    )
    kinds = dict.fromkeys(AMOUNTS, "money") | dict.fromkeys(COUNTS, "count")
    numbers = ", ".join(
        f"{number_sql(f'c.{name}', kind, mark)} AS {name}, c.{name} AS {name}_text" for name, kind in kinds.items()
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE history_read AS
        SELECT c.n, c.fault, coalesce(p.page_id, o.page_id) AS page_id, c.page AS page_text,
            CASE WHEN ends_with(c.message_id, '.0') THEN left(c.message_id, -2) ELSE c.message_id END AS message_id,
            {sent} AS sent_text, c.zone AS zone_text,
            CASE WHEN c.zone IS NOT NULL THEN z.zone
                ELSE coalesce({told_zone}, p.zone, o.zone) END AS zone,
            c.type AS type_text,
            regexp_replace(lower(c.type), '[^a-z0-9]+', '_', 'g') AS word,
            c.caption_no AS caption_text, {number} AS caption_no,
            regexp_replace(lower(trim(c.text)), '\\s+', ' ', 'g') AS text,
            {numbers},
            upper(coalesce(c.currency, p.currency, o.currency)) AS currency
        FROM history_cells AS c
        LEFT JOIN known_pages AS p ON p.key = lower(c.page)
        LEFT JOIN known_pages AS o ON c.page IS NULL AND o.key = {only_page}
        LEFT JOIN known_zones AS z ON z.key = lower(c.zone)
    """)
    paid, free = (", ".join(map(literal, words)) for words in (PAID, FREE))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE history_rows AS
        SELECT r.* EXCLUDE (caption_no, price),
            coalesce(i.instant, {instants.in_zone("i.wall", "r.zone")}) AS sent_at,
            CASE WHEN word IN ({paid}) OR word LIKE 'ppv%' THEN 'PPV'
                WHEN word IN ({free}) OR word LIKE 'bump%' THEN 'Bump'
                WHEN word IS NULL AND price > 0 THEN 'PPV'
                WHEN word IS NULL AND price_text IS NULL AND coalesce(purchased, 0) = 0 THEN 'Bump'
                WHEN word IS NULL AND price = 0 THEN 'Bump' END AS type,
            coalesce(r.caption_no, own.caption_no, common.caption_no) AS caption_no,
            nullif(r.price, 0) AS price,
            coalesce(r.message_id, 'made-' || md5(concat_ws('|', epoch_us(sent_at), type, caption_text, r.text)))
                AS made_id
        FROM history_read AS r
        JOIN (SELECT n, {instants.instant("sent_text")} AS instant, {instants.wall_time("sent_text", order)} AS wall
            FROM history_read) AS i ON i.n = r.n
        LEFT JOIN known_texts AS own ON own.page_id = r.page_id AND own.text = r.text
        LEFT JOIN known_texts AS common ON common.page_id = '' AND common.text = r.text
    """)
    con.execute("ALTER TABLE history_rows DROP COLUMN message_id")
    con.execute("ALTER TABLE history_rows RENAME COLUMN made_id TO message_id")
    con.execute("ALTER TABLE history_rows ADD COLUMN is_kept BOOLEAN DEFAULT true")


def _note(con: duckdb.DuckDBPyConnection, columns: Mapping[str, str], *, now: datetime) -> None:
    """`history_problems`: each rule that a row breaks; a row that breaks a bad one is not kept."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE history_problems (n BIGINT, field VARCHAR, code VARCHAR, message VARCHAR,"
        " is_bad BOOLEAN)"
    )
    for rule in rules(now):
        _apply(con, rule, columns.get(rule.field))
    what = ("epoch_us(sent_at)", "type", "coalesce(caption_no, -1)")
    is_other = " OR ".join(f"count(DISTINCT {one}) > 1" for one in what)
    several = f"SELECT (page_id, message_id) FROM history_rows WHERE is_kept GROUP BY ALL HAVING {is_other}"
    twice = f"(page_id, message_id) IN ({several})"
    _drop_bad(con)
    right = "another row has the same number and another time, kind or caption; send the right one"
    _apply(
        con, Rule("message_id", "repeated_id", right, f"is_kept AND {twice}", "message_id"), columns.get("message_id")
    )
    _drop_bad(con)


def _apply(con: duckdb.DuckDBPyConnection, rule: Rule, column: str | None) -> None:
    before = f"{rule.code.replace('_', ' ').capitalize()}{f' in {column}' if column else ''}: "
    after = f"{rule.right[0].upper()}{rule.right[1:]}."
    said = f"coalesce('“' || left({rule.text}, {SHOWN}) || '”. ', '')" if rule.text else "''"
    if rule.code == "unreadable_row":
        said = "coalesce(fault || ' ', '')"
    con.execute(
        f"INSERT INTO history_problems SELECT n, ?, ?, {literal(before)} || {said} || {literal(after)}, ?"
        f" FROM history_rows WHERE {rule.broken}",
        [column, rule.code, rule.is_bad],
    )


def _drop_bad(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE history_rows SET is_kept = false WHERE n IN (SELECT n FROM history_problems WHERE is_bad)")


def _fold(con: duckdb.DuckDBPyConnection) -> int:
    """Keep one row of each message, the one that is furthest on; gives how many were left out."""
    furthest = "purchased DESC NULLS LAST, viewed DESC NULLS LAST, earnings DESC NULLS LAST, recipients DESC NULLS LAST"
    counted = "(price, purchased, viewed, recipients, earnings, currency)"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE history_places AS
        SELECT n, row_number() OVER message AS place, first_value(n) OVER message AS first_n,
            {counted} IS NOT DISTINCT FROM first_value({counted}) OVER message AS is_same
        FROM history_rows WHERE is_kept
        WINDOW message AS (PARTITION BY page_id, message_id ORDER BY {furthest}, price DESC NULLS LAST, n)
    """)
    con.execute(
        "INSERT INTO history_problems SELECT n, NULL, 'older_version', 'Older version: row ' || first_n ||"
        " ' says more of the same message, and counts.', false FROM history_places WHERE place > 1 AND NOT is_same"
    )
    con.execute("UPDATE history_rows SET is_kept = false WHERE n IN (SELECT n FROM history_places WHERE place > 1)")
    return _number(con, "SELECT count(*) FROM history_places WHERE place > 1")


def _problems(con: duckdb.DuckDBPyConnection, table: RawTable, *, most: int) -> list[Problem]:
    """The first problems by row: bad rows first, so that a note on every row hides none of them."""
    found = con.execute(f"""
        SELECT p.n, p.field, p.code, p.message, r.raw FROM
        (SELECT * FROM history_problems ORDER BY is_bad DESC, n, code LIMIT {most}) AS p
        JOIN (SELECT {ROW} AS n, {as_it_came("t")} AS raw FROM (SELECT * FROM {table.relation}) AS t
            WHERE {ROW} IN (SELECT n FROM history_problems)) AS r ON r.n = p.n
        ORDER BY p.n, p.is_bad DESC, p.code
    """).fetchall()
    return [Problem(*row) for row in found]


def _warnings(columns: Mapping[str, str]) -> Iterator[str]:
    if "message_id" not in columns:
        yield (
            "No column has the messages’ own numbers: they were told apart by page, time, kind and caption. Two that"
            " are alike in all of these count as one."
        )
    for name, words in (("recipients", "how many got a message: rates stay unknown"),
                        ("earnings", "what a message earned"), ("purchased", "how many bought a message")):  # fmt: skip
        if name not in columns:
            yield f"No column says {words}."


def _number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = con.execute(sql).fetchone()
    return int(found[0]) if found else 0
