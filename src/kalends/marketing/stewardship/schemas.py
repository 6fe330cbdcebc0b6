"""What goes out about lineage."""

from __future__ import annotations

from pydantic import BaseModel


class NodeOut(BaseModel):
    """One thing on the way back. `kind`: number, sum, report, fact, version, batch, file, rules, check, resolution."""

    id: str
    kind: str
    label: str
    detail: str
    href: str
    tone: str


class GraphOut(BaseModel):
    """Things, what is asked about first; `edges`: pairs of ids, a thing and what it was made of."""

    nodes: list[NodeOut]
    edges: list[tuple[str, str]]
