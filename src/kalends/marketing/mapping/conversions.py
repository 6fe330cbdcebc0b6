"""What a row says of conversions: all of them by type, and the one number that counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from kalends.base.reading.documents import snake
from kalends.marketing.mapping import actions
from kalends.marketing.mapping.checks import unread
from kalends.marketing.mapping.columns import Columns, first_of
from kalends.marketing.mapping.fields import ActionRule, EventRule, TypedColumn
from kalends.marketing.reading import LIST, literal

_NO_AMOUNT: Final = "NULL::DOUBLE"


@dataclass
class Conversions:
    """One table's conversions: out of lists of actions, columns of one type each, or rows that are events."""

    columns: Columns
    known: list[str] = field(default_factory=list)  # action types that the first rows show
    event: tuple[str, str, str | None] | None = None  # an event's name, how often, what it was worth, as SQL
    pairs: list[tuple[str, str, str]] = field(default_factory=list)  # type of conversion, its count and value as SQL
    warnings: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Add the typed columns that conversions of this table are made of."""
        self._read_types()
        self._read_event()

    def _read_types(self) -> None:
        types = {one.type: one for one in (*self._named_types(), *self.columns.mapping.typed)}
        for _, item in sorted(types.items()):
            count, value = self.columns.amount(item.counts, "number"), self.columns.amount(item.values, item.value_kind)
            if count or value:
                self.pairs.append((item.type, count or _NO_AMOUNT, value or _NO_AMOUNT))

    def _named_types(self) -> Iterator[TypedColumn]:
        """The types that the company named itself."""
        for column in map(snake, self.columns.table.columns):
            if any(fnmatchcase(column, pattern) for pattern in self.columns.mapping.typed_like):
                yield TypedColumn(re.split("[:.]", column)[-1], (column,))

    def _read_event(self) -> None:
        rule = self.columns.mapping.events
        if rule is None or not has_events(self.columns.by_name.keys(), rule):
            return
        names = self.columns.present(rule.name)
        self.columns.used |= dict.fromkeys(names, "conversion_types")
        count, value = self.columns.amount(rule.counts, "number"), self.columns.amount(rule.values, "money")
        self.event = (first_of([f"nullif({self.columns.cells[name]}, '')" for name in names]), count or "1.0", value)

    def record(self, record: dict[str, str]) -> dict[str, str]:
        """The record's columns about conversions, as SQL; `record` is what its other columns are."""
        events, rule = self.columns.mapping.events, self.columns.mapping.actions
        if self.event and events:
            counted = _event_columns(self.event)
            if counts := self._chosen(record, partial(_counted_events, self.event), usual=events.conversions):
                counted["conversions"] = counts
            return {
                name: f"coalesce({record[name]}, {sql})" if name in record else sql for name, sql in counted.items()
            }
        if rule is None:
            return self._by_type() | self._chosen_columns(record)
        if not self.action_columns():
            return self._long_actions()
        return {name: sql for name, sql in self._of_lists(rule, record).items() if name not in record}

    def _chosen(
        self,
        record: dict[str, str],
        count: Callable[[tuple[str, ...]], str],
        *,
        usual: Iterable[str] = (),
        otherwise: str | None = None,
    ) -> str | None:
        """What `count` makes of the types that count: the account's own, else the file's, else the `usual` ones; or
        `otherwise` where there are none of these.
        """
        told = self.columns.settings
        everywhere = told.conversions or tuple(sorted(usual) if isinstance(usual, frozenset) else usual)
        others = count(everywhere) if everywhere else otherwise
        if not told.conversions_by_account:
            return others
        whens = " ".join(
            f"WHEN {literal(account)} THEN {count(types)}" for account, types in told.conversions_by_account.items()
        )
        return f"CASE {record['account_id']} {whens} ELSE {others or 'NULL'} END"

    def _chosen_columns(self, record: dict[str, str]) -> dict[str, str]:
        """The columns that a rule chose as the one number; where it chose none, the platform's own number stays."""
        told = self.columns.settings
        if not self.pairs or not (told.conversions or told.conversions_by_account):
            return {}
        known = {kind: (count, value) for kind, count, value in self.pairs}
        listed = {*told.conversions, *(kind for types in told.conversions_by_account.values() for kind in types)}
        if not listed & known.keys():
            self.warnings.append(
                f"The table has no column of the conversions that count ({', '.join(sorted(listed))}): it says none."
            )

        def amount(place: int, types: tuple[str, ...]) -> str:
            here = [known[kind] for kind in types if kind in known]
            whens = " ".join(f"WHEN {pair[0]} IS NOT NULL THEN {pair[place]}" for pair in here)
            return f"CASE {whens} END" if here else "NULL"

        counts, worths = (
            self._chosen(record, partial(amount, place), otherwise=record.get(target))
            for place, target in enumerate(("conversions", "revenue"))
        )
        found = {"conversions": f"CAST({counts} AS DOUBLE)"}
        if any(known[kind][1] != _NO_AMOUNT for kind in listed & known.keys()):
            found["revenue"] = f"CAST({worths} AS DECIMAL(18,6))"
        return found

    def _by_type(self) -> dict[str, str]:
        """Conversions of types that have columns of their own; the record's own number is none of them."""
        own = {one.type for one in self.columns.mapping.typed if one.is_own}
        told = [pair for pair in self.pairs if pair[0] not in own]
        parts = [actions.part(literal(json.dumps(kind)), count, value) for kind, count, value in told]
        whole = f"nullif('{{' || concat_ws(',', {', '.join(parts)}) || '}}', '{{}}')"
        return {"conversion_types": whole} if parts else {}

    def _of_lists(self, rule: ActionRule, record: dict[str, str]) -> dict[str, str]:
        """Lists of actions: the type that counts, and all of them."""
        counts, values = self._action_column("conversions"), self._action_column("revenue")
        for column, fed in ((counts, "conversions"), (values, "revenue")):
            if column:
                self.columns.used[column] = fed
        lists = [column for column in (counts, values) if column]
        head = self.columns.table.head
        told = (row.get(snake(column), row.get(column)) for row in head for column in lists)
        self.known = actions.sampled_types(told, window=self.columns.settings.attribution)
        found = {"conversion_types": actions.by_type("counts", "worths" if values else None, self.known)}
        if counts:
            found["conversions"] = self._chosen_of("counts", rule, record)
        if values:
            found["revenue"] = f"CAST({self._chosen_of('worths', rule, record)} AS DECIMAL(18,6))"
        return found

    def _chosen_of(self, name: str, rule: ActionRule, record: dict[str, str]) -> str:
        """The amount of the first type that counts and that the list `name` has."""
        chosen = self._chosen(
            record, lambda types: actions.chosen(name, types, self.known), usual=rule.conversions, otherwise="NULL"
        )
        assert chosen is not None
        return chosen

    def _long_actions(self) -> dict[str, str]:
        """One row per action type (Fivetran's `*_actions`): kept by type only, for the types overlap."""
        kind, value = self.columns.by_name.get("action_type"), self.columns.by_name.get("value")
        if kind is None or value is None:
            return {}
        self.columns.used |= {kind: "conversion_types", value: "conversion_types"}
        cell = self.columns.cells[value]
        number = f"CAST(TRY_CAST({cell} AS DOUBLE) AS VARCHAR)"
        pair = f"'[null,' || {number} || ']'" if self.columns.settings.holds_values else f"'[' || {number} || ',null]'"
        name = f"CAST(to_json({self.columns.cells[kind]}) AS VARCHAR)"
        self.columns.rules.append(unread(value, cell, f"TRY_CAST({cell} AS DOUBLE)", "number"))
        return {"conversion_types": f"'{{' || {name} || ':' || {pair} || '}}'"}

    def is_action_list(self, column: str) -> bool:
        """Whether the column is a list of actions that no one number is made of."""
        names = ("_actions", "outbound_clicks", "conversions", "conversion_values")
        return self.columns.mapping.actions is not None and snake(column).endswith(names)

    def lists(self) -> str:
        """The parsed lists of actions, as further columns of a select."""
        lists = ""
        for name, fed in (("counts", "conversions"), ("worths", "revenue")):
            column = self._action_column(fed)
            if column:
                lists += f", {self._parsed(column)} AS {name}"
        if lists and " AS counts" not in lists:
            lists += f", NULL::{LIST} AS counts"
        return lists

    def _parsed(self, column: str) -> str:
        cell, window = self.columns.cells[column], self.columns.settings.attribution
        if self.columns.table.has_row:
            return actions.parsed(cell, window=window)
        keys = self.columns.table.lists[column]
        return actions.of_structs(cell, keys, window=window) if keys else actions.of_maps(cell, window=window)

    def layers(self) -> list[list[str]]:
        """Columns to add over the parsed lists, layer by layer."""
        lists = self.lists()
        names = [name for name in ("counts", "worths") if f" AS {name}" in lists]
        return [layer for layer in actions.layers(names, self.known) if layer] if names else []

    def action_columns(self) -> list[str]:
        """The raw columns that hold lists of actions."""
        return [column for fed in ("conversions", "revenue") if (column := self._action_column(fed))]

    def _action_column(self, fed: str) -> str | None:
        rule = self.columns.mapping.actions
        name = rule and (rule.counts if fed == "conversions" else rule.values)
        return self.columns.by_name.get(name) if name else None


def has_events(columns: Collection[str], rule: EventRule) -> bool:
    """Whether a table of these columns has a single event per row."""
    return any(shape <= set(columns) for shape in rule.shapes)


def _event_columns(event: tuple[str, str, str | None]) -> dict[str, str]:
    """What a row that is an event says of conversions by type."""
    name, count, value = event
    kind, worth = f"CAST(to_json({name}) AS VARCHAR)", value or _NO_AMOUNT
    found = {
        "conversion_types": f"CASE WHEN {name} IS NOT NULL THEN '{{' || {actions.part(kind, count, worth)} || '}}' END"
    }
    if value:
        found["revenue"] = f"CAST({value} AS DECIMAL(18,6))"
    return found


def _counted_events(event: tuple[str, str, str | None], conversions: Iterable[str]) -> str:
    """How often the row's event happened, where it is one of those that count."""
    name, count, _ = event
    listed = ", ".join(literal(one.lower()) for one in sorted(conversions))
    return f"CASE WHEN lower({name}) IN ({listed}) THEN CAST({count} AS DOUBLE) END"
