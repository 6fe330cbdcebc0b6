"""Lineage as a graph: from what is asked about, by facts and files, to the rules that read them and what was checked.

An edge leads from a thing to what it was made of. Where one kind has many, the largest are named and the rest are one
node, so that a graph can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select

from kalends.base.errors import NotFoundError
from kalends.base.pages.components import Tone
from kalends.base.work import Work
from kalends.marketing import batches
from kalends.marketing.models import Batch
from kalends.marketing.records import KEY, LOG
from kalends.marketing.stewardship.evidence import Evidence, Slice, evidence_of
from kalends.marketing.words import source_name

Kind = Literal["number", "sum", "report", "fact", "version", "batch", "file", "rules", "check", "resolution", "more"]
MOST: Final = 12
"""Nodes of one kind: more of them nobody reads side by side."""


class NoSuchFactError(NotFoundError):
    """There is no fact of this key."""

    code = "no_such_fact"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing. `id` is unique in its graph."""

    id: str
    kind: Kind
    label: str
    detail: str = ""
    href: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, what is asked about first, and edges as pairs of ids (thing, what it was made of)."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Graph) -> Graph:
        """Both; a node or edge that both have is there once."""
        nodes = {node.id: node for node in (*other.nodes, *self.nodes)}
        ordered = dict.fromkeys(node.id for node in (*self.nodes, *other.nodes))
        edges = dict.fromkeys((*self.edges, *other.edges))
        return Graph(tuple(nodes[name] for name in ordered), tuple(edges))

    def named(self, most: int = MOST) -> Graph:
        """The same with at most `most` nodes of a kind: those behind become one, which leads where they led."""
        instead: dict[str, str] = {}
        kept: list[Node] = []
        for kind in dict.fromkeys(node.kind for node in self.nodes):
            own = [node for node in self.nodes if node.kind == kind]
            shown, rest = (own, []) if len(own) <= most else (own[: most - 1], own[most - 1 :])
            kept += shown
            if rest:
                kept.append(Node(f"more:{kind}", "more", f"and {len(rest):,} more"))
                instead |= {node.id: f"more:{kind}" for node in rest}
        edges = ((instead.get(a, a), instead.get(b, b)) for a, b in self.edges)
        return Graph(tuple(kept), tuple(dict.fromkeys(edges)))


def batch_node(seq: int) -> str:
    """The id of a batch's node."""
    return f"batch:{seq}"


def of_batches(work: Work, *, numbers: Iterable[int], asked: Slice | None = None) -> Graph:
    """Batches by their numbers, newest first, with their files, the rules that read them, and what was checked."""
    query = select(Batch).where(Batch.seq.in_(list(numbers))).order_by(Batch.seq.desc())
    found = tuple(work.session.execute(query).scalars())
    about = Slice(found, asked.days if asked else None, asked.accounts if asked else frozenset())
    made = Graph()
    for batch in found:
        made += _of_batch(batch)
    return made + _of_evidence(evidence_of(work, about), found)


def _of_batch(batch: Batch) -> Graph:
    name, href = batch_node(batch.seq), f"/data/batches/{batch.id}"
    report = batch.report or {}
    tone: Tone = "bad" if batch.state == "failed" or batch.retracted_by_seq is not None else "plain"
    told = f"{source_name(batch.data_source)}, {batch.reported_at.date().isoformat()}"
    nodes = [Node(name, "batch", f"File {batch.seq}", told, href, tone)]
    if batch.file_id is not None:
        nodes.append(Node(f"file:{batch.seq}", "file", batch.file_name or "Rows sent", _size(batch), f"{href}/lineage"))
    if report.get("mapping"):
        nodes.append(Node(f"rules:{report['mapping']}", "rules", str(report["mapping"]), "how it was read", href))
    if counted := report.get("conversions"):
        types = "; ".join(", then ".join(rule["types"]) for rule in counted["rules"])
        label = f"Conversions, version {counted['version']}"
        nodes.append(Node(f"conversions:{counted['version']}:{types}", "rules", label, types, "/data/conversions"))
    return Graph(tuple(nodes), tuple((name, node.id) for node in nodes[1:]))


def _size(batch: Batch) -> str:
    return f"{batch.size:,} bytes" + (f", SHA-256 {batch.sha256[:12]}" if batch.sha256 else "")


def _of_evidence(found: Sequence[Evidence], about: Sequence[Batch]) -> Graph:
    """What was checked hangs on the file that it is about; what is about the whole, on every file."""
    nodes, edges = [], []
    for place, one in enumerate(found):
        nodes.append(Node(f"{one.kind}:{place}", one.kind, one.label, one.detail, one.href, one.tone))
        on = [one.batch_seq] if one.batch_seq is not None else [batch.seq for batch in about]
        edges += [(batch_node(seq), nodes[-1].id) for seq in on]
    return Graph(tuple(nodes), tuple(edges))


def of_batch(work: Work, *, batch_id: UUID) -> Graph:
    """One file: the reports that it brought, and where it came from."""
    batch = batches.get(work, batch_id)
    own = of_batches(work, numbers=[batch.seq])
    totals: list[dict[str, Any]] = (batch.report or {}).get("reports", [])
    reports = tuple(
        Node(
            f"report:{total['report']}:{total['account_id']}",
            "report",
            f"{total['report']}, account {total['account_id'] or 'not named'}",
            f"{total['rows']:,} rows, {total['date_from']} to {total['date_to']}",
        )
        for total in totals
    )
    return Graph(reports, tuple((node.id, batch_node(batch.seq)) for node in reports)) + own


_VERSIONS = (
    f"SELECT {', '.join(f'l.{name}' for name in KEY)}, l.batch_seq, l.source_row, l.reported_at, l.is_deleted,"  # noqa: S608 - declared column names
    f" f.key_hash IS NOT NULL AS is_current FROM {LOG} AS l LEFT JOIN facts AS f ON f.key_hash = l.key_hash"
    " AND f.batch_seq = l.batch_seq AND f.reported_at = l.reported_at WHERE l.key_hash = CAST($key AS UUID)"
    " ORDER BY l.reported_at DESC, l.batch_seq DESC"
)


def of_fact(work: Work, *, key_hash: UUID) -> Graph:
    """One fact: every version of it, newest first, and where they came from. Raises NoSuchFactError."""
    rows: list[dict[str, Any]] = []
    if work.warehouse.exists("facts_past"):
        rows = work.warehouse.execute(_VERSIONS, {"key": str(key_hash)}).to_pylist()
    rows = [row for row in rows if row["batch_seq"] <= batches.data_version(work)]
    if not rows:
        raise NoSuchFactError(fact=str(key_hash))
    key = rows[0]
    root = _fact_node(key)
    versions = [(row, f"version:{row['batch_seq']}:{row['source_row']}") for row in rows]
    nodes = [Node(name, "version", _said(row), f"row {row['source_row']}", tone=_tone(row)) for row, name in versions]
    edges = [(root.id, node.id) for node in nodes] + [(name, batch_node(row["batch_seq"])) for row, name in versions]
    days = (key["date_from"], key["date_to"])
    asked = Slice((), days, frozenset({(key["data_source"], key["account_id"])}))
    below = of_batches(work, numbers={row["batch_seq"] for row in rows}, asked=asked)
    return Graph((root, *nodes), tuple(edges)) + below


def _fact_node(key: dict[str, Any]) -> Node:
    about = ", ".join(str(key[name]) for name in ("report", "campaign_id", "ad_group_id", "ad_id") if key[name])
    days = " to ".join(dict.fromkeys(str(key[name]) for name in ("date_from", "date_to")))
    return Node("fact", "fact", f"{source_name(key['data_source'])} {key['account_id']}, {about}", days)


def _said(row: dict[str, Any]) -> str:
    what = "No longer there" if row["is_deleted"] else "Counts now" if row["is_current"] else "Restated since"
    return f"{what}, said {row['reported_at']:%Y-%m-%d %H:%M}"


def _tone(row: dict[str, Any]) -> Tone:
    return "good" if row["is_current"] else "plain"
