"""Control totals: what a file says in all, per report, account and day, to hold against the file or the platform."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from kalends.base.errors import ConflictError
from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work
from kalends.marketing.models import Batch
from kalends.marketing.records import TOTALS_SCHEMA
from kalends.marketing.staging import TOTALS, ControlTotal, StageReport
from kalends.marketing.statements import Window

TABLE: Final = "control_totals"
TOLERANCE: Final = Decimal("0.000001")
COLUMNS: Final = ("report", "account_id", "date_from", "date_to", "rows", *TOTALS)
MONEY: Final = ("spend", "revenue")


class TotalsDifferError(ConflictError):
    """The file's totals are not those that were promised with it. Nothing was loaded."""

    code = "totals_differ"


@dataclass(frozen=True, slots=True)
class Compared:
    """A promised total beside what the file has: `found` is the nearest of its reports'; None where no row has it."""

    metric: str
    expected: Decimal
    found: Decimal | None
    report: str
    is_equal: bool

    def plain(self) -> dict[str, Any]:
        """It as JSON."""
        found = None if self.found is None else str(self.found)
        return {"metric": self.metric, "expected": str(self.expected), "found": found, "report": self.report,
                "is_equal": self.is_equal}  # fmt: skip

    def sentence(self) -> str:
        """It in words."""
        has = "has none" if self.found is None else f"has {self.found}"
        return f"{self.metric}: {self.expected} was expected, the file {has}."


def keep(warehouse: TenantWarehouse, totals: Sequence[ControlTotal], *, batch_seq: int) -> None:
    """Store a batch's totals by day, instead of what an earlier attempt stored."""
    rows = [
        {"batch_seq": batch_seq, "report": one.report, "account_id": one.account_id, "date_from": one.date_from,
         "date_to": one.date_to, "rows": one.rows} | {name: _typed(name, value) for name, value in one.sums.items()}
        for one in totals
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=TOTALS_SCHEMA.to_pyarrow())
    warehouse.replace_slice(TABLE, lambda held: held.batch_seq == batch_seq, table)


def _typed(name: str, value: object) -> object:
    if value is None:
        return None
    return Decimal(str(value)) if name in MONEY else float(str(value))


def of_batch(work: Work, *, batch: Batch, limit: int | None = None, offset: int = 0) -> list[dict[str, Any]]:
    """A batch's totals per report, account and day, in that order."""
    if not work.warehouse.exists(TABLE):
        return []
    held = work.warehouse.table(TABLE)
    rows = held.filter(held.batch_seq == batch.seq).select(*COLUMNS)
    rows = rows.order_by(["report", "account_id", "date_from", "date_to"])
    found: list[dict[str, Any]] = work.warehouse.to_arrow(rows.limit(limit, offset=offset)).to_pylist()
    return found


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Totals as CSV; a metric that no row has is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def compare(staged: StageReport, expected: Mapping[str, str], *, tolerance: Decimal = TOLERANCE) -> list[Compared]:
    """Promised totals beside those of the file. Reports repeat the same money, so each is looked at by itself and the
    nearest counts; `rows` is what the file has in all. Equal is what differs by no more than `tolerance`, of amounts
    above 1 in proportion.
    """
    by_report: dict[str, dict[str, Decimal]] = {}
    for total in staged.totals:
        sums = by_report.setdefault(total.report, {})
        for metric, value in total.sums.items():
            if value is not None:
                sums[metric] = sums.get(metric, Decimal(0)) + Decimal(str(value))
    return [_compare(metric, Decimal(told), staged, by_report, tolerance) for metric, told in expected.items()]


def _compare(
    metric: str, told: Decimal, staged: StageReport, by_report: Mapping[str, Mapping[str, Decimal]], tolerance: Decimal
) -> Compared:
    if metric == "rows":
        found = Decimal(staged.received)
        return Compared(metric, told, found, "", found == told)
    has = [(abs(sums[metric] - told), report, sums[metric]) for report, sums in by_report.items() if metric in sums]
    if not has:
        return Compared(metric, told, None, "", is_equal=False)
    off, report, nearest = min(has)
    return Compared(metric, told, nearest, report, off <= tolerance * max(Decimal(1), abs(told)))


def absent_days(staged: StageReport, declared: tuple[date, date]) -> list[dict[str, str]]:
    """Declared days of which a report of an account, or the series or orders of the file, have no row: no data, which
    is not zero. As spans.
    """
    present: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for total in staged.totals:
        present.setdefault((total.report, total.account_id), []).append((total.date_from, total.date_to))
    for kind, found in staged.spans.items():
        present.setdefault((kind, ""), []).extend(found)
    return [
        {"report": report, "account_id": account, "date_from": str(first), "date_to": str(last)}
        for (report, account), spans in (present or {("", ""): []}).items()
        for first, last in gaps(spans, *declared)
    ]


def gaps(spans: Iterable[tuple[date, date]], first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from `first` to `last` that are in none of the spans, as spans. Days are not listed: a sender may
    declare centuries.
    """
    begin, day = first, timedelta(days=1)
    for start, end in sorted(spans):
        if start > last:
            break
        if begin < start:
            yield begin, start - day
        if end >= last:
            return
        begin = max(begin, end + day)
    yield begin, last


def complete_windows(staged: StageReport, declared: tuple[date, date]) -> list[Window]:
    """The slices that a sender says are complete: each report and account of the file, over the declared days."""
    slices = {(total.report, total.account_id) for total in staged.totals}
    return [
        Window(data_source=staged.data_source, report=report, account_id=account, date_from=declared[0],
               date_to=declared[1])
        for report, account in sorted(slices)
    ]  # fmt: skip
