"""The question: one frozen value that a page, a client, a notebook and an assistant ask alike.

A query names metrics and dimensions in any known word and holds their canonical names. With the snapshot that it was
answered on it becomes a handle: a short text from which the very same question can be asked again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

import orjson

from kalends.base.countries import code_of
from kalends.base.errors import BadInputError
from kalends.insight import conversiontypes
from kalends.insight.comparisons import Comparison
from kalends.insight.dimensions import Dimension, Kind, dimension
from kalends.insight.metrics import METRICS, Metric, metric
from kalends.insight.periods import Period

Value = str | int | float | bool | date | None
Operator = Literal["in", "not_in", "contains"]

OPERATORS: Final[tuple[Operator, ...]] = ("in", "not_in", "contains")
MOST_VALUES: Final = 1024
"""A longer list of filter values is a join, not a filter."""
SUFFIXES: Final = ("_before", "_difference", "_change")


class BadQueryError(BadInputError):
    """The question cannot be asked like this."""

    code = "bad_query"


class UnknownHandleError(BadInputError):
    """This is no handle of an answer, or a part of it was lost."""

    code = "unknown_handle"


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep rows whose `dimension` is one of `values` ('in'), none of them ('not_in'), or has the text ('contains').

    A country may be given in any notation; of one, 'contains' looks into the code and the English name.
    """

    dimension: str
    values: tuple[Value, ...]
    operator: Operator = "in"

    def __post_init__(self) -> None:
        """Canonical name; at least one value; sorted, so that the same filter is the same question."""
        entry = dimension(self.dimension)
        object.__setattr__(self, "dimension", entry.name)
        if entry.kind is Kind.COUNTRY and self.operator != "contains":
            codes = (isinstance(value, str) and code_of(value) for value in self.values)
            object.__setattr__(self, "values", tuple(c or v for c, v in zip(codes, self.values, strict=True)))
        if not 1 <= len(self.values) <= MOST_VALUES:
            raise BadQueryError(f"A filter needs 1 to {MOST_VALUES} values; {self.dimension} has {len(self.values)}.")
        if self.operator not in OPERATORS:
            raise BadQueryError(f"{self.operator!r} is no way to filter. There are: {', '.join(OPERATORS)}.")
        object.__setattr__(self, "values", tuple(sorted(set(self.values), key=lambda v: (v is not None, str(v)))))

    @property
    def chooses_one(self) -> bool:
        """Whether a single value passes."""
        return self.operator == "in" and len(self.values) == 1

    def keeps(self, value: str) -> bool:
        """Whether a text that is not null passes."""
        if self.operator == "contains":
            return any(str(part).casefold() in value.casefold() for part in self.values)
        return (value in self.values) == (self.operator == "in")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state that an answer was given on; the same snapshot gives the same answer."""

    data_version: int
    calendar_version: int = 0
    today: date = date.min
    rules_version: int = 0
    """Which of the tenant's rules about names and groups counted."""


@dataclass(frozen=True, slots=True)
class Query:
    """`metrics` over `period`, by `dimensions`, for what `filters` keep, compared with `compare_to`.

    `order`: names of dimensions, metrics, or a metric with `_before`, `_difference` or `_change`; a leading '-' turns
    the order round. `calendar` is the id of the calendar whose columns are grouped by. `currency` is what amounts are
    converted into. `as_of` asks for the state of that instant; the service turns it into a `Snapshot`.
    """

    metrics: tuple[str, ...]
    period: Period
    dimensions: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    compare_to: Comparison | None = None
    order: tuple[str, ...] = ()
    limit: int | None = None
    calendar: str | None = None
    currency: str | None = None
    as_of: datetime | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Canonical names; refuse what has no answer."""
        object.__setattr__(self, "metrics", tuple(dict.fromkeys(metric(name).name for name in self.metrics)))
        object.__setattr__(self, "dimensions", tuple(dict.fromkeys(dimension(name).name for name in self.dimensions)))
        if not self.metrics:
            raise BadQueryError("Name at least one metric.")
        _check_types(self)
        if self.limit is not None and self.limit < 1:
            raise BadQueryError(f"The limit must be at least 1, not {self.limit}.")
        _check_order(self)
        if self.calendar is None and any(d.is_calendar for d in self.dimension_entries(filtered=True)):
            raise BadQueryError("A calendar's columns need the calendar: name one.")

    def metric_entries(self) -> tuple[Metric, ...]:
        """The declared metrics asked for."""
        return tuple(metric(name) for name in self.metrics)

    def dimension_entries(self, *, filtered: bool = False) -> tuple[Dimension, ...]:
        """The declared dimensions grouped by; with `filtered`, those filtered by as well."""
        names = (*self.dimensions, *(f.dimension for f in self.filters)) if filtered else self.dimensions
        return tuple(dimension(name) for name in dict.fromkeys(names))

    def needs(self) -> frozenset[str]:
        """What a report must be split by to answer."""
        return frozenset(d.needs for d in self.dimension_entries(filtered=True) if d.needs)


def known_by(metrics: Iterable[str], dimensions: Iterable[Dimension], /) -> tuple[str, ...]:
    """Those of the metrics that can be told by the dimensions: of a type of conversion there is no spend."""
    if not any(entry.kind is Kind.TYPE for entry in dimensions):
        return tuple(metrics)
    return tuple(name for name in metrics if set(metric(name).columns) <= set(conversiontypes.TOLD))


def _check_types(query: Query) -> None:
    known = known_by(query.metrics, query.dimension_entries(filtered=True))
    if known != query.metrics:
        wrong = next(name for name in query.metrics if name not in known)
        told = ", ".join(known_by(METRICS, [dimension("conversion_type")]))
        raise BadQueryError(f"There is no {wrong} of a type of conversion. By conversion_type ask for: {told}.")


def _check_order(query: Query) -> None:
    suffixes = ("", *SUFFIXES) if query.compare_to is not None else ("",)
    known = {*query.dimensions, *(name + suffix for name in query.metrics for suffix in suffixes)}
    for key in query.order:
        if key.removeprefix("-") not in known:
            raise BadQueryError(f"Cannot order by {key!r}. There are: {', '.join(sorted(known))}.", order=key)


def as_dict(query: Query) -> dict[str, Any]:
    """The query as JSON-able values, always in the same order."""
    compared = query.compare_to
    return {
        "metrics": list(query.metrics),
        "dimensions": list(query.dimensions),
        "filters": [[f.dimension, f.operator, [_plain(v) for v in f.values]] for f in query.filters],
        "period": _period_list(query.period),
        "compare_to": compared and [compared.kind, _period_list(compared.period), compared.shift],
        "order": list(query.order),
        "limit": query.limit,
        "calendar": query.calendar,
        "currency": query.currency,
    }


def _plain(value: Value) -> Any:
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _value(plain: Any) -> Value:
    return date.fromisoformat(plain["date"]) if isinstance(plain, dict) else plain


def _period_list(period: Period) -> list[str]:
    return [period.start.isoformat(), period.end.isoformat(), period.label]


def _period(plain: list[str]) -> Period:
    return Period(date.fromisoformat(plain[0]), date.fromisoformat(plain[1]), plain[2])


def from_dict(plain: dict[str, Any], /) -> Query:
    """The query that `as_dict` gave."""
    compared = plain["compare_to"]
    return Query(
        metrics=tuple(plain["metrics"]),
        dimensions=tuple(plain["dimensions"]),
        filters=tuple(Filter(name, tuple(map(_value, values)), op) for name, op, values in plain["filters"]),
        period=_period(plain["period"]),
        compare_to=compared and Comparison(compared[0], _period(compared[1]), compared[2]),
        order=tuple(plain["order"]),
        limit=plain["limit"],
        calendar=plain["calendar"],
        currency=plain["currency"],
    )


def canonical(query: Query, snapshot: Snapshot) -> bytes:
    """The query and what it is answered on, as bytes that are equal exactly where the questions are."""
    state = [snapshot.data_version, snapshot.calendar_version, snapshot.today.isoformat(), snapshot.rules_version]
    return orjson.dumps([as_dict(query), state], option=orjson.OPT_SORT_KEYS)


_DIGEST: Final = 12
"""Hexadecimal digits: enough to notice a handle that was cut or mistyped."""


def handle(query: Query, snapshot: Snapshot) -> str:
    """A text that names this answer for ever: it holds the question, the snapshot and a check of both."""
    told = canonical(query, snapshot)
    packed = base64.urlsafe_b64encode(zlib.compress(told, 9)).decode().rstrip("=")
    return f"q1-{hashlib.sha256(told).hexdigest()[:_DIGEST]}-{packed}"


def from_handle(text: str, /) -> tuple[Query, Snapshot]:
    """The question and the snapshot that `handle` packed. Raises `UnknownHandleError`."""
    kind, _, rest = text.partition("-")
    digest, _, packed = rest.partition("-")
    try:
        unpacker = zlib.decompressobj()
        told = unpacker.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), 1_000_000)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise UnknownHandleError from error
    if kind != "q1" or hashlib.sha256(told).hexdigest()[:_DIGEST] != digest:
        raise UnknownHandleError
    plain, (data_version, calendar_version, today, *rules_version) = orjson.loads(told)
    return from_dict(plain), Snapshot(data_version, calendar_version, date.fromisoformat(today), *rules_version)
