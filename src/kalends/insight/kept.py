"""Answers as bytes, for a cache that processes may share: Arrow for rows and totals, JSON for what is said of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, Final

import orjson
import pyarrow as pa

from kalends.insight.query import from_handle
from kalends.insight.result import Coverage, MissingReport, Result

_SAID: Final = b"kalends"
"""Under which name the schema of the rows carries the JSON."""


def packed(*results: Result) -> bytes:
    """`results`, which were asked without `as_of`, as bytes."""
    out = pa.BufferOutputStream()
    for result in results:
        rows = result.table.replace_schema_metadata({_SAID: orjson.dumps(_said(result))})
        for table in (rows, pa.Table.from_pylist([result.totals])):
            with pa.ipc.new_stream(out, table.schema) as stream:
                stream.write_table(table)
    kept: bytes = out.getvalue().to_pybytes()
    return kept


def unpacked(kept: bytes, /) -> list[Result]:
    """The results that `packed` was given."""
    source = pa.BufferReader(kept)
    found = []
    while source.tell() < len(kept):
        rows, totals = (pa.ipc.open_stream(source).read_all() for _ in range(2))
        found.append(_result(rows, totals.to_pylist()[0]))
    return found


def _said(result: Result) -> dict[str, Any]:
    """All of the result but its rows and totals."""
    return {
        "handle": result.handle,
        "coverage": asdict(result.coverage),
        "is_provisional": result.is_provisional,
        "provisional_sources": result.provisional_sources,
        "settled_until": result.settled_until,
        "currency": result.currency,
        "notes": result.notes,
    }


def _result(rows: pa.Table, totals: dict[str, Any]) -> Result:
    said = orjson.loads(rows.schema.metadata[_SAID])
    query, snapshot = from_handle(said["handle"])
    missing = tuple(MissingReport(**one) for one in said["coverage"].pop("missing"))
    settled = said["settled_until"]
    return Result(
        query=query,
        snapshot=snapshot,
        table=rows.replace_schema_metadata(None),
        totals=totals,
        coverage=Coverage(**said["coverage"], missing=missing),
        is_provisional=said["is_provisional"],
        provisional_sources=tuple(said["provisional_sources"]),
        settled_until=settled and date.fromisoformat(settled),
        currency=said["currency"],
        notes=tuple(said["notes"]),
    )
