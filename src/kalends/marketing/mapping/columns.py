"""The columns of one raw table while it is compiled: which there are, how each is read, and what it was used for."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from datetime import date

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import DAY_KINDS, NUMBER_TYPES, TEXT_KINDS, date_sql, number_sql, plain_sql
from kalends.marketing.mapping.checks import DATES, Rule, id_rule, number_rules, unread
from kalends.marketing.mapping.fields import Field, Kind, Mapping
from kalends.marketing.reading import RawTable

IDS = ("account_id", "campaign_id", "ad_group_id", "ad_id")


@dataclass(frozen=True)
class Settings:
    """What the file as a whole says: notation, the request's range, today, and what the user told."""

    today: date
    date_range: tuple[date, date] | None = None
    decimal_mark: str | None = None
    day_orders: Dictionary[str, str] = field(default_factory=dict)  # date column -> which number stands first
    conversions: tuple[str, ...] = ()
    conversions_by_account: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)
    written: frozenset[str] = frozenset()  # columns with cells that are not in plain notation
    holds_values: bool = False  # a long table of action values, not of counts
    stopped: frozenset[str] = frozenset()  # columns that hold something else than they did: kept, and read for nothing
    defaults: Dictionary[str, str] = field(default_factory=dict)  # record column -> what rows without a value say
    attribution: str = ""  # the window under which the platform was asked to count, beside its account's own setting
    is_counting: bool = False  # that window counts in place of the account's own setting
    recipe: str = ""  # see `compiler.recipe_of`
    currency: str = ""  # of amounts that name none; they get it later, and only the recipe says it here


@dataclass
class Columns:
    """The table's columns by their names, the typed layer of the select, and the rules that cells may break."""

    table: RawTable
    mapping: Mapping
    settings: Settings
    cells: dict[str, str] = field(default_factory=dict)  # raw column -> r0, r1 ...
    by_name: dict[str, str] = field(default_factory=dict)  # canonical name -> raw column
    typed: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cells = {column: f"r{index}" for index, column in enumerate(self.table.columns)}
        readable = [column for column in self.table.columns if snake(column) not in self.settings.stopped]
        for column in reversed(readable):
            self.by_name[snake(column)] = column
        self.by_name |= {column: column for column in readable}

    def used_for(self, target: str) -> str | None:
        """The first raw column that feeds a target."""
        return next((column for column, fed in self.used.items() if fed == target), None)

    def unreadable(self, target: str) -> list[Rule]:
        """The rules that are broken where a column holds something that cannot be read as this target."""
        feeding = {column for column, fed in self.used.items() if fed == target}
        return [rule for rule in self.rules if rule.code.startswith("unreadable") and rule.column in feeding]

    def present(self, names: tuple[str, ...]) -> list[str]:
        """Raw columns, in the order asked; with and without the platform's prefix a name is the same column."""
        return list(dict.fromkeys(self.by_name[name] for name in names if name in self.by_name))

    def read(self, item: Field) -> list[str]:
        """SQL for each of the field's sources that the table has: numbers and days are typed columns, for rules look at
        them. Texts are read in their places: of several sources, most rows then need the first alone.
        """
        aliases = []
        for column in self.present(item.sources):
            cell, alias = self.cells[column], f"p{len(self.typed)}"
            typed = self._typed(item, column, cell)
            if item.kind in TEXT_KINDS:
                alias = typed
            else:
                self.typed.append(f"{typed} AS {alias}")
            aliases.append(alias)
            self.used.setdefault(column, item.target)
            self._add_rules(item, column, cell, alias)
        return aliases

    def amount(self, sources: tuple[str, ...], kind: Kind) -> str | None:
        """The first of the columns that has a value, as a double; None where the table has none of them."""
        aliases = []
        for column in self.present(sources):
            item, cell, alias = Field("conversion_types", sources, kind), self.cells[column], f"p{len(self.typed)}"
            self.typed.append(f"CAST({self._typed(item, column, cell)} AS DOUBLE) AS {alias}")
            if column not in self.used:
                self._add_rules(item, column, cell, alias)
            self.used.setdefault(column, "conversion_types")
            aliases.append(alias)
        return first_of(aliases) if aliases else None

    def _typed(self, item: Field, column: str, cell: str) -> str:
        """Plain notation where the column is plain: the general reading costs planning time and regular expressions."""
        if item.kind in TEXT_KINDS:
            return TEXT_KINDS[item.kind].format(cell)
        if item.kind in DAY_KINDS:
            return DAY_KINDS[item.kind].format(cell)
        if column not in self.settings.written:
            return plain_sql(cell, item.kind)
        if item.kind == "date":
            return date_sql(cell, self.settings.day_orders.get(column))
        return number_sql(cell, item.kind, self.settings.decimal_mark)

    def _add_rules(self, item: Field, column: str, cell: str, alias: str) -> None:
        is_told = any(rule.column == column and rule.code.startswith("unreadable") for rule in self.rules)
        if (item.kind in DATES or item.kind in NUMBER_TYPES) and not is_told:
            self.rules.append(unread(column, cell, alias, item.kind))
        if item.kind in NUMBER_TYPES:
            self.rules.extend(number_rules(column, alias, item.target, item.kind))
        if item.kind in {"id", "given", "account"} and item.target in IDS:
            self.rules.append(id_rule(column, cell))


def first_of(found: list[str]) -> str:
    """The first of some expressions that has a value.

    By CASE, which DuckDB stops at the first: of coalesce it computes all parts, and a regular expression is nine times
    the work of reading an id.
    """
    *firsts, last = found
    whens = " ".join(f"WHEN {sql} IS NOT NULL THEN {sql}" for sql in firsts)
    return f"CASE {whens} ELSE {last} END" if firsts else last
