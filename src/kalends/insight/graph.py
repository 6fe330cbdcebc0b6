"""A number's lineage as a graph: the number, its sums, the reports that count, the files that said them."""

from __future__ import annotations

from kalends.base.work import Work
from kalends.insight.lineage import Lineage
from kalends.insight.metrics import METRICS, metric
from kalends.insight.sentences import amount
from kalends.marketing import service as marketing
from kalends.marketing.words import source_name


def graph_of(work: Work, found: Lineage) -> marketing.Graph:
    """What was traced, down to the files as they came, with what was checked and resolved on the way."""
    entry = metric(found.metric)
    told = "–" if found.value is None else amount(found.value, entry, found.result.currency)
    root = marketing.Node("number", "number", f"{entry.label}: {told}", _cell(found), tone="accent")
    sums = [
        marketing.Node(f"sum:{name}", "sum", METRICS[name].label if name in METRICS else name, f"{found.count:,} facts")
        for name in found.columns
        if name != found.metric
    ]
    reports = [
        marketing.Node(
            f"report:{row['data_source']}:{row['account_id']}:{row['report']}",
            "report",
            f"{source_name(row['data_source'])} {row['account_id']}",
            f"{row['report']}, {row['facts']:,} facts",
        )
        for row in sorted(found.reports, key=lambda row: -row["facts"])
    ]
    above = [node.id for node in sums] or [root.id]
    edges = [(root.id, node.id) for node in sums] + [(a, node.id) for a in above for node in reports]
    edges += [
        (f"report:{row['data_source']}:{row['account_id']}:{row['report']}", marketing.batch_node(row["batch_seq"]))
        for row in found.sayings
    ]
    period = found.result.query.period
    asked = marketing.Slice(
        (), (period.start, period.end), frozenset((row["data_source"], row["account_id"]) for row in found.reports)
    )
    below = marketing.graph_of_batches(work, numbers=[row["batch_seq"] for row in found.batches], asked=asked)
    return (marketing.Graph((root, *sums, *reports), tuple(edges)) + below).named()


def _cell(found: Lineage) -> str:
    """Which cell, or the days."""
    period = found.result.query.period
    return (
        ", ".join(f"{name} {text or 'unknown'}" for name, text in found.cell.items())
        or f"{period.start} to {period.end}"
    )
