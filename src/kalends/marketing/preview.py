"""How a file would be read: its beginning staged like a batch, in a database that ends with the look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
from pydantic import TypeAdapter, ValidationError

from kalends.base.reading.documents import snake
from kalends.marketing.batchreport import control_totals
from kalends.marketing.mapping import ALIASES, MAPPINGS, unwrap_any
from kalends.marketing.mapping.compiler import is_report
from kalends.marketing.mapping.entities import entity_of
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.mapping.generic import SYNONYMS, guess
from kalends.marketing.mapping.orders import SOURCE as ORDERS
from kalends.marketing.mapping.orders import TARGETS as ORDER_TARGETS
from kalends.marketing.mapping.orders import orders_layout
from kalends.marketing.pipeline import declared_days, stage_options
from kalends.marketing.reading import Dialect, RawTable, Way, open_raw, quoted
from kalends.marketing.records import KEY, STAGED_VERSION
from kalends.marketing.sampling import Sample
from kalends.marketing.schemas import QuarantinedRow, SourceName
from kalends.marketing.staging import StageReport, stage
from kalends.marketing.stewardship import counting
from kalends.marketing.stewardship.counting import ConversionRule
from kalends.marketing.words import SOURCE_NAMES

ROWS_SHOWN = 20
ASIDE_SHOWN = 20
HEAD_BYTES = 1 << 18
"""Enough lines to know the columns and to show examples."""
EXAMPLES = 3
FILE = "file"
CERTAIN = 0.5
"""Half of the columns must be known to the platform's rules, and one of them to no other table."""
# The first word that a file's name holds decides, so the narrower ones stand first.
_NAMED = {"google_analytics": "google_analytics", "ga4": "google_analytics", "runreport": "google_analytics",
          "google": "google_ads", "adwords": "google_ads", "facebook": "facebook_ads", "meta": "facebook_ads",
          "instagram": "facebook_ads", "klaviyo": "klaviyo", "amazon": "amazon_ads", "microsoft": "microsoft_ads",
          "bing": "microsoft_ads", "linkedin": "linkedin_ads", "twitter": "twitter_ads", "x_ads": "twitter_ads",
          "tiktok": "tiktok_ads", "snapchat": "snapchat_ads", "pinterest": "pinterest_ads",
          "apple_search": "apple_search_ads", "searchads": "apple_search_ads", "adobe": "adobe_analytics",
          "hubspot": "hubspot", "salesforce": "salesforce", "opportunit": "salesforce", "mixpanel": "mixpanel",
          "amplitude": "amplitude"}  # fmt: skip
_CUT = "unreadable_row"
_SOURCE_NAME: TypeAdapter[str] = TypeAdapter(SourceName)


@dataclass(frozen=True)
class ColumnView:
    """One column of the file: what it is taken for now, what it would be without a correction, a few of its values."""

    name: str
    taken_as: str
    guessed: str
    correction: str | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What loading would do, as far as the sample tells. `rows` are mapped; `problems` count the broken rules."""

    report: StageReport
    columns: tuple[ColumnView, ...]
    headings: tuple[str, ...]
    rows: tuple[Dictionary[str, Any], ...]
    totals: tuple[Dictionary[str, Any], ...]
    series: tuple[Dictionary[str, Any], ...]
    aside: tuple[QuarantinedRow, ...]
    problems: tuple[tuple[str, int], ...]
    is_partial: bool

    @property
    def layout(self) -> str:
        """'platform' (its own rules), 'wide' (a series per column), 'orders' or 'table' (a guess per column)."""
        name = self.report.mapping.partition("@")[0]
        return (
            name
            if name in {"wide", ORDERS}
            else "platform"
            if name in MAPPINGS and not self.report.guessed
            else "table"
        )

    @property
    def needs_days(self) -> bool:
        """Whether rows lack a date of their own. Which number is the month is asked first."""
        return self.report.open_days is None and any(code == "missing_date" for code, _ in self.problems)


def guess_source(sample: Sample, *, file_name: str) -> str:
    """The platform whose rules know most of the file's columns; 'file' where none knows half of them."""
    claimed: list[str] = []

    def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
        found = ((name, mapping.unwrap(document)) for name, mapping in MAPPINGS.items())
        name, rows = next((one for one in found if one[1] is not None), ("", None))
        claimed.extend([name] if name else [])
        return rows

    with (
        _database() as con,
        open_raw(con, sample.head(HEAD_BYTES).open, way=Way.ROWS, dialect=Dialect(unwrap=unwrap)) as raw,
    ):
        scores = {
            name: max((_known_share(table, mapping) for table in raw.tables), default=0.0)
            for name, mapping in MAPPINGS.items()
        }
        is_wrapped = bool(claimed) and any(is_report(table, MAPPINGS[claimed[0]]) for table in raw.tables)
        is_shop = any(orders_layout(table.columns, {}) is not None for table in raw.tables)
    named = next((source for word, source in _NAMED.items() if word in file_name.lower()), None)
    if named and scores[named] > 0:
        return named
    if is_wrapped:
        return claimed[0]  # no other platform wraps its rows like this
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= CERTAIN else ORDERS if is_shop else FILE


def _known_share(table: RawTable, mapping: Mapping) -> float:
    """The share of the table's columns that the platform's rules name; 0 where they cannot read it."""
    if not is_report(table, mapping):
        return CERTAIN if entity_of(table, mapping) is not None else 0.0
    fields = {source for item in mapping.fields for source in item.sources}
    fields |= {mapping.actions.counts, mapping.actions.values} if mapping.actions else set()
    fields |= {column for typed in mapping.typed for column in (*typed.counts, *typed.values)}
    known = fields | mapping.breakdowns.keys() | {name for pair in mapping.named_cuts for name in pair}
    asked = [name for column in table.columns if not mapping.is_ignored(name := snake(column))]
    if not any(name in fields and not guess((name,), {}) for name in asked):
        return 0.0  # every name is one that any table may have
    own = sum(1 for name in asked if name in known or name.startswith(mapping.breakdown_prefixes or ("\0",)))
    return own / len(asked) if asked else 0.0


def preview(
    sample: Sample,
    *,
    data_source: str,
    file_name: str,
    options: dict[str, Any],
    now: datetime,
    counted: Sequence[ConversionRule] = (),
) -> Preview:
    """Stage the sample and show what came of it. Raises the errors of `marketing.reading` for an unreadable file."""
    with _database() as con:
        heads = _columns(con, sample)
        report = stage(
            con,
            sample.open,
            data_source=data_source,
            now=now,
            file_name=file_name,
            date_range=declared_days(options),
            options=replace(stage_options(options), **counting.choice(counting.of_source(counted, data_source))),
        )
        aside = [QuarantinedRow(**row) for row in _all(con, "FROM quarantined ORDER BY source_row, column_name")]
        if sample.is_partial and report.format == "json":
            report, aside = _without_cut(report, aside)
        headings, rows = _rows(con, report)
        return Preview(
            report=report,
            columns=tuple(_column_views(heads, report, options.get("columns", {}))),
            headings=headings,
            rows=rows,
            totals=tuple(control_totals(report)),
            series=tuple(_all(con, SERIES_SUMS)) if report.series else (),
            aside=tuple(aside[:ASIDE_SHOWN]),
            problems=tuple(Counter(row.code for row in aside).most_common()),
            is_partial=sample.is_partial,
        )


SERIES_SUMS = (
    "SELECT name, role, count(*) AS rows, sum(value) AS total, min(date_from) AS date_from, max(date_to) AS date_to"
    " FROM series_staged GROUP BY name, role ORDER BY name"
)


def _database() -> duckdb.DuckDBPyConnection:
    """A database in memory that never spills to disk: what is looked at lies nowhere in the clear."""
    return duckdb.connect(config={"autoinstall_known_extensions": False, "temp_directory": ""})


def _all(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = con.execute(sql).to_arrow_table().to_pylist()
    return found


def _without_cut(report: StageReport, aside: list[QuarantinedRow]) -> tuple[StageReport, list[QuarantinedRow]]:
    """A document that we cut ourselves breaks off at its last row: that is no fault of the file."""
    if not aside or aside[-1].code != _CUT:
        return report, aside
    return replace(report, received=report.received - 1, quarantined=report.quarantined - 1), aside[:-1]


def _columns(con: duckdb.DuckDBPyConnection, sample: Sample) -> dict[str, tuple[str, ...]]:
    """The file's columns in their order, each with a few values."""
    found: dict[str, tuple[str, ...]] = {}
    with open_raw(con, sample.head(HEAD_BYTES).open, way=Way.ROWS, dialect=Dialect(unwrap=unwrap_any)) as raw:
        for table in raw.tables:
            head = table.head or _first_rows(con, table)
            for column in table.columns:
                values = dict.fromkeys(str(value) for row in head if (value := row.get(column)) not in {None, ""})
                found.setdefault(column, tuple(values)[:EXAMPLES])
    return found


def _first_rows(con: duckdb.DuckDBPyConnection, table: RawTable) -> tuple[dict[str, str | None], ...]:
    names = ", ".join(map(quoted, table.columns))
    return tuple(_all(con, f"SELECT {names} FROM {table.relation} LIMIT 50"))  # noqa: S608


def _column_views(
    heads: Dictionary[str, tuple[str, ...]], report: StageReport, corrections: Dictionary[str, str | None]
) -> list[ColumnView]:
    plain = guess(tuple(heads), {})
    return [
        ColumnView(
            name=name,
            taken_as=report.columns.get(name) or report.guessed.get(name) or "",
            guessed=plain.get(name, ""),
            correction=(corrections[name] or "-") if name in corrections else None,
            examples=examples,
        )
        for name, examples in heads.items()
    ]


def _rows(
    con: duckdb.DuckDBPyConnection, report: StageReport
) -> tuple[tuple[str, ...], tuple[Dictionary[str, Any], ...]]:
    """The first rows as they would be stored, with the columns in which any of them has something to show."""
    if report.series:
        rows = _all(con, f"FROM series_staged ORDER BY source_row, name LIMIT {ROWS_SHOWN}")
    elif report.named and not report.staged:
        rows = _all(con, f"FROM named ORDER BY source_row LIMIT {ROWS_SHOWN}")
    elif report.orders:
        rows = _all(con, f"FROM orders_staged ORDER BY source_row LIMIT {ROWS_SHOWN}")
    else:
        rows = _all(con, f"FROM staged ORDER BY source_row LIMIT {ROWS_SHOWN}")
    shown = [
        name for name in (rows[0] if rows else ()) if name not in _UNSHOWN and any(_says(row[name]) for row in rows)
    ]
    if all(row.get("date_to") == row.get("date_from") for row in rows) and "date_to" in shown:
        shown.remove("date_to")
    return ("source_row", *_in_order(shown)), tuple(
        {name: row[name] for name in ("source_row", *shown)} for row in rows
    )


_UNSHOWN = {*STAGED_VERSION, "data_source", "extra", "conversion_types"}
_FIRST = ("date_from", "date_to")


def _says(value: object) -> bool:
    return value not in {None, "", "{}"}


def _in_order(names: list[str]) -> list[str]:
    """Days first, then what tells rows apart, then the numbers."""
    return sorted(names, key=lambda name: (name not in _FIRST, name not in KEY))


def read_corrections(columns: tuple[ColumnView, ...], wanted: list[str]) -> dict[str, str | None]:
    """The corrections that a form's selects say, one for each column in order: '' = as guessed, '-' = not used."""
    pairs = zip(columns, wanted, strict=False)
    return {column.name: None if choice == "-" else choice for column, choice in pairs if choice and is_target(choice)}


def is_target(choice: str) -> bool:
    """Whether a column can be taken for this."""
    return choice == "-" or choice in SYNONYMS or choice in SERIES_TARGETS or choice in ORDER_TARGETS


SERIES_TARGETS = ("series:kpi", "series:treatment", "series:organic", "series:control")


def doubly_taken(corrections: Dictionary[str, str | None]) -> dict[str, list[str]]:
    """Fields that were chosen for more than one column: field -> columns."""
    chosen: dict[str, list[str]] = {}
    for column, target in corrections.items():
        if target in SYNONYMS or target in ORDER_TARGETS:
            chosen.setdefault(target, []).append(column)
    return {target: columns for target, columns in chosen.items() if len(columns) > 1}


def cells_of(raw: str | None) -> list[tuple[str, str]]:
    """A kept raw row as names and values; what is no JSON object comes as one value without a name."""
    try:
        found = json.loads(raw or "")
    except ValueError:
        return [("", raw)] if raw else []
    if not isinstance(found, dict):
        return [("", raw or "")]
    return [(str(name), _text(value)) for name, value in found.items() if value is not None]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def source_choices() -> tuple[str, ...]:
    """The sources that can be chosen on upload."""
    return (*MAPPINGS, ORDERS, FILE)


def name_problem(own: str) -> str:
    """What is wrong with the name that a company gives to a source of its own; '' where nothing is."""
    names = {name.casefold() for pair in SOURCE_NAMES.items() for name in pair}
    if own.casefold() in names | ALIASES.keys():
        return f"“{own}” is taken: choose it in the list, or give another name."
    try:
        _SOURCE_NAME.validate_python(own)
    except ValidationError:
        return "A name has at most 100 characters."
    return ""
