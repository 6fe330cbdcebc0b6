"""The shape of a query: everything that its statement is built from, but none of its values.

The builder sees only the shape, so two queries of one shape can share a compiled statement by construction. Lists of
values are padded to a power of two by repeating the last, so that few shapes arise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from kalends.calendar.service import DAY_SCHEMA
from kalends.insight.dimensions import Dimension, Kind, dimension
from kalends.insight.query import BadQueryError, Filter, Query, Snapshot, Value
from kalends.insight.spans import Span
from kalends.marketing.service import Rules

NO_RULES: Final = Rules()
Money = Literal["single", "mixed", "converted"]
Rule = Literal["any", "listed", "pairs", "ranked"]

_PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int64": (int,), "float64": (int, float), "boolean": (bool,), "string": (str,), "date": (date,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilterShape:
    """A filter without its values: how many places they take, and whether null is among them."""

    dimension: str
    operator: str
    places: int
    with_null: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read: from which table, of which reports, and how many spans of days beside the daily rows.

    `rule`: 'any' report; 'listed' (the reports in `places`); 'pairs' (`places` pairs of platform and report);
    'ranked' (per account and day the first of `candidates` that covers).
    """

    table: Literal["daily", "facts"]
    rule: Rule
    places: int = 0
    candidates: tuple[str, ...] = ()
    spans: tuple[int, int] = (0, 0)
    once: bool = False
    """Whether rows may tell one thing under several attribution windows, of which one is taken."""

    renamed: tuple[str, ...] = ()
    """The columns of names in which some row says another name than the one of now."""

    called: tuple[str, ...] = ()
    """The columns of names that rows of their own may say, where facts are read."""

    placed: tuple[str, ...] = ()
    """The levels of words (`entities.PARENTS`) that say what such facts are in."""

    also: tuple[str, ...] = ()
    """Columns that are wanted beside what is measured: which fact it was, of which batch."""


@dataclass(frozen=True, slots=True)
class Shape:
    """All that a statement is built from."""

    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    filters: tuple[FilterShape, ...]
    comparison: Literal["none", "days", "year"]
    order: tuple[str, ...]
    limit: int | None
    money: Money
    sums: Reading
    singles: Reading | None
    rules: Rules = NO_RULES
    """Of the tenant's rules about names and groups those that this query uses."""

    countries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Where the query uses them: the code of each country that there is, and how rows write it."""

    @property
    def overlaps(self) -> bool:
        """Whether groups may tell one thing several times, as types of conversions do that nobody chose from."""
        types = {name for name in self.dimensions if dimension(name).kind is Kind.TYPE}
        return bool(types - {kept.dimension for kept in self.filters if kept.operator == "in"})


def power_of_two(count: int) -> int:
    """The smallest power of two that is at least `count`; 0 for 0."""
    return 1 << (count - 1).bit_length() if count else 0


def kind_of(entry: Dimension) -> str:
    """The Ibis type of a dimension's values."""
    if not entry.is_dated:
        return "string"
    if not entry.is_calendar:
        return "date"
    return str(DAY_SCHEMA[entry.name].copy(nullable=True))


def filter_shape(kept: Filter) -> FilterShape:
    """The filter's shape. Raises `BadQueryError` when a value is of another type than the dimension."""
    kind = kind_of(dimension(kept.dimension))
    given = [value for value in kept.values if value is not None]
    wrong = [value for value in given if not _is_a(value, kind)]
    if wrong:
        raise BadQueryError(f"{kept.dimension} is compared with a {kind}, not with {wrong[0]!r}.")
    with_null = len(given) < len(kept.values)
    if kept.operator == "contains" and (kind != "string" or with_null):
        raise BadQueryError(f"'contains' needs texts; {kept.dimension} is a {kind}.")
    return FilterShape(kept.dimension, kept.operator, power_of_two(len(given)), with_null)


def _is_a(value: Value, kind: str) -> bool:
    """Whether a value is of an Ibis type; to Python a bool is an int as well, to a warehouse it is not."""
    return isinstance(value, _PYTHON_TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")


def padded(prefix: str, values: Sequence[Any], /) -> dict[str, Any]:
    """`values` under the names prefix0, prefix1 ...; the last repeated up to a power of two."""
    return {f"{prefix}{n}": values[min(n, len(values) - 1)] for n in range(power_of_two(len(values)))}


def values_of(query: Query, snapshot: Snapshot) -> dict[str, Any]:
    """The values of a query by the names that the builder gives them."""
    compared = query.compare_to
    values: dict[str, Any] = {
        "start0": query.period.start,
        "end0": query.period.end,
        "calendar": query.calendar,
        "data_version": snapshot.data_version,
        "calendar_version": snapshot.calendar_version,
        "currency": query.currency,
    }
    if compared is not None:
        values |= {"start1": compared.period.start, "end1": compared.period.end, "shift": compared.shift}
    for n, kept in enumerate(query.filters):
        values |= padded(f"filter{n}_", [value for value in kept.values if value is not None])
    return values


def span_values(prefix: str, spans: Sequence[Span], /) -> dict[str, str]:
    """The keys of the counted spans as values."""
    return padded(prefix, [span.key for span in spans])
