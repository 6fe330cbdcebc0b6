"""JSON documents to flat rows: every envelope that the platforms put around their rows is taken off here.

A row is a dict from a flat, snake_case, dotted name ('metrics.cost_micros') to text; nested lists stay canonical JSON
text (keys sorted), so that the same document in another key order gives the same rows.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any

import orjson

Flat = dict[str, str | None]
Unwrap = Callable[[Any], Iterable[tuple[str, Any]] | None]
"""Takes a platform's own envelope off a document: its (stream, row)s; None where the document has no such envelope.

Of a connector's lines it is asked about the whole line first, with the stream that it names, and then about its data.
"""
_BATCH = {"results", "fieldMask", "requestId", "summaryRow", "queryResourceConsumption", "nextPageToken",
          "totalResultsCount"}  # fmt: skip
"""What a batch of a Google searchStream may have; an array of those is an answer. A row may have `results`, too."""
_ENVELOPES = ("data_entries", "results", "data", "rows", "records", "response_example")


@lru_cache(maxsize=50_000)
def snake(name: str) -> str:
    """'costMicros' and 'Cost Micros' to 'cost_micros'; dots between parts are kept, text is lower-cased."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-/]+", "_", split).lower()


def as_text(value: Any) -> str | None:
    """A JSON value as canonical text: floats as DuckDB writes them, in their shortest form and with a point."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if isfinite(value) else json.dumps(value)
    if isinstance(value, int):
        return str(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # half a character, which JSON may hold and UTF-8 may not
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode(errors="replace").decode()


def loaded(text: str) -> Any:
    """What JSON says. Raises orjson.JSONDecodeError.

    Python looks for no cycles meanwhile: JSON makes none, and to look through a million new objects again and again
    takes three quarters of the time.
    """
    is_looking = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(text)
    finally:
        if is_looking:
            gc.enable()


def flatten(row: Mapping[str, Any], *, prefix: str = "") -> Flat:
    """Nested objects become dotted names, and lists canonical JSON text; an empty object is nothing."""
    flat: Flat = {}
    _flatten_into(flat, row, prefix)
    return flat


def _flatten_into(flat: Flat, row: Mapping[str, Any], prefix: str) -> None:
    for name, value in row.items():
        path = _path(prefix, name)
        if value is None or isinstance(value, str):  # most cells, so they come first
            flat[path] = value
        elif isinstance(value, dict) and value:
            _flatten_into(flat, value, f"{path}.")
        else:
            flat[path] = None if value == {} else as_text(value)


@lru_cache(maxsize=50_000)
def _path(prefix: str, name: str) -> str:
    return prefix + snake(name)


def no_envelope(document: Any) -> None:
    """What is read as `records` reads it."""


def unwrapped(document: Any, unwrap: Unwrap) -> Iterable[tuple[str, Any]]:
    """(stream, record) of each record in a document, by the platform's own envelope where it has that."""
    found = unwrap(document)
    return records(document) if found is None else found


def records(document: Any) -> Iterator[tuple[str, Any]]:
    """(stream, record) of each record in a document; the stream is '' unless the record names one (Airbyte does).

    A record that is no object is passed on as it is: the reader quarantines it.
    """
    if isinstance(document, list):
        for item in document:
            yield from _item_records(item)
    elif isinstance(document, dict):
        yield from _object_records(document)
    else:
        yield "", document


def _item_records(item: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(item, dict) and _is_batch(item):
        yield from records(item.get("results", []))
    elif isinstance(item, dict):
        yield from record(item)
    else:
        yield "", item


def _is_batch(item: dict[str, Any]) -> bool:
    is_any = "fieldMask" in item or "results" in item
    return is_any and isinstance(item.get("results", []), list) and item.keys() <= _BATCH


def _object_records(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    report = document.get("attributes")
    if isinstance(report, dict) and isinstance(report.get("results"), list):
        yield from _report_records(report)
        return
    for envelope in _ENVELOPES:
        inner = document.get(envelope)
        if isinstance(inner, dict | list) and not is_airbyte(document):
            yield from records(inner)
            return
    yield from record(document)


def record(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """One record, with Airbyte's {stream, data} taken off where it is there."""
    if is_airbyte(item):
        yield str(item["stream"]), item["data"]
    else:
        yield "", item


def is_airbyte(item: dict[str, Any]) -> bool:
    """Whether it is one of Airbyte's records, which lie in an envelope."""
    return isinstance(item.get("stream"), str) and isinstance(item.get("data"), dict)


def _report_records(report: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Klaviyo's reports: `results` of groupings and statistics; in a series a statistic is a list by `date_times`."""
    starts = [str(moment) for moment in report.get("date_times") or ()]
    for result in report["results"]:
        if not starts or not isinstance(result, dict):
            yield "", result
            continue
        statistics: dict[str, list[Any]] = result.get("statistics", {})
        for index, (first, last) in enumerate(intervals(starts)):
            step = {name: values[index] for name, values in statistics.items() if index < len(values)}
            yield "", {**result, "statistics": step, "interval_from": first, "interval_to": last}


def intervals(starts: list[str]) -> list[tuple[str, str]]:
    """First and last day of each interval; the last one is as long as the one before it, a single one is a day."""
    days = [date.fromisoformat(start[:10]) for start in starts]
    step = days[-1] - days[-2] if len(days) > 1 else timedelta(days=1)
    ends = [*days[1:], days[-1] + step]
    return [(day.isoformat(), (end - timedelta(days=1)).isoformat()) for day, end in zip(days, ends, strict=True)]
