"""Statements that are built once per shape and then only given values.

Building and compiling an Ibis expression costs 12 to 28 ms of pure Python, more than DuckDB needs to answer. So an
expression is built from a shape (everything but the values), compiled with named parameters in the values' places, and
kept for the process's life.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ibis
import sqlglot as sg
from ibis.expr import types as ir
from sqlglot import expressions as sge

Bind = Callable[[str, str], ir.Scalar]
"""Gives the value called by a name, of an Ibis type ('date', 'string' ...): a parameter, or the value itself."""
Build = Callable[[Bind], ir.Table]

_MARK: Final = "kalends_value"
_KEPT: Final = 2000
"""About 2 KB each: shapes are few (pages, saved questions), so that this is never full in practice."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named parameters, and their names."""

    sql: str
    names: tuple[str, ...]


def _marker(kind: str) -> Callable[[str], ir.Scalar]:
    """A function of no engine that stands where a parameter will be."""

    # Not `name`: Ibis makes an attribute of each argument, and its nodes have a name already.
    def value(told: str) -> Any: ...

    marked: Callable[[str], ir.Scalar] = ibis.udf.scalar.builtin(value, name=_MARK, signature=(("string",), kind))
    return marked


_MARKERS: Final[Mapping[str, Callable[[str], ir.Scalar]]] = {
    kind: _marker(kind) for kind in ("date", "string", "int64", "float64", "boolean")
}
_SQL_TYPES: Final[Mapping[str, str]] = {
    "date": "DATE", "string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "boolean": "BOOLEAN",
}  # fmt: skip


def as_parameter(name: str, kind: str, /) -> ir.Scalar:
    """A `Bind` that leaves a parameter."""
    # The kind travels in the name, because the compiled call does not say its type.
    return _MARKERS[kind](f"{name}:{kind}")


def as_value(values: Mapping[str, Any], /) -> Bind:
    """A `Bind` that writes the values in."""
    return lambda name, kind: ibis.literal(values[name], type=kind)


def compiled(expression: ir.Table, /, *, dialect: str) -> Statement:
    """SQL for `expression`, whose markers become `$name` parameters cast to their types."""
    names: dict[str, None] = {}

    def parameter(node: sge.Expression) -> sge.Expression:
        if not (isinstance(node, sge.Anonymous) and str(node.this).lower() == _MARK):
            return node
        name, _, kind = node.expressions[0].this.partition(":")
        names[name] = None
        return sge.Cast(this=sge.Parameter(this=sge.Var(this=name)), to=sge.DataType.build(_SQL_TYPES[kind]))

    tree = sg.parse_one(ibis.to_sql(expression, dialect=dialect), read=dialect)
    return Statement(tree.transform(parameter).sql(dialect=dialect), tuple(names))


class Statements:
    """The compiled statements of this process, the least recently used forgotten."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._compiled: OrderedDict[Hashable, Statement] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, shape: Hashable, build: Build, /, *, dialect: str) -> Statement:
        """The statement of `shape` in an engine's dialect; built by `build` when it was not asked before."""
        key = (dialect, shape)
        with self._lock:
            if key in self._compiled:
                self._compiled.move_to_end(key)
                return self._compiled[key]
        made = compiled(build(as_parameter), dialect=dialect)
        with self._lock:
            self._compiled[key] = made
            while len(self._compiled) > self._kept:
                self._compiled.popitem(last=False)
        return made
