"""From a number back to the rows of the files that said it.

A handle names an answer; a metric and the values of its dimensions name a cell of it. The facts of the cell are read by
the very rules that made the number, so that their sum is the number, and each says which batch it came with and in
which row of that batch's payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ibis.expr import types as ir
from sqlalchemy import select

from kalends.base.work import Work
from kalends.insight import engine
from kalends.insight.asking import asker
from kalends.insight.expression import counted_rows
from kalends.insight.metrics import metric
from kalends.insight.query import BadQueryError, Query, from_handle
from kalends.insight.reports import coarsest_first
from kalends.insight.result import Result
from kalends.insight.statements import as_value
from kalends.marketing.models import Batch
from kalends.marketing.records import KEY

SHOWN: Final = 200
"""Facts given at once; a page of them is read, not scrolled through."""
_ABOUT: Final = (*KEY, "campaign_name", "ad_name", "currency", "source_row", "batch_seq", "reported_at")


class UnknownCellError(BadQueryError):
    """This answer has no such cell."""

    code = "unknown_cell"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a number comes from.

    `value`: the number, where the cell is a total or one row. `columns`: the fact columns that it is made of.
    `facts`: up to `SHOWN` of its `count` facts, with their key, amounts, `batch_seq` and `source_row`; by its
    `key_hash` the versions, mapping and checks of one are found (`/marketing/facts/{key_hash}/lineage`).
    `batches`: every batch that said one of them, and `reports`: every report, with how many.
    """

    result: Result
    metric: str
    cell: Mapping[str, Any]
    value: Any
    columns: tuple[str, ...]
    count: int
    facts: tuple[Mapping[str, Any], ...]
    batches: tuple[Mapping[str, Any], ...]
    reports: tuple[Mapping[str, Any], ...]
    sayings: tuple[Mapping[str, Any], ...] = ()
    """Which batch said how many facts of which report."""


def trace(
    work: Work, *, handle: str, name: str | None = None, cell: Mapping[str, str] | None = None, offset: int = 0
) -> Lineage:
    """Trace the metric `name` (the answer's first if None) of the `cell` (the total if None) of the answer `handle`.

    `cell`: values of some of the answer's dimensions as texts; '' is unknown. Raises UnknownHandleError,
    UnknownCellError.
    """
    query, snapshot = from_handle(handle)
    ask = asker(work, snapshot=snapshot)
    chosen = metric(name or query.metrics[0]).name
    wanted = dict(cell or {})
    if chosen not in query.metrics or not set(wanted) <= set(query.dimensions):
        raise UnknownCellError(
            f"The answer has the metrics {', '.join(query.metrics)} by {', '.join(query.dimensions) or 'nothing'}."
        )
    rows = _facts(ask, query, chosen, wanted)
    columns = metric(chosen).columns
    result = engine.run(ask, replace(query, limit=None))
    batches = _read(ask, _counted(rows, "batch_seq"))
    shown = rows.order_by("date_from", "report", "key_hash").limit(SHOWN, offset=offset)
    return Lineage(
        result=result,
        metric=chosen,
        cell=wanted,
        value=_value(result, chosen, wanted),
        columns=columns,
        count=sum(row["facts"] for row in batches),
        facts=tuple(
            _read(
                ask,
                shown.select(*_ABOUT, *(c for c in columns if c not in _ABOUT), key_hash=shown.key_hash.cast("string")),
            )
        ),
        batches=tuple(_with_files(work, batches)),
        reports=tuple(_read(ask, _counted(rows, "data_source", "account_id", "report"))),
        sayings=tuple(_read(ask, _counted(rows, "data_source", "account_id", "report", "batch_seq"))),
    )


def _value(result: Result, name: str, cell: Mapping[str, str]) -> Any:
    """The number of the cell: a total, or the row whose dimensions are all named; None for anything between."""
    if not cell:
        return result.totals[name]
    found = [row for row in result.rows if all(_as_text(row[key]) == text for key, text in cell.items())]
    return found[0][name] if len(found) == 1 else None


def _as_text(value: Any) -> str:
    """A value as a cell names it, which is as the warehouse casts it."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _facts(ask: engine.Asker, query: Query, name: str, cell: Mapping[str, str]) -> ir.Table:
    """The facts that were counted for the cell."""
    one = replace(query, metrics=(name,), compare_to=None, order=(), limit=None)
    planned = engine.planned_for(ask, one)
    is_single = metric(name).needs_one_row
    candidates = tuple(sorted(planned.able, key=coarsest_first)) if is_single else planned.able
    sums = planned.shape.sums
    reading = replace(sums, table="facts", rule="ranked", places=0, candidates=candidates, also=(*_ABOUT, "key_hash"))
    shape = replace(planned.shape, sums=reading, singles=reading if is_single else None)
    rows = counted_rows(shape, reading, ask.tables, as_value(planned.values), 0)
    for dimension, text in cell.items():
        value = rows[dimension].cast("string")
        rows = rows.filter((value == text) if text else (value.isnull() | (value == "")))
    return rows


def _counted(rows: ir.Table, *by: str) -> ir.Table:
    return rows.aggregate(by=list(by), facts=rows.count()).order_by(list(by))


def _read(ask: engine.Asker, rows: ir.Table) -> list[dict[str, Any]]:
    """Rows with their UUIDs as texts; every table of the expression is one of the tenant's."""
    found: list[dict[str, Any]] = ask.warehouse.backend.to_pyarrow(rows).to_pylist()
    return found


def _with_files(work: Work, batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The batches with the files that they were."""
    numbers = [row["batch_seq"] for row in batches]
    held = {batch.seq: batch for batch in work.session.scalars(select(Batch).where(Batch.seq.in_(numbers)))}
    return [
        {
            **row,
            "batch_id": str(batch.id),
            "file_name": batch.file_name,
            "data_source": batch.data_source,
            "is_retracted": batch.retracted_by_seq is not None,
        }
        for row in batches
        if (batch := held.get(row["batch_seq"])) is not None
    ]
