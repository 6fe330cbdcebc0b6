"""Adobe Analytics 2.0 reports (/reports): the answer beside its request.

An answer numbers its columns and names no metric, report suite or filter: those are in the request, so an answer alone
is no report (github.com/AdobeDocs/analytics-2.0-apis, reports/examples.md). One call has one dimension; a breakdown is
a further call with a filter per column, so columns with different filters are different rows here. A day's `value` is
display text; its itemId is the day: years since 1900, month from 00, day ('1180001' is 2018-01-01), for hours and
minutes followed by those. `metrics/event1` is a success event of the suite's own. An item's text may repeat, so the
itemId is what tells rows apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import BOOKKEEPING, Field, Mapping, Trailing, TypedColumn

_MOMENT = re.compile(r"(\d{3})(\d{2})(\d{2})(\d{2})?(\d{2})?")
_DAYS = ("daterangeday", "daterangehour", "daterangeminute")


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of a report; without its request they have the columns' numbers for names."""
    request, answer = asked(document)
    if not _is_report(answer):
        return None
    return [("", row) for row in _rows(request, answer)]


def _is_report(answer: Any) -> bool:
    columns = answer.get("columns") if isinstance(answer, dict) else None
    return isinstance(columns, dict) and isinstance(columns.get("columnIds"), list) and "totalPages" in answer


def _rows(request: dict[str, Any], answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    columns = answer["columns"]
    name = _tail((columns.get("dimension") or {}).get("id") or request.get("dimension") or "item")
    shared: dict[str, Any] = {"rsid": request.get("rsid")} if request.get("rsid") else {}
    cuts = _cuts(request, [str(column) for column in columns["columnIds"]])
    for item in answer.get("rows") or []:
        data = item.get("data") or []
        for cut, columns_of_it in cuts:
            told = [column for column in columns_of_it if column.place < len(data)]
            row = shared | _item(cut, name, item)
            for place, inside, called in told:
                row.setdefault(inside, {})[called] = data[place]
            if told:  # an empty object is nothing, and rows that hold one are not read in place
                yield {key: inner for key, inner in row.items() if inner != {}}


class _Column(NamedTuple):
    """A column's place in an answer's rows, and what it is in ours: a metric, or a number where nobody asked for it."""

    place: int
    inside: str
    called: str


def _cuts(request: dict[str, Any], columns: list[str]) -> list[tuple[dict[str, Any], list[_Column]]]:
    """What the columns' filters leave, each with its columns: they are a row of their own."""
    container = request.get("metricContainer") or {}
    asked_for = {str(metric.get("columnId")): metric for metric in container.get("metrics") or []}
    filters = {str(item.get("id")): item for item in container.get("metricFilters") or []}
    found: dict[str, tuple[dict[str, Any], list[_Column]]] = {}
    for place, column in enumerate(columns):
        metric = asked_for.get(column, {})
        applied = [filters.get(str(one), {}) for one in metric.get("filters") or []]
        cut = _cut([*(request.get("globalFilters") or []), *applied])
        inside, called = ("metrics", _tail(metric.get("id"))) if metric else ("columns", column)
        found.setdefault(str(cut), (cut, []))[1].append(_Column(place, inside, called))
    return list(found.values())


def _cut(filters: list[Any]) -> dict[str, Any]:
    """What filters leave: days, segments, items of other dimensions. A column's own range wins over the report's."""
    found: dict[str, Any] = {"dimensions": {}}
    segments = []
    for item in filters:
        if item.get("type") == "dateRange":
            found |= _range(str(item.get("dateRange", "")))
        elif item.get("type") == "breakdown":
            _add_item(found, _tail(item.get("dimension")), str(item.get("itemId")))
        elif item.get("type") == "segment":
            segments.append(str(item.get("segmentId")))
    if segments:
        found["dimensions"]["segment"] = "+".join(sorted(segments))
    return found


def _item(cut: dict[str, Any], name: str, item: dict[str, Any]) -> dict[str, Any]:
    row = cut | {"dimensions": dict(cut["dimensions"]), "metrics": {}}
    _add_item(row, name, str(item.get("itemId")))
    return row | {"values": {name: item.get("value")}}


def _add_item(row: dict[str, Any], name: str, item_id: str) -> None:
    """A moment gives the row its day, and an hour or minute is a breakdown beside it."""
    moment = _moment(item_id) if name in _DAYS else None
    if moment is None:
        row["dimensions"][name] = item_id
        return
    row["date"] = moment.date().isoformat()
    if name != "daterangeday":
        row["dimensions"][name.removeprefix("daterange")] = (
            f"{moment:%H}" if name.endswith("hour") else f"{moment:%H:%M}"
        )


def _moment(item_id: str) -> datetime | None:
    found = _MOMENT.fullmatch(item_id)
    if not found:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in found.groups())
    try:
        return datetime(1900 + year, month + 1, day, hour, minute)  # noqa: DTZ001 -- the suite's own zone
    except ValueError:
        return None


def _range(text: str) -> dict[str, str]:
    """First and last day; a range that ends with midnight does not hold the day that begins then."""
    start, _, end = text.partition("/")
    try:
        last = date.fromisoformat(end[:10])
    except ValueError:
        return {}
    if not end[11:].strip("0:.") and len(end) > len("YYYY-MM-DD") and end[:10] != start[:10]:
        last -= timedelta(days=1)
    return {"range_start": start[:10], "range_end": last.isoformat()}


def _tail(name: Any) -> str:
    """'variables/page' is 'page'."""
    return str(name).rpartition("/")[2]


MAPPING = Mapping(
    data_source="adobe_analytics",
    version=2,
    trailing=Trailing(30, "late hits and attribution panels"),
    fields=(
        Field("account_id", ("rsid",), "id"),
        Field("campaign_id", ("values.campaign",), "id"),
        Field("date_from", ("date", "range_start"), "date"),
        Field("date_to", ("date", "range_end"), "date"),
        Field("country", ("values.geocountry",)),
        Field("region", ("values.georegion",)),
        Field("device", ("values.mobiledevicetype",)),
        Field("conversions", ("metrics.orders",), "number"),
        Field("revenue", ("metrics.revenue",), "money"),
        Field("sessions", ("metrics.visits",), "rounded"),
        Field("users", ("metrics.visitors",), "rounded"),
    ),
    levels=(("campaign", ("values.campaign",)), ("account", ())),
    breakdown_prefixes=("dimensions.",),
    ignored=BOOKKEEPING,
    typed=(
        TypedColumn("orders", ("metrics.orders",), ("metrics.revenue",)),
        TypedColumn("checkouts", ("metrics.checkouts",)),
        TypedColumn("carts", ("metrics.carts",)),
        TypedColumn("cartadditions", ("metrics.cartadditions",)),
    ),
    typed_like=("metrics.event*",),
    constants={"channel": "web"},
    unwrap=unwrap,
)
