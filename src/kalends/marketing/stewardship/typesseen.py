"""Which types of conversions there are, and what rules would make of them: counted on the rows that answers count."""

# ruff: noqa: S608 -- the statements are composed of declared column names; texts from outside are bound or escaped

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kalends.base.work import Work
from kalends.marketing.attribution import RANK, THING
from kalends.marketing.reading import literal
from kalends.marketing.stewardship import counting
from kalends.marketing.stewardship.counting import SOURCES, ConversionRule, choice, how_told, usual_types

DAYS: Final = 30
_EACH: Final = {
    "duckdb": (
        "json_each(CASE WHEN json_valid(c.conversion_types) THEN c.conversion_types END) AS e",
        "CAST(nullif(json_extract_string(e.value, '$[0]'), 'nan') AS DOUBLE)",
        "CAST(nullif(json_extract_string(e.value, '$[1]'), 'nan') AS DOUBLE)",
    ),
    "postgres": (
        "jsonb_each(CASE WHEN c.conversion_types IS JSON THEN CAST(c.conversion_types AS jsonb) END) AS e",
        "CAST(e.value ->> 0 AS DOUBLE PRECISION)",
        "CAST(e.value ->> 1 AS DOUBLE PRECISION)",
    ),
}
"""Per engine how a row's types are taken apart, how often each happened, and what it was worth."""


@dataclass(frozen=True, slots=True)
class SeenType:
    """One type of one account: how often in the days looked at, and what it was worth."""

    account_id: str
    type: str
    count: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A platform's types in the `DAYS` days up to the last one that it has told of, the commonest first."""

    data_source: str
    first: date
    last: date
    conversions: float | None
    """What counts as conversions in these days now."""

    types: tuple[SeenType, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What rules would make of a platform's conversions, once its files are read by them. `after` is None where only
    reading again can tell: the platform's own number counts again, which a rule stood in for.
    """

    data_source: str
    first: date
    last: date
    before: float | None
    after: float | None


def seen(work: Work) -> list[Seen]:
    """Every platform that tells types apart and has data."""
    return [_seen(work, source, first, last) for source, (first, last) in _spans(work).items()]


def unseen(work: Work, *, rules: Sequence[ConversionRule]) -> list[str]:
    """The types of rules that their platforms have not told in the days looked at."""
    told = {(one.data_source, _same(one.data_source, type_.type)) for one in seen(work) for type_ in one.types}
    wanted = {type_: rule.data_source for rule in rules for type_ in rule.types}
    return [type_ for type_, source in wanted.items() if (source, _same(source, type_)) not in told]


def _same(source: str, type_: str) -> str:
    """A type as it is compared: names of events without regard to case."""
    return type_.lower() if how_told(source) == "events" else type_


def effects(work: Work, *, rules: Sequence[ConversionRule], now: Sequence[ConversionRule]) -> list[Effect]:
    """What `rules` would change, of each platform that they treat otherwise than the rules of `now`."""
    return [
        Effect(source, first, last, _now(work, source, first, last), _after(work, source, first, last, rules, now))
        for source, (first, last) in _spans(work).items()
        if counting.of_source(rules, source) != counting.of_source(now, source)
    ]


def _spans(work: Work) -> dict[str, tuple[date, date]]:
    """The days to look at, by platform."""
    if work.warehouse.engine not in _EACH or not work.warehouse.exists("daily"):
        return {}
    found = work.warehouse.execute("SELECT data_source, max(date) AS last FROM daily GROUP BY 1 ORDER BY 1").to_pylist()
    back = timedelta(days=DAYS - 1)
    return {row["data_source"]: (row["last"] - back, row["last"]) for row in found if row["data_source"] in SOURCES}


_COUNTED: Final = (
    "SELECT * FROM (SELECT f.key_hash, f.account_id, f.conversions, f.conversion_types,"
    f" row_number() OVER (PARTITION BY {', '.join(f'f.{column}' for column in THING)} ORDER BY {RANK}, f.attribution)"
    " AS told FROM facts AS f JOIN (SELECT DISTINCT date, account_id, report FROM daily WHERE data_source = $source"
    " AND date BETWEEN $first AND $last) AS d ON d.date = f.date_from AND d.account_id = f.account_id"
    " AND d.report = f.report WHERE f.data_source = $source AND f.date_from = f.date_to) AS t WHERE told = 1"
)
"""The rows that answers count: of the report that speaks for the account on the day, each thing once."""


def _asked(work: Work, sql: str, source: str, first: date, last: date) -> list[dict[str, Any]]:
    told = {"source": source, "first": first, "last": last}
    found: list[dict[str, Any]] = work.warehouse.execute(f"WITH counted AS ({_COUNTED}) {sql}", told).to_pylist()
    return found


def _typed(work: Work) -> str:
    each, count, value = _EACH[work.warehouse.engine]
    return f"SELECT c.key_hash, c.account_id, e.key AS type, {count} AS n, {value} AS worth FROM counted AS c, {each}"


def _seen(work: Work, source: str, first: date, last: date) -> Seen:
    sql = (
        f"SELECT account_id, type, sum(n) AS n, sum(worth) AS worth FROM ({_typed(work)}) AS t GROUP BY 1, 2"
        " ORDER BY coalesce(sum(n), 0) DESC, type, account_id"
    )
    rows = _asked(work, sql, source, first, last)
    types = tuple(SeenType(row["account_id"], row["type"], row["n"], row["worth"]) for row in rows)
    return Seen(source, first, last, _now(work, source, first, last), types)


def _now(work: Work, source: str, first: date, last: date) -> float | None:
    found: float | None = _asked(work, "SELECT sum(conversions) AS n FROM counted", source, first, last)[0]["n"]
    return found


def _after(
    work: Work,
    source: str,
    first: date,
    last: date,
    rules: Sequence[ConversionRule],
    now: Sequence[ConversionRule],
) -> float | None:
    told, before = (choice(counting.of_source(each, source)) for each in (rules, now))
    if told["window"] != before["window"]:
        return None
    everywhere = told["conversions"] or usual_types(source)
    own = told["conversions_by_account"]
    if not everywhere and counting.of_source(now, source):
        return None
    folds = how_told(source) == "events"
    name = "lower(type)" if folds else "type"
    branches = [f"WHEN account_id = {literal(one)} THEN {_place(name, types, folds)}" for one, types in own.items()]
    others = _place(name, everywhere, folds) if everywhere else "NULL"
    place = f"CASE {' '.join(branches)} ELSE {others} END" if branches else others
    placed = f"SELECT key_hash, n, {place} AS place FROM ({_typed(work)}) AS t WHERE n IS NOT NULL"
    nth = "row_number() OVER (PARTITION BY key_hash ORDER BY place)"
    firsts = f"SELECT n, {nth} AS nth FROM ({placed}) AS p WHERE place IS NOT NULL"
    amounts = [f"SELECT n FROM ({firsts}) AS f WHERE nth = 1"]
    if not everywhere:
        others = " AND ".join(f"account_id <> {literal(one)}" for one in own) or "true"
        amounts.append(f"SELECT conversions AS n FROM counted WHERE {others}")
    found: float | None = _asked(
        work, f"SELECT sum(n) AS n FROM ({' UNION ALL '.join(amounts)}) AS a", source, first, last
    )[0]["n"]
    return found


def _place(name: str, types: Sequence[str], folds: bool) -> str:
    """Which place a type has in the order; null for one that does not count."""
    whens = (f"WHEN {literal(one.lower() if folds else one)} THEN {place}" for place, one in enumerate(types))
    return f"CASE {name} {' '.join(whens)} END"
