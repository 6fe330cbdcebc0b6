"""Where the boxes of a lineage graph stand: columns from what is asked about to what it was made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kalends.marketing.stewardship.graph import Graph, Node

WIDTH, HEIGHT, ACROSS, DOWN, EDGE = 186, 52, 34, 12, 2
"""Pixels: a box, the space between columns and between boxes, the margin. A label of 25 characters fits a box."""
LABEL: Final = 25
STEPS: Final = {
    "number": "The number", "sum": "Made of", "report": "Accounts and reports", "fact": "The fact",
    "version": "What was said", "batch": "Files loaded", "file": "As it came", "rules": "Read by", "check": "Checked",
    "resolution": "Decided",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """A node and its upper left corner."""

    node: Node
    x: int
    y: int

    @property
    def label(self) -> str:
        """What fits into the box; the whole of it is the box's title."""
        return cut(self.node.label)

    @property
    def detail(self) -> str:
        """The second line, as far as it fits."""
        return cut(self.node.detail, LABEL + 2)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, lines as SVG paths, the picture's size, and the same nodes step by step for a narrow screen."""

    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    width: int
    height: int
    steps: tuple[tuple[str, tuple[Node, ...]], ...]


def cut(text: str, most: int = LABEL) -> str:
    """`text`, shortened to `most` characters where it is longer."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def columns_of(graph: Graph) -> dict[str, int]:
    """The column of each node: one more than the furthest of those that lead to it. The graph has no circles."""
    column = {node.id: 0 for node in graph.nodes}
    for _ in graph.nodes:
        moved = [(b, column[a] + 1) for a, b in graph.edges if column[b] <= column[a]]
        if not moved:
            break
        for name, place in moved:
            column[name] = max(column[name], place)
    return column


def draw(graph: Graph) -> Drawing:
    """The picture of a graph."""
    column = columns_of(graph)
    heights: dict[int, int] = {}
    boxes: dict[str, Box] = {}
    for node in graph.nodes:
        place = column[node.id]
        row = heights.get(place, 0)
        boxes[node.id] = Box(node, EDGE + place * (WIDTH + ACROSS), EDGE + row * (HEIGHT + DOWN))
        heights[place] = row + 1
    width = EDGE * 2 + (max(heights, default=0) + 1) * (WIDTH + ACROSS) - ACROSS
    height = EDGE * 2 + max(heights.values(), default=1) * (HEIGHT + DOWN) - DOWN
    lines = tuple(_line(boxes[a], boxes[b]) for a, b in graph.edges)
    return Drawing(tuple(boxes.values()), lines, width, height, _steps(graph))


def _line(start: Box, end: Box) -> str:
    """A soft line from the right side of one box to the left side of another."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    bend = ACROSS // 2
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _steps(graph: Graph) -> tuple[tuple[str, tuple[Node, ...]], ...]:
    """The nodes by kind in the order of the way back; 'and 3 more' stands with its own kind."""
    kinds = {node.id: node.kind if node.kind != "more" else node.id.partition(":")[2] for node in graph.nodes}
    found = ((title, tuple(n for n in graph.nodes if kinds[n.id] == kind)) for kind, title in STEPS.items())
    return tuple((title, nodes) for title, nodes in found if nodes)
