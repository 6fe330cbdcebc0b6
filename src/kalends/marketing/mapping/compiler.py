# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions; values are bound or escaped
"""A mapping and a raw table become ONE select: typed columns, problems, hashes; DuckDB does the rest, vectorised.

Layers, each a subquery that only adds columns: raw cells (r0, r1, ...) -> typed cells (p0, p1, ...) and parsed lists
-> the record's columns -> problems -> hashes. Nothing depends on the order of rows, and leftover columns are taken in
the order of their names, so the same data in another order and notation gives the same hashes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from datetime import date

from kalends.base.reading.documents import snake
from kalends.marketing import records
from kalends.marketing.mapping import actions
from kalends.marketing.mapping.cells import DAY_KINDS, NUMBER_TYPES, TEXT_KINDS, date_sql, number_sql, plain_sql
from kalends.marketing.mapping.checks import DATES, Rule, date_rules, id_rule, number_rules, problems_sql, unread
from kalends.marketing.mapping.fields import METRIC_TARGETS, EventRule, Field, Kind, Mapping
from kalends.marketing.reading import FAULT, ROW, RawTable, literal, quoted

SEPARATOR = "chr(31)"  # no id holds it (checks.id_rule), so the parts of a key cannot run together
FEW = 32  # leftover columns up to which one expression each is the faster way
_TYPES = {**dict.fromkeys(records.MONEY, "DECIMAL(18,6)"), **dict.fromkeys(records.COUNTS, "BIGINT"),
          **dict.fromkeys(records.FRACTIONS, "DOUBLE")}  # fmt: skip
_LITERAL = re.compile(r"NULL::[\w(),]+|'(?:[^']|'')*'")
_HOUR = r"^\d{4}-\d{2}-\d{2}[T |](\d{2})"
_IDS = ("account_id", "campaign_id", "ad_group_id", "ad_id")


@dataclass(frozen=True)
class Settings:
    """What the file as a whole says: notation, the request's range, today, and what the user told."""

    today: date
    date_range: tuple[date, date] | None = None
    decimal_mark: str | None = None
    day_order: str | None = None
    conversions: tuple[str, ...] = ()
    written: frozenset[str] = frozenset()  # columns with cells that are not in plain notation
    holds_values: bool = False  # a long table of action values, not of counts
    stopped: frozenset[str] = frozenset()  # columns that hold something else than they did: kept, and read for nothing
    defaults: Dictionary[str, str] = field(default_factory=dict)  # record column -> what rows without a value say


@dataclass(frozen=True)
class _Cut:
    """A breakdown as SQL: its name, its key in the JSON object, whether a row has it, and its value."""

    name: str
    key: str
    there: str
    text: str


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


@dataclass
class Compiler:
    """One compilation. The parts of the select are collected on the way."""

    table: RawTable
    mapping: Mapping
    settings: Settings
    cells: dict[str, str] = field(default_factory=dict)  # raw column -> r0, r1 ...
    by_name: dict[str, str] = field(default_factory=dict)  # canonical name -> raw column
    typed: list[str] = field(default_factory=list)
    targets: dict[str, list[str]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)  # action types that the first rows show
    event: tuple[str, str, str | None] | None = None  # an event's name, how often, what it was worth, as SQL
    pairs: list[tuple[str, str, str]] = field(default_factory=list)  # type of conversion, its count and value as SQL

    def __post_init__(self) -> None:
        self.cells = {column: f"r{index}" for index, column in enumerate(self.table.columns)}
        readable = [column for column in self.table.columns if snake(column) not in self.settings.stopped]
        for column in reversed(readable):
            self.by_name[snake(column)] = column
        self.by_name |= {column: column for column in readable}

    def plan(self) -> Plan:
        """Compile."""
        self.rules.append(Rule(None, "unreadable_row", "send the row again", f"{FAULT} IS NOT NULL"))
        for item in self.mapping.fields:
            self._add_field(item)
        self._add_pairs()
        self._add_event()
        record = self._record()
        self.rules += [*date_rules(self.used_for("date_from"), self.settings.today), *self._id_rules()]
        leftover = [column for column in sorted(self.cells) if self._is_leftover(column)]
        record = {column: record.get(column, _null(column)) for column in (*records.KEY, *records.VALUES)}
        record["extra"] = "extra0"
        self.rules.append(Rule(None, "nested", "", self._nested(leftover)))
        constants = {column: sql for column, sql in record.items() if _LITERAL.fullmatch(sql)}
        select = self._select(record, leftover, stored=[column for column in record if column not in constants])
        return Plan(select, constants, self.rules, self.used, leftover, 1 << (len(self.rules) - 1))

    def used_for(self, target: str) -> str | None:
        """The first raw column that feeds a target."""
        return next((column for column, fed in self.used.items() if fed == target), None)

    def _present(self, names: tuple[str, ...]) -> list[str]:
        """Raw columns, in the order asked; with and without the platform's prefix a name is the same column."""
        return list(dict.fromkeys(self.by_name[name] for name in names if name in self.by_name))

    def _add_field(self, item: Field) -> None:
        aliases = []
        for column in self._present(item.sources):
            cell, alias = self.cells[column], f"p{len(self.typed)}"
            self.typed.append(f"{self._typed(item, column, cell)} AS {alias}")
            aliases.append(alias)
            self.used.setdefault(column, item.target)
            self._add_rules(item, column, cell, alias)
        if aliases:
            self.targets.setdefault(item.target, []).extend([_sum(item.target, aliases)] if item.is_sum else aliases)

    def _add_pairs(self) -> None:
        for item in sorted(self.mapping.typed, key=lambda one: one.type):
            count, value = self._amount(item.counts, "number"), self._amount(item.values, item.value_kind)
            if count or value:
                self.pairs.append((item.type, count or "NULL::DOUBLE", value or "NULL::DOUBLE"))

    def _add_event(self) -> None:
        rule = self.mapping.events
        if rule is None or not _has_events(self.by_name.keys(), rule):
            return
        names = self._present(rule.name)
        self.used |= dict.fromkeys(names, "conversion_types")
        count, value = self._amount(rule.counts, "number"), self._amount(rule.values, "money")
        self.event = (_first([f"nullif({self.cells[name]}, '')" for name in names]), count or "1.0", value)

    def _amount(self, sources: tuple[str, ...], kind: Kind) -> str | None:
        """The first of the columns that has a value, as a double; None where the table has none of them."""
        aliases = []
        for column in self._present(sources):
            item, cell, alias = Field("conversion_types", sources, kind), self.cells[column], f"p{len(self.typed)}"
            self.typed.append(f"CAST({self._typed(item, column, cell)} AS DOUBLE) AS {alias}")
            if column not in self.used:
                self._add_rules(item, column, cell, alias)
            self.used.setdefault(column, "conversion_types")
            aliases.append(alias)
        return _first(aliases) if aliases else None

    def _typed(self, item: Field, column: str, cell: str) -> str:
        """Plain notation where the column is plain: the general reading costs planning time and regular expressions."""
        if item.kind in TEXT_KINDS:
            return TEXT_KINDS[item.kind].format(cell)
        if item.kind in DAY_KINDS:
            return DAY_KINDS[item.kind].format(cell)
        if column not in self.settings.written:
            return plain_sql(cell, item.kind)
        if item.kind == "date":
            return date_sql(cell, self.settings.day_order)
        return number_sql(cell, item.kind, self.settings.decimal_mark)

    def _add_rules(self, item: Field, column: str, cell: str, alias: str) -> None:
        is_told = any(rule.column == column and rule.code.startswith("unreadable") for rule in self.rules)
        if (item.kind in DATES or item.kind in NUMBER_TYPES) and not is_told:
            self.rules.append(unread(column, cell, alias, item.kind))
        if item.kind in NUMBER_TYPES:
            self.rules.extend(number_rules(column, alias, item.target, item.kind))
        if item.kind in {"id", "account"} and item.target in _IDS:
            self.rules.append(id_rule(column, cell))

    def _record(self) -> dict[str, str]:
        """Record column -> SQL over the typed layer, all but the hashes and `extra`."""
        record = {target: _first(found) for target, found in self.targets.items()}
        for target, told in self.settings.defaults.items():
            record[target] = _or_else(record.get(target), literal(told))
        for target in _IDS:
            record[target] = _or_else(record.get(target), "''")
        record["attribution"] = _or_else(record.get("attribution"), "''")
        record["data_source"] = literal(self.mapping.data_source)
        record |= self._dates(record)
        record |= self._shape()
        for target, constant in self.mapping.constants.items():
            record[target] = _or_else(record.get(target), self._channel(record, target, constant))
        return record | self._conversions(record)

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

    def _shape(self) -> dict[str, str]:
        """`report` and `breakdowns`: per row where fields may be absent, the same for all rows of a table."""
        cuts = dict(sorted((name, column) for column in self.cells if (name := self._breakdown(column))))
        for column in cuts.values():
            self.used.setdefault(column, "breakdowns")
        parts = [
            (name, self._is_there(column), f"coalesce({self._told_apart(column)}, '')") for name, column in cuts.items()
        ]
        if self.table.stream not in self.mapping.streams | {""}:
            parts.append(("stream", "true", literal(self.table.stream)))
        parts += self._hours()
        known = [
            _Cut(literal(name), literal(json.dumps(name) + ":"), there, text) for name, there, text in sorted(parts)
        ]
        found = [*known, *self._named_cuts()]
        return {"report": self._report(found), "breakdowns": self._breakdowns(found)}

    def _hours(self) -> list[tuple[str, str, str]]:
        """The hour that a moment says, with its offset: when clocks go back, an hour comes twice."""
        for column in self._present(self.mapping.hours)[:1]:
            cell = self.cells[column]
            hour = f"regexp_extract({cell}, '{_HOUR}', 1)"
            offset = rf"regexp_extract({cell}, ':\d{{2}}[.\d]*([+-]\d{{2}}:?\d{{2}})$', 1)"
            return [("hour", f"{hour} <> ''", f"{hour} || {offset}")]
        return []

    def _named_cuts(self) -> Iterator[_Cut]:
        for name, value in self.mapping.named_cuts:
            if name in self.by_name and value in self.by_name:
                named, valued = self.by_name[name], self.by_name[value]
                self.used |= {named: "breakdowns", valued: "breakdowns"}
                lower, there = f"lower({self.cells[named]})", f"nullif({self.cells[named]}, '') IS NOT NULL"
                key = f"CAST(to_json({lower}) AS VARCHAR) || ':'"
                yield _Cut(lower, key, there, f"coalesce({self.cells[valued]}, '')")

    def _breakdown(self, column: str) -> str | None:
        name = self.mapping.breakdown_of(snake(column)) or self.mapping.breakdown_of(column)
        return name if name and not self.mapping.is_ignored(snake(column)) else None

    def _told_apart(self, column: str) -> str:
        """A breakdown's cell in the one notation that its kind has."""
        kind = self.mapping.breakdown_kinds.get(snake(column), "text")
        return self.cells[column] if kind == "text" else TEXT_KINDS[kind].format(self.cells[column])

    def _is_there(self, column: str) -> str:
        return "true" if self.table.is_table else f"{self.cells[column]} IS NOT NULL"

    def _report(self, cuts: list[_Cut]) -> str:
        levels = [(level, self._present(columns)) for level, columns in self.mapping.levels]
        for column in (column for _, columns in levels for column in columns):
            self.used.setdefault(column, "report")
        tests = [
            (level, " OR ".join(f"nullif({self.cells[column]}, '') IS NOT NULL" for column in columns))
            for level, columns in levels
            if columns
        ]
        whens = " ".join(f"WHEN {test} THEN {literal(level)}" for level, test in tests)
        level = f"CASE {whens} ELSE 'account' END" if tests else "'account'"
        if not cuts:
            return level
        names = ", ".join(_when(cut.there, cut.name) for cut in cuts)
        return f"concat_ws('/', {level}, nullif(concat_ws('+', {names}), ''))"

    def _breakdowns(self, cuts: list[_Cut]) -> str:
        if not cuts:
            return "'{}'"
        parts = (_when(cut.there, f"{cut.key} || CAST(to_json({cut.text}) AS VARCHAR)") for cut in cuts)
        return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"

    def _conversions(self, record: dict[str, str]) -> dict[str, str]:
        rule = self.mapping.actions
        if self.event and self.mapping.events:
            counted = _event_columns(self.event, self.settings.conversions or self.mapping.events.conversions)
            return {
                name: f"coalesce({record[name]}, {sql})" if name in record else sql for name, sql in counted.items()
            }
        if rule is None:
            parts = [actions.part(literal(json.dumps(kind)), count, value) for kind, count, value in self.pairs]
            return (
                {"conversion_types": f"nullif('{{' || concat_ws(',', {', '.join(parts)}) || '}}', '{{}}')"}
                if parts
                else {}
            )
        counts, values = self.by_name.get(rule.counts), self.by_name.get(rule.values)
        if counts is None and values is None:
            return self._long_actions()
        priority = self.settings.conversions or rule.conversions
        found: dict[str, str] = {}
        for name, column in (("counts", counts), ("worths", values)):
            if column:
                self.used[column] = "conversions" if name == "counts" else "revenue"
        samples = [
            row.get(snake(column), row.get(column)) for row in self.table.head for column in (counts, values) if column
        ]
        self.known = actions.sampled_types(samples)
        if counts:
            found["conversions"] = actions.chosen("counts", priority, self.known)
        if values:
            found["revenue"] = f"CAST({actions.chosen('worths', priority, self.known)} AS DECIMAL(18,6))"
        found["conversion_types"] = actions.by_type("counts", "worths" if values else None, self.known)
        return {name: sql for name, sql in found.items() if name not in record}

    def _long_actions(self) -> dict[str, str]:
        """One row per action type (Fivetran's `*_actions`): kept by type only, for the types overlap."""
        kind, value = self.by_name.get("action_type"), self.by_name.get("value")
        if kind is None or value is None:
            return {}
        self.used |= {kind: "conversion_types", value: "conversion_types"}
        number = f"CAST(TRY_CAST({self.cells[value]} AS DOUBLE) AS VARCHAR)"
        pair = f"'[null,' || {number} || ']'" if self.settings.holds_values else f"'[' || {number} || ',null]'"
        name = f"CAST(to_json({self.cells[kind]}) AS VARCHAR)"
        self.rules.append(unread(value, self.cells[value], f"TRY_CAST({self.cells[value]} AS DOUBLE)", "number"))
        return {"conversion_types": f"'{{' || {name} || ':' || {pair} || '}}'"}

    def _id_rules(self) -> Iterator[Rule]:
        others = [record for record in ("flow_id", "message_id") if record in self.targets]
        if not self.mapping.guessed and self.mapping.needs_id:
            cells = [self.cells[column] for column in self._present(self.mapping.ids)]
            ids = " AND ".join(
                [
                    *(f"{name} = ''" for name in _IDS),
                    *(f"{name} IS NULL" for name in others),
                    *(f"nullif({cell}, '') IS NULL" for cell in cells),
                ]
            )
            yield Rule(None, "missing_id", "give the account's, campaign's or ad's id", f"({ids})")

    def _is_leftover(self, column: str) -> bool:
        return column not in self.used and not self.mapping.is_ignored(snake(column))

    def _extra(self, leftover: list[str]) -> str:
        """The leftover cells that have a value, as one JSON object of texts, sorted by name."""
        if not leftover:
            return "NULL::VARCHAR"
        if len(leftover) > FEW:
            return self._extra_of_many(leftover)
        parts = (
            f"{literal(json.dumps(column, ensure_ascii=False) + ':')} || "
            f"CAST(to_json({_shortest(self._kept(column))}) AS VARCHAR)"
            for column in leftover
        )
        return f"nullif('{{' || concat_ws(',', {', '.join(parts)}) || '}}', '{{}}')"

    def _extra_of_many(self, leftover: list[str]) -> str:
        """The same text by a loop inside the database: a thousand expressions take it seconds to plan."""
        pairs = f"list_zip([{', '.join(map(literal, leftover))}], [{', '.join(map(self._kept, leftover))}])"
        part = f"CAST(to_json(p[1]) AS VARCHAR) || ':' || CAST(to_json({_shortest('p[2]')}) AS VARCHAR)"
        parts = f"list_filter(list_transform({pairs}, lambda p: {part}), lambda t: t IS NOT NULL)"
        return f"nullif('{{' || array_to_string({parts}, ',') || '}}', '{{}}')"

    def _kept(self, column: str) -> str:
        """A leftover cell; of an action list its sorted types and values."""
        cell = self.cells[column]
        if not self._is_action_list(column):
            return cell
        types = f"list_sort(list_transform({actions.parsed(cell)}, lambda a: a.action_type || '=' || a.value))"
        return f"array_to_string({types}, ';')"

    def _is_action_list(self, column: str) -> bool:
        names = ("_actions", "outbound_clicks", "conversions", "conversion_values")
        return self.mapping.actions is not None and snake(column).endswith(names)

    def _nested(self, leftover: list[str]) -> str:
        """Cells that hold objects have no one notation here; the slow way gives them one."""
        if self.table.has_row:
            return "false"
        cells = [self.cells[column] for column in leftover if not self._is_action_list(column)]
        tests = (
            f"starts_with({cell}, '{{') OR starts_with({cell}, '[{{') OR starts_with({cell}, '[[')" for cell in cells
        )
        return f"({' OR '.join(tests)})" if cells else "false"

    def _source(self, leftover: list[str]) -> str:
        """The innermost layer. A loaded table's leftover cells end here, in `extra`: there may be ten thousand."""
        if not self.table.has_row:
            raw = ", ".join(f"{quoted(column)} AS {cell}" for column, cell in self.cells.items())
            lists = (column for fed in ("conversions", "revenue") if (column := self._action_column(fed)))
            source = self.table.shaped(dict.fromkeys(lists, actions.LISTS))
            cells = f"SELECT {raw}, NULL::VARCHAR AS {FAULT} FROM {source}"
            return f"SELECT *, {self._extra(leftover)} AS extra0 FROM ({cells})"
        used = "".join(f"{quoted(column)} AS {self.cells[column]}, " for column in self.used)
        self.cells |= {column: quoted(column) for column in leftover}  # not carried: read in place
        return f"SELECT {used}{self._extra(leftover)} AS extra0, {ROW}, {FAULT} FROM {self.table.relation}"

    def _select(self, record: dict[str, str], leftover: list[str], *, stored: list[str]) -> str:
        source = self._source(leftover)
        source = f"SELECT *{''.join(', ' + typed for typed in self.typed)}{self._lists()} FROM ({source})"
        for layer in self._list_layers():
            source = f"SELECT *, {', '.join(layer)} FROM ({source})"
        mapped = ", ".join(f"{sql} AS {column}" for column, sql in record.items())
        source = f"SELECT *, {mapped} FROM ({source})"
        source = f"SELECT *, {problems_sql(self.rules)} AS problems FROM ({source})"
        row = f", {ROW} AS source_row" if self.table.has_row else ""
        return (
            f"SELECT {', '.join(stored)}, {key_hash_sql()} AS key_hash, {row_hash_sql()} AS row_hash, "
            f"problems{row} FROM ({source})"
        )

    def _lists(self) -> str:
        lists = ""
        for name, fed in (("counts", "conversions"), ("worths", "revenue")):
            column = self._action_column(fed)
            if column:
                cell = self.cells[column]
                lists += f", {actions.parsed(cell) if self.table.has_row else cell} AS {name}"
        if lists and " AS counts" not in lists:
            lists += f", NULL::{actions.LISTS} AS counts"
        return lists

    def _list_layers(self) -> list[list[str]]:
        lists = self._lists()
        names = [name for name in ("counts", "worths") if f" AS {name}" in lists]
        return [layer for layer in actions.layers(names, self.known) if layer] if names else []

    def _action_column(self, fed: str) -> str | None:
        rule = self.mapping.actions
        name = rule and (rule.counts if fed == "conversions" else rule.values)
        return self.by_name.get(name) if name else None


def key_hash_sql() -> str:
    """128 bits over all key columns, as SQL over a row that has them. No part is ever null."""
    return f"CAST(md5(concat_ws({SEPARATOR}, {', '.join(records.KEY)})) AS UUID)"


def row_hash_sql() -> str:
    """63 bits over all other columns, as SQL: enough to tell two versions of one key apart."""
    return f"CAST(hash({', '.join(records.VALUES)}) >> 1 AS BIGINT)"


def is_report(table: RawTable, mapping: Mapping) -> bool:
    """True where the table's columns hold at least one metric, or action types with values."""
    compiler = Compiler(table, mapping, Settings(today=date.min))
    has_metric = any(
        compiler.by_name.keys() & set(item.sources) for item in mapping.fields if item.target in METRIC_TARGETS
    )
    rule = mapping.actions
    has_actions = rule is not None and (
        rule.counts in compiler.by_name or {"action_type", "value"} <= compiler.by_name.keys()
    )
    has_events = mapping.events is not None and _has_events(compiler.by_name.keys(), mapping.events)
    return has_metric or has_actions or has_events


def _has_events(columns: Collection[str], rule: EventRule) -> bool:
    return any(shape <= set(columns) for shape in rule.shapes)


def _event_columns(event: tuple[str, str, str | None], conversions: Iterable[str]) -> dict[str, str]:
    """What a row that is an event says of conversions: all of them by type, and those that count."""
    name, count, value = event
    kind, worth = f"CAST(to_json({name}) AS VARCHAR)", value or "NULL::DOUBLE"
    listed = ", ".join(literal(one.lower()) for one in sorted(conversions))
    found = {
        "conversion_types": f"CASE WHEN {name} IS NOT NULL THEN '{{' || {actions.part(kind, count, worth)} || '}}' END"
    }
    if listed:
        found["conversions"] = f"CASE WHEN lower({name}) IN ({listed}) THEN CAST({count} AS DOUBLE) END"
    if value:
        found["revenue"] = f"CAST({value} AS DECIMAL(18,6))"
    return found


def holds_events(table: RawTable, mapping: Mapping) -> bool:
    """True for a table of single events or objects of the platform, which is no report."""
    names = {snake(column) for column in table.columns}
    return any(names >= columns for columns in mapping.aside)


def _or_else(sql: str | None, other: str) -> str:
    return other if sql is None else f"coalesce({sql}, {other})"


def _first(aliases: list[str]) -> str:
    return aliases[0] if len(aliases) == 1 else f"coalesce({', '.join(aliases)})"


def _sum(target: str, aliases: list[str]) -> str:
    """The sum of what is there; null where nothing is."""
    return f"CAST(list_sum([{', '.join(aliases)}]) AS {_TYPES[target]})"


def _shortest(cell: str) -> str:
    """A cell in one notation: 5.0 is 5."""
    is_float = f"ends_with({cell}, '.0') AND TRY_CAST({cell} AS DOUBLE) IS NOT NULL"
    return f"CASE WHEN {is_float} THEN left({cell}, -2) ELSE {cell} END"


def _when(test: str, text: str) -> str:
    return text if test == "true" else f"CASE WHEN {test} THEN {text} END"


def _null(column: str) -> str:
    return f"NULL::{_TYPES.get(column, 'VARCHAR')}"
