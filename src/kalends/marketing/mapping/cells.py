"""From a text cell to a typed value, as DuckDB SQL: plain notation first and fast, then what people and sheets write.

Nothing is guessed for a single cell. '1,234' is 1234 or 1.234, and '03/04/2024' is March or April: the file decides
(`decimal_mark`, `day_order`), by its own unambiguous cells or by what the sender says; else the cell is a fault, unless
it can be read one way only: '25/12/2023'.
"""

from __future__ import annotations

import duckdb

MONEY_TYPE = "DECIMAL(18,6)"
EMPTY_MARKS = ("", "-", "--", "—", "null", "NULL", "None", "none", "N/A", "n/a", "#N/A", "(not set)", "[]")
NUMBER_TYPES = {
    "count": "BIGINT", "number": "DOUBLE", "share": "DOUBLE", "percent": "DOUBLE", "money": MONEY_TYPE,
    "micros": MONEY_TYPE, "rounded": "BIGINT",
}  # fmt: skip
TEXT_KINDS = {
    "text": "nullif({0}, '')",
    "upper": "upper(nullif({0}, ''))",
    "id": "nullif(CASE WHEN ends_with({0}, '.0') THEN left({0}, -2) ELSE {0} END, '')",
    "given": "nullif(nullif(CASE WHEN ends_with({0}, '.0') THEN left({0}, -2) ELSE {0} END, ''), '(not set)')",
    "account": "nullif(CASE WHEN starts_with({0}, 'act_') THEN substr({0}, 5) "
    "WHEN ends_with({0}, '.0') THEN left({0}, -2) ELSE {0} END, '')",
    "customer": r"nullif(regexp_extract({0}, '^customers/(\d+)', 1), '')",
    "tail": "nullif(regexp_extract({0}, '[^/~]+$'), '')",
    "urn": "nullif(regexp_extract({0}, '[^:]+$'), '')",
}
"""Kinds of text, as SQL over a cell."""
DAY_KINDS = {
    "month": "TRY_CAST(left({0}, 7) || '-01' AS DATE)",
    "month_end": "last_day(TRY_CAST(left({0}, 7) || '-01' AS DATE))",
    "first_day": "CASE WHEN {0} LIKE '____-__-__%____-__-__' AND TRY_CAST(right({0}, 10) AS DATE) IS NOT NULL "
    "THEN TRY_CAST(left({0}, 10) AS DATE) END",
    "last_day": "CASE WHEN {0} LIKE '____-__-__%____-__-__' THEN TRY_CAST(right({0}, 10) AS DATE) END",
}
"""Days that a cell says otherwise than as a date, as SQL: the ends of the month that it names, or of '2023-10-01 -
2023-10-31'.
"""
_CURRENCY = "USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|INR|CNY"
_MONTHS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%d-%b-%Y")

# Only cells that are not in plain notation come here, so that regular expressions cost nothing on a clean file.
MACROS = (
    rf"""CREATE OR REPLACE TEMP MACRO bare_number(t) AS regexp_replace(regexp_replace(trim(t),
        '[\s\x{{00A0}}\x{{202F}}\x{{2009}}''’_€$£¥₹]|^\s*({_CURRENCY})\s*|\s*({_CURRENCY})\s*$', '', 'g'),
        '^\((.*)\)$', '-\1')""",
    r"""CREATE OR REPLACE TEMP MACRO marked_number(b, mark, is_count) AS CASE
        WHEN regexp_full_match(b, '[+-]?\d+(\.\d+)?([eE][+-]?\d+)?') AND mark IS DISTINCT FROM ',' THEN b
        WHEN regexp_full_match(b, '[+-]?\d{1,3}(,\d{3})+\.\d+') AND mark IS DISTINCT FROM ',' THEN replace(b, ',', '')
        WHEN regexp_full_match(b, '[+-]?\d{1,3}(,\d{3}){2,}') AND mark IS DISTINCT FROM ',' THEN replace(b, ',', '')
        WHEN regexp_full_match(b, '[+-]?\d{1,3},\d{3}') AND (mark = '.' OR (is_count AND mark IS NULL))
            THEN replace(b, ',', '')
        WHEN mark = '.' THEN NULL
        WHEN regexp_full_match(b, '[+-]?\d{1,3}(\.\d{3})+,\d+') THEN replace(replace(b, '.', ''), ',', '.')
        WHEN regexp_full_match(b, '[+-]?\d{1,3}(\.\d{3}){2,}') THEN replace(b, '.', '')
        WHEN regexp_full_match(b, '[+-]?\d+,(\d{1,2}|\d{4,})') THEN replace(b, ',', '.')
        WHEN mark IS NULL THEN NULL
        WHEN regexp_full_match(b, '[+-]?\d{1,3}(\.\d{3})+') THEN replace(b, '.', '')
        WHEN regexp_full_match(b, '[+-]?\d+(,\d+)?') THEN replace(b, ',', '.')
        END""",
    r"""CREATE OR REPLACE TEMP MACRO written_number(t, mark, is_count) AS CASE
        WHEN regexp_full_match(bare_number(t), '.*\d[kK]')
            THEN CAST(TRY_CAST(marked_number(left(bare_number(t), -1), mark, false) AS DECIMAL(30,9)) * 1000 AS VARCHAR)
        WHEN regexp_full_match(bare_number(t), '.*\dM')
            THEN CAST(TRY_CAST(marked_number(left(bare_number(t), -1), mark, false) AS DECIMAL(30,9)) * 1000000
                AS VARCHAR)
        ELSE marked_number(bare_number(t), mark, is_count) END""",
    r"""CREATE OR REPLACE TEMP MACRO written_share(t, mark) AS CASE
        WHEN regexp_full_match(trim(t), '<\s*10\s*%') THEN 0.0999
        WHEN trim(t) LIKE '%\%' ESCAPE '\' THEN
            TRY_CAST(marked_number(bare_number(left(trim(t), -1)), mark, false) AS DOUBLE) / 100
        ELSE TRY_CAST(marked_number(bare_number(t), mark, false) AS DOUBLE) END""",
    """CREATE OR REPLACE TEMP MACRO only_day(by_day, by_month) AS CASE
        WHEN by_month IS NULL OR by_day = by_month THEN by_day WHEN by_day IS NULL THEN by_month END""",
    rf"""CREATE OR REPLACE TEMP MACRO written_date(t, day_first) AS CASE
        WHEN regexp_matches(t, '^\d{{4}}-\d{{2}}-\d{{2}}[T |]') THEN TRY_CAST(left(t, 10) AS DATE)
        WHEN regexp_full_match(t, '\d{{8}}') THEN CAST(try_strptime(t, '%Y%m%d') AS DATE)
        WHEN regexp_full_match(t, '\d{{4}}[/.]\d{{1,2}}[/.]\d{{1,2}}') THEN
            CAST(try_strptime(replace(t, '.', '/'), '%Y/%m/%d') AS DATE)
        WHEN regexp_full_match(t, '\d{{1,2}}\.\d{{1,2}}\.\d{{4}}') THEN CAST(try_strptime(t, '%d.%m.%Y') AS DATE)
        WHEN regexp_full_match(t, '\d{{1,2}}[/-]\d{{1,2}}[/-]\d{{4}}') THEN CASE day_first
            WHEN true THEN CAST(try_strptime(replace(t, '-', '/'), '%d/%m/%Y') AS DATE)
            WHEN false THEN CAST(try_strptime(replace(t, '-', '/'), '%m/%d/%Y') AS DATE)
            ELSE only_day(CAST(try_strptime(replace(t, '-', '/'), '%d/%m/%Y') AS DATE),
                CAST(try_strptime(replace(t, '-', '/'), '%m/%d/%Y') AS DATE)) END
        ELSE CAST(try_strptime(t, {list(_MONTHS)}) AS DATE) END""",
)


def install(con: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to a connection."""
    for macro in MACROS:
        con.execute(macro)


def readings(text: str) -> list[float]:
    """What a number that somebody typed can mean by either decimal mark: '1,234' is two numbers, 'abc' is none."""
    marks = ", ".join(f"TRY_CAST(written_number(t, '{mark}', false) AS DOUBLE)" for mark in ".,")
    with duckdb.connect() as con:
        install(con)
        found = con.execute(f"SELECT {marks} FROM (SELECT ?::VARCHAR AS t)", [text]).fetchone() or ()  # noqa: S608
    return sorted({value for value in found if value is not None}, key=abs)


def plain_sql(text: str, kind: str) -> str:
    """A cell in plain notation as SQL: ISO dates, numbers as JSON writes them. Null where it is anything else."""
    if kind == "date":
        is_compact = rf"strlen({text}) = 8 AND regexp_full_match({text}, '\d{{8}}')"  # 20240331; few are as short
        compact = f"CAST(try_strptime({text}, '%Y%m%d') AS DATE)"
        return f"CASE WHEN {is_compact} THEN {compact} ELSE TRY_CAST({text} AS DATE) END"
    # Text to a decimal of more than 18 digits takes DuckDB 5 to 40 us a cell, 400 times as long as to a smaller one:
    # only what is longer, or would lose a fraction, goes that way.
    if kind == "micros":
        money = f"CAST(CAST({text} AS DECIMAL(18,0)) * 0.000001 AS {MONEY_TYPE})"
        return f"CASE WHEN {_is_short(text, '0')} THEN {money} ELSE {_micros(text)} END"
    if kind == "rounded":
        is_short = _is_short(text, r"\d{1,9}")
        wide = f"TRY_CAST(round(TRY_CAST({text} AS DECIMAL(38,9))) AS BIGINT)"
        return f"CASE WHEN {is_short} THEN CAST({text} AS BIGINT) ELSE {wide} END"
    if kind == "count":  # a fraction would be rounded away silently, that of 5e-1 too; Klaviyo writes 12.0
        is_whole = f"NOT contains({text}, '-') AND (NOT contains({text}, '.') OR ends_with({text}, '.0'))"
        return f"CASE WHEN {is_whole} THEN TRY_CAST({text} AS BIGINT) END"
    if kind == "percent":
        return f"TRY_CAST({text} AS DOUBLE) / 100"
    return f"TRY_CAST({text} AS {NUMBER_TYPES[kind]})"


def _is_short(text: str, fraction: str) -> str:
    return rf"regexp_full_match({text}, '-?\d{{1,18}}(\.{fraction})?')"


def _micros(text: str) -> str:
    """As a wider decimal first: micros may have a fraction, and 18 digits of them are only 10^12 units of money."""
    return f"TRY_CAST(TRY_CAST({text} AS DECIMAL(24,6)) / 1000000 AS {MONEY_TYPE})"


def number_sql(text: str, kind: str, decimal_mark: str | None) -> str:
    """A number cell in any notation as SQL, null where it is empty or cannot be read."""
    mark = "NULL" if decimal_mark is None else f"'{decimal_mark}'"
    if kind == "share":
        written = f"written_share({text}, {mark})"
    elif kind == "percent":
        written = f"TRY_CAST(written_number(rtrim({text}, ' %'), {mark}, false) AS DOUBLE) / 100"
    elif kind == "count":
        written = _whole(f"TRY_CAST(written_number({text}, {mark}, true) AS DECIMAL(38,9))")
    elif kind == "rounded":
        written = f"TRY_CAST(round(TRY_CAST(written_number({text}, {mark}, true) AS DECIMAL(38,9))) AS BIGINT)"
    elif kind == "micros":
        written = _micros(f"written_number({text}, {mark}, false)")
    else:
        written = f"TRY_CAST(written_number({text}, {mark}, false) AS {NUMBER_TYPES[kind]})"
    return written if decimal_mark == "," else f"coalesce({plain_sql(text, kind)}, {written})"


def _whole(number: str) -> str:
    # `number` stands here once: what stands in a statement more than once DuckDB computes for every cell beforehand,
    # also behind a coalesce, and this part is for the few that are not in plain notation.
    return rf"TRY_CAST(regexp_extract(CAST({number} AS VARCHAR), '^(-?\d+)\.0+$', 1) AS BIGINT)"


def date_sql(text: str, day_order: str | None) -> str:
    """A date cell as SQL; a moment gives its written day. Null where it is empty or cannot be read."""
    day_first = {"day_first": "true", "month_first": "false"}.get(day_order or "", "NULL::BOOLEAN")
    return f"coalesce({plain_sql(text, 'date')}, written_date({text}, {day_first}))"
