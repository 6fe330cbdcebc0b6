# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A mapping and a raw table become ONE select: typed columns, problems, hashes; DuckDB does the rest, vectorised.

Layers, each a subquery that only adds columns: raw cells (r0, r1, ...) -> typed cells (p0, p1, ...) and parsed lists
-> the record's columns -> problems -> hashes. Nothing depends on the order of rows, and leftover columns are taken in
the order of their names, so the same data in another order and notation gives the same hashes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from kalends.base.reading.documents import snake
from kalends.marketing import attribution, records
from kalends.marketing.mapping import actions
from kalends.marketing.mapping.breakdowns import shape_of, told_by_cuts
from kalends.marketing.mapping.checks import Rule, date_rules, problems_sql
from kalends.marketing.mapping.columns import IDS, Columns, Settings, first_of
from kalends.marketing.mapping.conversions import Conversions, has_events
from kalends.marketing.mapping.fields import METRIC_TARGETS, Field, Mapping
from kalends.marketing.mapping.windows import attribution_of
from kalends.marketing.reading import FAULT, ROW, RawTable, literal, quoted

__all__ = ["Compiler", "Plan", "Settings", "holds_events", "is_report"]

SEPARATOR = "chr(31)"  # no id holds it (checks.id_rule), so the parts of a key cannot run together
FEW = 32  # leftover columns up to which one expression each is the faster way
_TYPES = {**dict.fromkeys(records.MONEY, "DECIMAL(18,6)"), **dict.fromkeys(records.COUNTS, "BIGINT"),
          **dict.fromkeys(records.FRACTIONS, "DOUBLE")}  # fmt: skip
_DAYS = dict.fromkeys(("date_from", "date_to"), "DATE")
_LITERAL = re.compile(r"NULL::[\w(),]+|'(?:[^']|'')*'")


@dataclass
class Plan:
    """The select, the rules behind its `problems` bits, and which raw columns it used for what.

    `constants`: record columns that are the same in every row, as SQL. The select leaves them out: half of the record
    is about things that one platform does not have, and storing nothing a million times takes time and memory.
    """

    select: str
    constants: dict[str, str]
    rules: list[Rule]
    used: dict[str, str]
    leftover: list[str]
    nested_bit: int = 0
    warnings: list[str] = field(default_factory=list)


@dataclass
class Compiler:
    """One compilation. The parts of the select are collected on the way."""

    table: RawTable
    mapping: Mapping
    settings: Settings
    targets: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = Columns(self.table, self.mapping, self.settings)
        self.conversions = Conversions(self.columns)

    def plan(self) -> Plan:
        """Compile."""
        self.columns.rules.append(Rule(None, "unreadable_row", "send the row again", f"{FAULT} IS NOT NULL"))
        for item in self.mapping.fields:
            self._add_field(item)
        self.conversions.read()
        record = self._record()
        column, unreadable = self.columns.used_for("date_from"), self.columns.unreadable("date_from")
        self.columns.rules += [*date_rules(column, self.settings.today, unreadable), *self._id_rules()]
        leftover = [column for column in sorted(self.columns.cells) if self._is_leftover(column)]
        record = {column: record.get(column, _null(column)) for column in (*records.KEY, *records.VALUES)}
        record["extra"] = "extra0"
        self.columns.rules.append(Rule(None, "nested", "", self._nested(leftover)))
        constants = {column: sql for column, sql in record.items() if _LITERAL.fullmatch(sql)}
        raw_hash = self._raw_hash(leftover, names_currency="currency" not in constants)
        stored = [column for column in record if column not in constants]
        select = self._select(record, leftover, raw_hash, stored=stored)
        return Plan(
            select,
            constants,
            self.columns.rules,
            self.columns.used,
            leftover,
            1 << (len(self.columns.rules) - 1),
            self.conversions.warnings,
        )

    def _add_field(self, item: Field) -> None:
        aliases = self.columns.read(item)
        if aliases:
            self.targets.setdefault(item.target, []).extend([_sum(item.target, aliases)] if item.is_sum else aliases)

    def _record(self) -> dict[str, str]:
        """Record column -> SQL over the typed layer, all but the hashes and `extra`."""
        record = {target: first_of(found) for target, found in self.targets.items()}
        for target, told in self.settings.defaults.items():
            record[target] = _or_else(record.get(target), literal(told))
        for target in IDS:
            record[target] = _or_else(record.get(target), "''")
        record["attribution"] = _or_else(record.get("attribution") or attribution_of(self.columns), "''")
        if self.settings.attribution:
            record["attribution"] = literal(
                attribution.asked(self.settings.attribution, counts=self.settings.is_counting)
            )
        record["data_source"] = literal(self.mapping.data_source)
        record |= self._dates(record)
        record |= shape_of(self.columns)
        record |= {target: _or_else(record.get(target), told) for target, told in told_by_cuts(self.columns)}
        for target, constant in self.mapping.constants.items():
            record[target] = _or_else(record.get(target), self._channel(record, target, constant))
        return record | self.conversions.record(record)

    def _dates(self, record: dict[str, str]) -> dict[str, str]:
        start, end = (f"DATE '{day}'" for day in self.settings.date_range or ("1970-01-01", "1970-01-01"))
        if not self.settings.date_range:
            start = end = "NULL::DATE"
        own = record.get("date_from", "NULL::DATE")
        until = record.get("date_to", "NULL::DATE")
        return {
            "date_from": f"coalesce({own}, {start})",
            "date_to": f"coalesce({until}, {own}, {end})",
        }

    def _channel(self, record: dict[str, str], target: str, constant: str) -> str:
        known = self.mapping.channel_by_type
        if target != "channel" or not known or "campaign_type" not in record:
            return literal(constant)
        whens = " ".join(f"WHEN {literal(kind)} THEN {literal(channel)}" for kind, channel in known.items())
        return f"CASE {record['campaign_type']} {whens} ELSE {literal(constant)} END"

    def _id_rules(self) -> Iterator[Rule]:
        others = [record for record in ("flow_id", "message_id") if record in self.targets]
        if not self.mapping.guessed and self.mapping.needs_id:
            cells = [self.columns.cells[column] for column in self.columns.present(self.mapping.ids)]
            ids = " AND ".join(
                [
                    *(f"{name} = ''" for name in IDS),
                    *(f"{name} IS NULL" for name in others),
                    *(f"nullif({cell}, '') IS NULL" for cell in cells),
                ]
            )
            yield Rule(None, "missing_id", "give the account's, campaign's or ad's id", f"({ids})")
            return
        # Without an id it would speak of the whole account. JSON's null on a line of its own is read as such a row.
        used = ", ".join(f"nullif({self.columns.cells[column]}, '')" for column in self.columns.used)
        yield Rule(None, "empty_row", "give it values, or leave it out", f"coalesce({used}) IS NULL")

    def _is_leftover(self, column: str) -> bool:
        return column not in self.columns.used and not self.mapping.is_ignored(snake(column))

    def _extra(self, leftover: list[str]) -> str:
        """The leftover cells that have a value, as one JSON object of texts, sorted by name."""
        if not leftover:
            return "NULL::VARCHAR"
        if len(leftover) > FEW:
            return self._extra_of_many(leftover)
        parts = (
            f"{literal(json.dumps(name, ensure_ascii=False) + ':')} || "
            f"CAST(to_json({_shortest(self._kept(column))}) AS VARCHAR)"
            for name, column in self._named(leftover)
        )
        return f"nullif('{{' || concat_ws(',', {', '.join(parts)}) || '}}', '{{}}')"

    def _extra_of_many(self, leftover: list[str]) -> str:
        """The same text by a loop inside the database: a thousand expressions take it seconds to plan."""
        names, cells = zip(
            *((literal(name), self._kept(column)) for name, column in self._named(leftover)), strict=True
        )
        pairs = f"list_zip([{', '.join(names)}], [{', '.join(cells)}])"
        part = f"CAST(to_json(p[1]) AS VARCHAR) || ':' || CAST(to_json({_shortest('p[2]')}) AS VARCHAR)"
        parts = f"list_filter(list_transform({pairs}, lambda p: {part}), lambda t: t IS NOT NULL)"
        return f"nullif('{{' || array_to_string({parts}, ',') || '}}', '{{}}')"

    def _named(self, leftover: list[str]) -> list[tuple[str, str]]:
        """The leftover columns by their names in `extra`, sorted by these: of JSON that is read in place as of what is
        read in Python.
        """
        if self.table.has_row or len({*map(snake, leftover)}) < len(leftover):
            return [(column, column) for column in leftover]
        return sorted((snake(column), column) for column in leftover)

    def _kept(self, column: str) -> str:
        """A leftover cell; of an action list its sorted types and values."""
        cell = self.columns.cells[column]
        if not self.conversions.is_action_list(column):
            return cell
        types = f"list_sort(list_transform({actions.parsed(cell)}, lambda a: a.action_type || '=' || a.value))"
        return f"array_to_string({types}, ';')"

    def _nested(self, leftover: list[str]) -> str:
        """Cells that hold objects, and lists of control characters, have no one notation here; the slow way gives them
        one. Numbers and days need no look: what holds an object there is unreadable.
        """
        if self.table.has_row:
            return "false"
        texts = [column for column, target in self.columns.used.items() if target not in _TYPES | _DAYS]
        asked = [column for column in (*texts, *leftover) if not self.conversions.is_action_list(column)]
        lists = {name for row in self.table.head for name, cell in row.items() if cell and cell.startswith("[")}
        plain = [self.columns.cells[column] for column in asked if snake(column) not in lists]
        tests = [_holds_object(self.columns.cells[column]) for column in asked if snake(column) in lists]
        if plain:  # few of them begin so, and to ask that of all is a third of the work
            begins = " OR ".join(f"ascii({cell}) | 32 = 123" for cell in plain)  # with '[' or '{'
            tests.append(f"CASE WHEN {begins} THEN {' OR '.join(map(_holds_object, plain))} END")
        return f"({' OR '.join(tests)})" if tests else "false"

    def _source(self, leftover: list[str]) -> str:
        """The innermost layer. A loaded table's leftover cells end here, in `extra`: there may be ten thousand."""
        if not self.table.has_row:
            raw = ", ".join(f"{self._read(column)} AS {cell}" for column, cell in self.columns.cells.items())
            cells = f"SELECT {raw}, NULL::VARCHAR AS {FAULT} FROM {self.table.parsed}"
            return f"SELECT *, {self._extra(leftover)} AS extra0 FROM ({cells})"
        used = "".join(f"{quoted(column)} AS {self.columns.cells[column]}, " for column in self.columns.used)
        self.columns.cells |= {column: quoted(column) for column in leftover}  # not carried: read in place
        return f"SELECT {used}{self._extra(leftover)} AS extra0, {ROW}, {FAULT} FROM {self.table.relation}"

    def _read(self, column: str) -> str:
        """A column that is read in place; a parsed list that feeds nothing here is text like every other."""
        is_wanted = column not in self.table.lists or column in self.conversions.action_columns()
        return quoted(column) if is_wanted else f"CAST(to_json({quoted(column)}) AS VARCHAR)"

    def _raw_hash(self, leftover: list[str], *, names_currency: bool) -> str:
        """63 bits over what a row came as, as SQL over the select's last layer; null where the row cannot be known
        again: row by row, nobody asks; and where rows may name a currency, one that does not takes the workspace's own.
        """
        if self.table.has_row:
            return "NULL::BIGINT"
        cells = (self.columns.cells[column] for column in sorted({*self.columns.used, *leftover}))
        made = f"CAST(hash({', '.join([literal(self.settings.recipe), *cells])}) >> 1 AS BIGINT)"
        return f"CASE WHEN NOT ({records.NAMES_NO_CURRENCY}) THEN {made} END" if names_currency else made

    def _select(self, record: dict[str, str], leftover: list[str], raw_hash: str, *, stored: list[str]) -> str:
        source = self._source(leftover)
        source = (
            f"SELECT *{''.join(', ' + typed for typed in self.columns.typed)}{self.conversions.lists()} FROM ({source})"
        )
        for layer in self.conversions.layers():
            source = f"SELECT *, {', '.join(layer)} FROM ({source})"
        mapped = ", ".join(f"{sql} AS {column}" for column, sql in record.items())
        source = f"SELECT *, {mapped} FROM ({source})"
        source = f"SELECT *, {problems_sql(self.columns.rules)} AS problems FROM ({source})"
        row = f", {ROW} AS source_row" if self.table.has_row else ""
        return (
            f"SELECT {', '.join(stored)}, {key_hash_sql()} AS key_hash, {row_hash_sql()} AS row_hash, "
            f"{raw_hash} AS raw_hash, problems{row} FROM ({source})"
        )


def recipe_of(table: RawTable, mapping: Mapping, settings: Settings) -> str:
    """A fingerprint of how the table's rows become facts: two tables of the same recipe make the same fact of the same
    cells. It covers all that the select says but where the rows are, their first ones, by which it is tuned, and today,
    which only tells a day that has not come.
    """
    anywhere = replace(table, relation="rows", parsed="rows", head=())
    select = Compiler(anywhere, mapping, replace(settings, today=date.min, recipe="")).plan().select
    return hashlib.md5(f"{settings.currency} {select}".encode(), usedforsecurity=False).hexdigest()


def key_hash_sql() -> str:
    """128 bits over all key columns, as SQL over a row that has them. No part is ever null."""
    return f"CAST(md5(concat_ws({SEPARATOR}, {', '.join(records.KEY)})) AS UUID)"


def row_hash_sql() -> str:
    """63 bits over all other columns, as SQL: enough to tell two versions of one key apart."""
    return f"CAST(hash({', '.join(records.VALUES)}) >> 1 AS BIGINT)"


def is_report(table: RawTable, mapping: Mapping) -> bool:
    """True where the table's columns hold at least one metric, or action types with values."""
    names = Columns(table, mapping, Settings(today=date.min)).by_name.keys()
    has_metric = any(names & set(item.sources) for item in mapping.fields if item.target in METRIC_TARGETS)
    rule = mapping.actions
    has_actions = rule is not None and (rule.counts in names or {"action_type", "value"} <= names)
    return has_metric or has_actions or (mapping.events is not None and has_events(names, mapping.events))


def holds_events(table: RawTable, mapping: Mapping) -> bool:
    """True for a table of single events or objects of the platform, which is no report."""
    names = {snake(column) for column in table.columns}
    return any(names >= columns for columns in mapping.aside)


def _or_else(sql: str | None, other: str) -> str:
    return other if sql is None else f"coalesce({sql}, {other})"


def _sum(target: str, aliases: list[str]) -> str:
    """The sum of what is there; null where nothing is."""
    return f"CAST(list_sum([{', '.join(aliases)}]) AS {_TYPES[target]})"


def _holds_object(cell: str) -> str:
    escape = literal("\\u")
    inside = f"contains({cell}, '{{') OR contains({cell}, {escape})"
    return f"CASE WHEN starts_with({cell}, '[') THEN {inside} ELSE starts_with({cell}, '{{') END"


def _shortest(cell: str) -> str:
    """A cell in one notation: 5.0 is 5."""
    is_float = f"ends_with({cell}, '.0') AND TRY_CAST({cell} AS DOUBLE) IS NOT NULL"
    return f"CASE WHEN {is_float} THEN left({cell}, -2) ELSE {cell} END"


def _null(column: str) -> str:
    return f"NULL::{_TYPES.get(column, 'VARCHAR')}"
