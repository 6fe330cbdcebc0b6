# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A raw payload becomes staged rows: read, mapped, checked, told apart; nothing is stored yet.

`stage` fills these temp tables of the given DuckDB connection, replacing what an earlier call left:

* view `staged`: `records.STAGED`, one row per key;
* `quarantined` (source_row, column_name, code, message, raw): one line per broken rule;
* `series_staged`: `records.SERIES_SCHEMA` without batch_seq, for wide files;
* `orders_staged`: `kalends.marketing.orders.SCHEMA` without batch_seq, for a shop's orders;
* `named` (level, entity_id, account_id, name, source_row): rows that only name something.

Always received = staged + quarantined rows + duplicates + named, for a wide file counted in its own rows.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from typing import Any

import duckdb

from kalends.base.reading import Payload
from kalends.base.reading.errors import EmptyPayloadError
from kalends.marketing import drift, orders, records, series
from kalends.marketing.drift import Drift, Examined, Sample, Terms
from kalends.marketing.known import KnownRows, NotKnownError
from kalends.marketing.mapping import canonical_source, dialect_of, mapping_of, notation
from kalends.marketing.mapping.cells import install
from kalends.marketing.mapping.checks import CREATE_QUARANTINE, quarantine
from kalends.marketing.mapping.compiler import Compiler, Plan, Settings, holds_events, is_report, recipe_of
from kalends.marketing.mapping.entities import CREATE_NAMED, entity_of, stage_names
from kalends.marketing.mapping.fields import Mapping
from kalends.marketing.mapping.generic import generic_mapping
from kalends.marketing.mapping.notation import OpenDays, WrittenDays
from kalends.marketing.mapping.orders import CREATE_ORDERS, SOURCE, orders_layout, stage_orders
from kalends.marketing.mapping.unpivot import CREATE_SERIES, layout_of, stage_series
from kalends.marketing.parted import PLACE, stage_parts
from kalends.marketing.reading import (
    ROW,
    PatternError,
    Raw,
    RawTable,
    SlowWayError,
    UnseenColumnsError,
    Way,
    as_it_came,
    open_raw,
)
from kalends.marketing.said import Kind

TOTALS = ("spend", "impressions", "clicks", "conversions", "revenue")


@dataclass(frozen=True)
class StageOptions:
    """What the sender told. `columns` corrects guesses (raw name -> record column, 'series:<role>', or None to leave
    out); `conversions` is the order of types of which the first present counts, `conversions_by_account` the same of
    single accounts; `known_columns` are the raw columns of the last batch of this kind, to say what vanished;
    `defaults` (record column -> text) is what rows say that have no value there; `attribution` is the window under
    which the platform was asked to count, beside its account's own setting; with `may_be_empty`, a payload without rows
    is an answer too. `terms`: the contract about the shape of the source's files.
    """

    columns: Dictionary[str, str | None] = field(default_factory=dict)
    conversions: tuple[str, ...] = ()
    conversions_by_account: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)
    decimal_mark: str | None = None
    day_order: str | None = None
    known_columns: frozenset[str] = frozenset()
    terms: Terms | None = None
    defaults: Dictionary[str, str] = field(default_factory=dict)
    attribution: str = ""
    window: str = ""
    """The window asked for whose rows count."""
    may_be_empty: bool = False


@dataclass(frozen=True)
class ControlTotal:
    """Sums of one report, account and span of days, over the staged rows; money as Decimal text, null as None."""

    report: str
    account_id: str
    date_from: date
    date_to: date
    rows: int
    sums: Dictionary[str, object]


@dataclass
class StageReport:
    """What became of every row of a payload, and how it was read."""

    data_source: str
    mapping: str = ""
    format: str = ""
    received: int = 0
    staged: int = 0
    quarantined: int = 0
    duplicates: int = 0
    named: int = 0
    series: int = 0
    orders: int = 0
    parts: int = 0
    """How many tables the view `staged` is made of; inside one, no key comes twice."""
    totals: list[ControlTotal] = field(default_factory=list)
    spans: dict[str, list[tuple[date, date]]] = field(default_factory=dict)
    """The first and last days of what is no report, and has no totals: 'series' and 'orders'."""
    warnings: list[str] = field(default_factory=list)
    guessed: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    new_columns: list[str] = field(default_factory=list)
    vanished_columns: list[str] = field(default_factory=list)
    shapes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Each table's report with its columns and what they hold, where there is a contract."""
    drifts: list[Drift] = field(default_factory=list)
    decimal_mark: str | None = None
    day_order: str | None = None
    open_days: OpenDays | None = None

    def summed(self, report: str) -> dict[str, float]:
        """One report's sums over all accounts and days; a metric without any value is absent."""
        sums: dict[str, float] = {}
        for total in self.totals:
            for metric, value in total.sums.items():
                if total.report == report and value is not None:
                    sums[metric] = sums.get(metric, 0.0) + float(str(value))
        return sums


@dataclass
class _Staging:
    """One call of `stage`."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    options: StageOptions
    report: StageReport
    file_name: str = ""
    facts: str | None = None
    parts: list[str] = field(default_factory=list)

    def run(self, raw: Raw) -> None:
        self.report.format = raw.format
        self.report.warnings.extend(raw.notes)
        for index, table in enumerate(chain(raw.tables, raw.behind)):
            self._stage_table(f"staged_{index}", table)
        self.gather()

    def _stage_table(self, name: str, table: RawTable) -> None:
        mapping = self._mapping(table)
        if mapping is None:
            return
        self.report.mapping, self.report.guessed = mapping.name, self.report.guessed | dict(mapping.guessed)
        if is_report(table, mapping):
            self._stage_facts(name, table, mapping)
            return
        if not table.has_row:
            raise SlowWayError  # a pipe is read once
        entity = entity_of(table, mapping)
        if entity is None:
            self._set_aside(table)
        else:
            named, unnamed = stage_names(self.con, table, mapping, entity)
            self.report.named += named
            self.report.quarantined += unnamed
            self.report.received += named + unnamed

    def _mapping(self, table: RawTable) -> Mapping | None:
        """The platform's mapping; for other files a guessed one, or None where the file was wide and is done."""
        known = mapping_of(self.report.data_source, self.file_name)
        if known is not None and (self._is_platforms(table, known) or not table.is_table):
            return known
        if known is None and self._is_orders(table):
            return None
        wide = layout_of(self.con, table, self.options.columns)
        if wide is not None:
            self.report.mapping, self.report.guessed = "wide@2", wide.guessed
            done = stage_series(self.con, table, wide, self.options.day_order)
            self.report.received += done.received
            self.report.quarantined += done.quarantined
            self.report.staged += done.received - done.quarantined
            self.report.series += done.series
            self._note_days(done.days)
            return None
        guessed = generic_mapping(table.columns, data_source=self.report.data_source, corrections=self.options.columns)
        return guessed if guessed.guessed or known is None else known

    def _is_orders(self, table: RawTable) -> bool:
        """Whether the table holds orders; then they are staged."""
        is_told = self.report.data_source == SOURCE
        columns = orders_layout(table.columns, self.options.columns, is_told=is_told)
        if columns is None:
            return False
        if not table.has_row:
            raise SlowWayError  # amounts are looked at more than once
        done = stage_orders(
            self.con,
            table,
            columns,
            today=self.settings.today,
            decimal_mark=self.options.decimal_mark,
            day_order=self.options.day_order,
        )
        self.report.mapping = "orders@1"
        self.report.guessed |= {column: f"order:{field}" for field, column in columns.items()}
        self.report.decimal_mark = done.decimal_mark
        self._note_days(done.days)
        self.report.received += done.received
        self.report.quarantined += done.quarantined
        self.report.duplicates += done.repeated
        self.report.staged += done.orders
        self.report.orders += done.orders
        return True

    def _is_platforms(self, table: RawTable, known: Mapping) -> bool:
        is_known = is_report(table, known) or entity_of(table, known) is not None or holds_events(table, known)
        return is_known and not self.options.columns

    def _stage_facts(self, name: str, table: RawTable, mapping: Mapping) -> None:
        examined = self._examined(table, mapping)
        table, stopped = self._held_to_contract(name, table, examined)
        settings = replace(self._settled(table, mapping), stopped=stopped)
        if not table.has_row:
            settings = replace(settings, recipe=recipe_of(table, mapping, settings))
        plan = Compiler(table, mapping, settings).plan()
        self.report.warnings += plan.warnings
        known = KnownRows(self.con, None if table.has_row else self.facts, settings.currency)
        if table.has_row:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {plan.select}")
        elif examined is None:
            stage_parts(self.con, name, table, plan, known)
        else:
            sample = Sample(table)
            stage_parts(self.con, name, replace(table, advance=sample.advance), plan, known)
            examined = self._examined_again(table, mapping, examined, sample)
        self._note_shape(examined)
        self._note_drift(table, plan)
        self._divide(name, table, plan, known)

    def _examined(self, table: RawTable, mapping: Mapping, sample: Sample | None = None) -> Examined | None:
        """The table held against the contract, where there is one."""
        terms = self.options.terms
        return None if terms is None else drift.examine(self.con, table, mapping, terms, sample)

    def _examined_again(self, table: RawTable, mapping: Mapping, first: Examined, sample: Sample) -> Examined | None:
        """What all parts show of a table, where its first rows showed `first`."""
        examined = self._examined(table, mapping, sample)
        if examined is not None and (examined.stopped != first.stopped or (examined.drift and self._sets_aside())):
            raise SlowWayError
        return examined

    def _sets_aside(self) -> bool:
        return self.options.terms is not None and self.options.terms.mode == "quarantine"

    def _held_to_contract(
        self, name: str, table: RawTable, examined: Examined | None
    ) -> tuple[RawTable, frozenset[str]]:
        """What may be read of the table, and the columns that may not feed their numbers."""
        if examined is None or examined.drift is None:
            return table, frozenset()
        if not self._sets_aside():
            return table, examined.stopped
        if not table.has_row:
            raise SlowWayError  # rows are told apart one by one
        left, gone = drift.set_aside(self.con, table, examined.drift, name=f"kept_{name}")
        self.report.received += gone
        self.report.quarantined += gone
        return left, frozenset()

    def _note_shape(self, examined: Examined | None) -> None:
        if examined is None:
            return
        self.report.shapes.append((examined.report, examined.shape))
        if examined.drift is not None:
            self.report.drifts.append(examined.drift)
            self.report.warnings += examined.drift.sentences()

    def _settled(self, table: RawTable, mapping: Mapping) -> Settings:
        """The file's notation: told, else shown by the file. NDJSON read in place is plain, or comes here again."""
        if not table.has_row:
            self.report.decimal_mark, self.report.day_order = self.options.decimal_mark, self.options.day_order
            return replace(self.settings, decimal_mark=self.options.decimal_mark)
        mark = self.options.decimal_mark or notation.decimal_mark(self.con, table, mapping)
        written = notation.written_columns(self.con, table, mapping, mark)
        dates = [column for column in notation.date_columns(table, mapping) if column in written]
        days = notation.written_days(self.con, table, dates, told=self.options.day_order)
        self.report.decimal_mark = mark
        self._note_days(days)
        return replace(self.settings, decimal_mark=mark, day_orders=days.orders, written=written)

    def _note_days(self, days: WrittenDays) -> None:
        """Say how days are written, and which of them nobody can tell."""
        self.report.day_order = days.order
        self.report.open_days = days.open_days or self.report.open_days
        self.report.warnings += days.sentences()

    def _divide(self, name: str, table: RawTable, plan: Plan, known: KnownRows) -> None:
        """Good rows stay; broken ones and keys that come twice with different values go to quarantine."""
        row = "source_row" if table.has_row else PLACE
        constants = "".join(f", {sql} AS {column}" for column, sql in plan.constants.items())
        rows = f"SELECT * EXCLUDE (problems, source_row){constants}, {row} AS source_row FROM {name}"
        self.report.received += _count(self.con, name) + known.skipped
        raw = table.relation if table.has_row else "raw_broken"
        self.report.quarantined += quarantine(self.con, table=name, row=row, rules=plan.rules, raw=raw)
        if known.skipped:
            rows = f"{rows} UNION ALL BY NAME {known.end(name, constants=plan.constants)}"
        self.parts.append(rows)
        self._separate_keys(name, rows)

    def _separate_keys(self, name: str, rows: str) -> None:
        """The same row twice counts once. Which of two different rows of one key is right, nobody can tell here."""
        twice = (
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT key_hash, min(row_hash) <> max(row_hash) AS differs, "
                f"min(rowid) AS kept, count(*) AS rows FROM {name} GROUP BY key_hash HAVING count(*) > 1"
            )
            .execute("SELECT count(*) FROM repeated")
            .fetchone()
        )
        if not twice or not twice[0]:
            return
        spoken = self.con.execute(
            f"INSERT INTO quarantined SELECT source_row, NULL, 'repeated_key', 'Repeated key: another row has the same "
            "report, ids, breakdowns and dates and other values; send one of them, or the column that tells them "
            f"apart.', CAST(to_json({{'report': report, 'campaign_id': campaign_id, 'ad_id': ad_id, 'breakdowns': "
            f"breakdowns, 'date_from': date_from, 'spend': spend, 'clicks': clicks}}) AS VARCHAR) FROM ({rows}) "
            "WHERE key_hash IN (SELECT key_hash FROM repeated WHERE differs)"
        ).fetchone()
        self.report.quarantined += int(spoken[0]) if spoken else 0
        gone = self.con.execute(
            f"DELETE FROM {name} WHERE key_hash IN (SELECT key_hash FROM repeated WHERE NOT differs) "
            "AND rowid NOT IN (SELECT kept FROM repeated)"
        ).fetchone()
        self.report.duplicates += int(gone[0]) if gone else 0
        self.con.execute(f"DELETE FROM {name} WHERE key_hash IN (SELECT key_hash FROM repeated WHERE differs)")

    def _set_aside(self, table: RawTable) -> None:
        """Rows that are neither a report nor names: kept visible, so that nothing received is lost silently."""
        self.con.execute(
            f"INSERT INTO quarantined SELECT {ROW}, NULL, 'not_a_report', "
            "'Not a report: the row has no metric that is known for this source; choose the columns by hand.', "
            f"{as_it_came('t')} FROM (SELECT * FROM {table.relation}) AS t"
        )
        count = _count(self.con, table.relation)
        self.report.received += count
        self.report.quarantined += count

    def _note_drift(self, table: RawTable, plan: Plan) -> None:
        self.report.columns |= plan.used
        known = self.options.known_columns
        self.report.new_columns += plan.leftover if not known else [c for c in plan.leftover if c not in known]
        self.report.vanished_columns += sorted(known - set(table.columns))

    def _separate_words(self, table: str, kind: Kind) -> int:
        """Of words besides facts, too, the same twice counts once, and which of two different ones about one key is
        right, nobody can tell here: the rows that they came in are set aside; gives how many.
        """
        if not _count(self.con, table):
            return 0
        key, own = ", ".join(kind.key), ", ".join((*kind.key, *kind.said))
        word = f"CASE WHEN coalesce({', '.join(f'CAST({one} AS VARCHAR)' for one in kind.said)}) IS NOT NULL "
        word += f"THEN hash({', '.join(kind.said)}) END"
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE unsure AS SELECT DISTINCT source_row FROM (SELECT source_row, "
            f"min({word}) OVER about <> max({word}) OVER about AS differs FROM {table} "
            f"WINDOW about AS (PARTITION BY {key})) WHERE differs"
        )
        shown = ", ".join(f"'{column}': {column}" for column in (*kind.key, *kind.said))
        self.con.execute(
            "INSERT INTO quarantined SELECT source_row, NULL, 'repeated_key', "
            "'Repeated key: another row says something "
            f"else of the same; send one of them.', min(CAST(to_json({{{shown}}}) AS VARCHAR)) FROM {table} "
            "WHERE source_row IN (SELECT source_row FROM unsure) GROUP BY source_row"
        )
        self.con.execute(f"DELETE FROM {table} WHERE source_row IN (SELECT source_row FROM unsure)")
        self.con.execute(f"DELETE FROM {table} WHERE rowid NOT IN (SELECT min(rowid) FROM {table} GROUP BY {own})")
        unsure = _count(self.con, "unsure")
        self.report.quarantined += unsure
        return unsure

    def gather(self) -> None:
        """The view `staged` over all parts, one row per key over the streams too, and its control totals."""
        self.report.staged -= self._separate_words("series_staged", series.KIND)
        self.report.staged -= self._separate_words("orders_staged", orders.KIND)
        self.report.series, self.report.orders = (_count(self.con, one) for one in ("series_staged", "orders_staged"))
        self.report.parts = len(self.parts)
        source = " UNION ALL BY NAME ".join(self.parts) or f"SELECT {_nothing()}"
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT {', '.join(records.STAGED)} FROM ({source})")
        for kind, days in (("series", "date_from, date_to"), ("orders", "date, date")):
            if found := self.con.execute(f"SELECT DISTINCT {days} FROM {kind}_staged ORDER BY ALL").fetchall():
                self.report.spans[kind] = found
        if not self.parts:
            return
        self.report.staged += _count(self.con, "staged")
        sums = ", ".join(f"sum({metric})" for metric in TOTALS)
        rows = self.con.execute(
            f"SELECT report, account_id, date_from, date_to, count(*), {sums} FROM staged "
            "GROUP BY ALL ORDER BY report, account_id, date_from, date_to"
        ).fetchall()
        self.report.totals = [_control_total(row) for row in rows]


def stage(
    con: duckdb.DuckDBPyConnection,
    payload: Payload,
    *,
    data_source: str,
    now: datetime,
    file_name: str = "",
    date_range: tuple[date, date] | None = None,
    options: StageOptions | None = None,
    facts: str | None = None,
    currency: str = "",
) -> StageReport:
    """Stage one payload; see the module for the tables that it fills.

    `payload` is a local path, or a function that opens the same bytes from the start. `date_range` (first and last
    day) is given to rows that carry no date. `now` is the UTC instant that decides which dates lie in the future.
    `facts`: the table of what is so now, if this payload speaks later than all that made it; of rows that say the same
    only `known.COLUMNS` are staged then. `currency`: what amounts are taken to be in that name none, by whoever takes
    the staged rows over: the same row in another currency is no known row.
    Raises the errors of `kalends.marketing.reading` for a payload that cannot be read at all.
    """
    told = options or StageOptions()
    settings = Settings(
        today=now.date(),
        date_range=date_range,
        conversions=told.conversions,
        conversions_by_account=told.conversions_by_account,
        holds_values="action_values" in file_name.lower(),
        defaults=told.defaults,
        attribution=told.attribution,
        is_counting=bool(told.attribution) and told.attribution == told.window,
        currency=currency,
    )
    dialect, way, columns = dialect_of(data_source, file_name), Way.PATTERN, frozenset[str]()
    while True:
        staging = _Staging(
            con, settings, told, StageReport(data_source=canonical_source(data_source)), file_name, facts
        )
        _prepare(con)
        try:
            with open_raw(con, payload, way=way, columns=columns, dialect=dialect) as raw:
                staging.run(raw)
        except EmptyPayloadError:
            if not told.may_be_empty:
                raise
            staging.gather()
            return staging.report
        except PatternError:
            way = Way.KEYS
        except NotKnownError:
            facts = None
        except SlowWayError:
            way = Way.ROWS
        except UnseenColumnsError as error:
            if error.columns == columns:
                way = Way.ROWS  # names that tell no ways into the rows' objects: 'a.b' beside {'a': {'b': ...}}
            columns = error.columns
        else:
            return staging.report


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    install(con)
    for statement in (CREATE_QUARANTINE, CREATE_NAMED, CREATE_SERIES, CREATE_ORDERS):
        con.execute(statement)


def _control_total(row: tuple[Any, ...]) -> ControlTotal:
    report, account_id, date_from, date_to, rows, *sums = row
    return ControlTotal(report, account_id, date_from, date_to, rows, dict(zip(TOTALS, sums, strict=True)))


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    found = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(found[0]) if found else 0


def _nothing() -> str:
    """No rows of the staged shape."""
    types = {"DECIMAL": "DECIMAL(18,6)", "DATE": "DATE"}
    cells = []
    for column, kind in records.STAGED_SCHEMA.items():
        sql = "UUID" if kind.is_uuid() else "BIGINT" if kind.is_int64() else "DOUBLE" if kind.is_float64() else (
            types["DECIMAL"] if kind.is_decimal() else types["DATE"] if kind.is_date() else "VARCHAR")  # fmt: skip
        cells.append(f"CAST(NULL AS {sql}) AS {column}")
    return f"{', '.join(cells)} WHERE false"
