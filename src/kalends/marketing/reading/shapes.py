# ruff: noqa: S608  # SQL is built of quoted column names
"""The shape of JSON lines that DuckDB reads in place: objects inside of rows become columns with dotted names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import duckdb
import orjson

from kalends.base.reading.documents import snake

MAX_OBJECT_BYTES = 4 << 20  # DuckDB's buffers are twice this: one part keeps two threads busy
LIST_KEYS = ("action_type", "value")
LIST = f"STRUCT({', '.join(f'{key} VARCHAR' for key in LIST_KEYS)})[]"
"""The type of a parsed list of actions."""
MAPS = "MAP(VARCHAR, VARCHAR)[]"
"""The same of one whose entries may have any other keys."""

Leaf = tuple[str, ...]
"""The way to a value that is no object: ('metrics', 'clicks')."""


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name_of(leaf: Leaf) -> str:
    """The column's name: 'metrics.clicks'."""
    return ".".join(leaf)


def are_distinct(leaves: Collection[Leaf]) -> bool:
    """Whether the leaves have names of their own, and no two names of objects differ in case alone."""
    ways = {leaf[:length] for leaf in leaves for length in range(1, len(leaf) + 1)}
    folded = {tuple(map(str.lower, way)) for way in ways}
    names = {name_of(leaf) for leaf in leaves}
    return len(folded) == len(ways) and len(names) == len(leaves) and not ways_to(leaves).intersection(leaves)


def ways_to(leaves: Iterable[Leaf]) -> set[Leaf]:
    """The ways to the objects that the leaves are in."""
    return {leaf[:length] for leaf in leaves for length in range(1, len(leaf))}


@dataclass(frozen=True, slots=True)
class Shape:
    """Where rows hold objects, and the keys that rows usually have, in their order. An object that shows up only in
    later rows is read as text.
    """

    objects: tuple[Leaf, ...]
    usual: Mapping[Leaf, tuple[str, ...]] = field(default_factory=dict)
    """The keys at the top, (), and in each object that is there, of one row."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Shape:
        """The shape of some rows."""
        objects = tuple(sorted({way for row in rows for way in _objects_in(row)}))
        return cls(objects, {way: keys for row in rows[:1] for way, keys in _keys_in(row) if way in {(), *objects}})

    def leaf(self, name: str) -> Leaf:
        """The leaf that a column is named after."""
        inside = max((way for way in self.objects if name.startswith(f"{name_of(way)}.")), key=len, default=())
        return (*inside, name.removeprefix(f"{name_of(inside)}."))

    def leaves(self, con: duckdb.DuckDBPyConnection, path: Path) -> frozenset[Leaf]:
        """All leaves of a file's rows and of the usual row.

        Rows with the usual keys are passed over before their keys are counted, which is most of the work.
        """
        ways = [(), *self.objects]
        keys = ", ".join(f"unnest(k[{place}])" for place in range(1, len(ways) + 1))
        usual = ", ".join(_list(self.usual.get(way)) for way in ways)
        found = con.execute(
            f"SELECT DISTINCT {keys} FROM ({self._keys(path)}) WHERE k IS DISTINCT FROM [{usual}]"
        ).fetchall()
        seen = {(*way, name) for row in found for way, name in zip(ways, row, strict=True) if name is not None}
        seen |= {(*way, name) for way, names in self.usual.items() for name in names}
        return frozenset(seen.difference(self.objects))

    def _keys(self, path: Path) -> str:
        """SQL for each row's keys: k[1] at the top, then those of each object."""
        file, size = literal(str(path)), f"maximum_object_size={MAX_OBJECT_BYTES}"
        if not self.objects:  # a map is read as the line is parsed; what is read as JSON, json_keys parses once more
            read = "columns={row: 'MAP(VARCHAR, VARCHAR)'}, records=false, format='newline_delimited'"
            return f"SELECT [map_keys(row)] AS k FROM read_json({file}, {read}, {size})"
        paths = ", ".join(literal("$" + "".join(f'."{name}"' for name in way)) for way in ((), *self.objects))
        return f"SELECT json_keys(json, [{paths}]) AS k FROM read_ndjson_objects({file}, {size})"


def _objects_in(value: Mapping[str, Any], way: Leaf = ()) -> Iterable[Leaf]:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield (*way, name)
            yield from _objects_in(inner, (*way, name))


def _keys_in(row: Mapping[str, Any], way: Leaf = ()) -> Iterable[tuple[Leaf, tuple[str, ...]]]:
    yield way, tuple(row)
    for name, inner in row.items():
        if isinstance(inner, dict):
            yield from _keys_in(inner, (*way, name))


def listed(leaves: Collection[Leaf], names: Collection[str]) -> frozenset[str]:
    """The columns whose plain names are among `names`."""
    return frozenset(leaf[0] for leaf in leaves if len(leaf) == 1 and snake(leaf[0]) in names)


def relation_of(path: Path, leaves: Collection[Leaf], types: Mapping[str, str], *, mark: str = "") -> str:
    """The rows of a file as an SQL table expression with a column for each leaf; `types` of those that are no text.
    Keys that are no leaf are passed over. `mark`: that of the pattern, where the file begins with one.
    """
    tree: dict[str, Any] = {mark: "VARCHAR"} if mark else {}
    for leaf in leaves:
        inside_of(tree, leaf)[leaf[-1]] = types.get(name_of(leaf), "VARCHAR")
    columns = ", ".join(f"{literal(name)}: {literal(_type(kind))}" for name, kind in tree.items())
    return _cells(leaves, f"{_read(path)}, columns={{{columns}}})", where=f"{quoted(mark)} IS NULL" if mark else "true")


def inside_of(tree: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    """The object in a tree that a leaf is in, made where it is not there."""
    for name in leaf[:-1]:
        tree = tree.setdefault(name, {})
    return tree


@dataclass(frozen=True, slots=True)
class Pattern:
    """All that a row may have, as a row itself: the first line of the file.

    DuckDB then takes names and types from that line, and a query fails at a row that has anything else. Where it is
    told columns, it passes over other keys silently, and to ask every row for its keys first costs as much as to read
    it.
    """

    leaves: frozenset[Leaf]
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that are lists of objects, and the keys of these, whose values are texts."""
    mark: str = field(default_factory=lambda: f"__{token_hex(8)}")
    """A key that no row has but the pattern."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], shape: Shape, *, lists: Collection[str]) -> Pattern:
        """What some rows have. `lists`: plain names of columns that are lists of actions."""
        leaves = frozenset(
            (*way, name)
            for row in rows
            for way, keys in _keys_in(row)
            if way in {(), *shape.objects}
            for name in keys
            if (*way, name) not in shape.objects
        )
        entries: dict[str, dict[str, None]] = {name: {} for name in listed(leaves, lists)}
        for row in rows:
            for name in entries.keys() & row.keys():
                for entry in row[name] if isinstance(row[name], list) else ():
                    entries[name] |= dict.fromkeys(entry) if isinstance(entry, dict) else {}
        return cls(leaves, {name: tuple({**dict.fromkeys(LIST_KEYS), **keys}) for name, keys in entries.items()})

    def line(self) -> bytes:
        """The pattern as a line."""
        tree: dict[str, Any] = {self.mark: "text"}
        for leaf in self.leaves:
            keys = self.lists.get(name_of(leaf))
            value = "text" if keys is None else [dict.fromkeys(keys, "text")]
            inside_of(tree, leaf)[leaf[-1]] = value
        return orjson.dumps(tree, option=orjson.OPT_APPEND_NEWLINE)

    def relation(self, path: Path) -> str:
        """The other rows of the file as an SQL table expression with a column for each leaf."""
        told = "sample_size=1, map_inference_threshold=-1, field_appearance_threshold=0"
        # Keys are looked at only where all columns are read, whatever the query needs: the pattern has a value in each.
        all_read = " OR ".join(
            f"{quoted(name)} IS NULL" for name in sorted({self.mark, *(way[0] for way in self.leaves)})
        )
        return _cells(self.leaves, f"{_read(path)}, {told})", where=all_read)


def _read(path: Path) -> str:
    return f"read_json({literal(str(path))}, format='newline_delimited', maximum_object_size={MAX_OBJECT_BYTES}"


def _cells(leaves: Collection[Leaf], source: str, *, where: str) -> str:
    cells = ", ".join(f"{'.'.join(map(quoted, leaf))} AS {quoted(name_of(leaf))}" for leaf in sorted(leaves))
    return f"(SELECT {cells} FROM {source} AS rows WHERE {where})"


def _type(kind: str | dict[str, Any]) -> str:
    if isinstance(kind, str):
        return kind
    return f"STRUCT({', '.join(f'{quoted(name)} {_type(inner)}' for name, inner in kind.items())})"


def _list(names: Sequence[str] | None) -> str:
    return "NULL" if names is None else f"[{', '.join(map(literal, names))}]::VARCHAR[]"
