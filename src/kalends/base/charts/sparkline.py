"""A spark line: a small inline SVG beside a number, without axes and without script."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 92, 22
# Half the line's width, so that the highest point is not cut off.
MARGIN = 1.5

Point = tuple[float, float]


def sparkline(values: Sequence[float | None], *, provisional: int = 0, tone: str = "plain") -> Markup:
    """The course of `values` in order of time; None is a gap, the last `provisional` values are dotted.

    Fewer than two known values draw nothing. The number beside it says the same in words, so it is silent to readers.
    """
    points = spread(values)
    if sum(point is not None for point in points) < 2:
        return Markup("")
    settled = len(points) - provisional
    return Markup(
        '<svg class="spark spark-{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}"/><path class="spark-provisional" d="{}"/></svg>'
    ).format(tone, WIDTH, HEIGHT, path(points[:settled]), path(points[max(settled - 1, 0) :]) if provisional else "")


def spread(values: Sequence[float | None]) -> list[Point | None]:
    """Each value's place in the picture; a flat course runs through the middle."""
    known = [value for value in values if value is not None]
    if not known:
        return [None for _ in values]
    low, span = min(known), max(known) - min(known)
    step = WIDTH / max(len(values) - 1, 1)
    room = HEIGHT - 2 * MARGIN

    def place(index: int, value: float) -> Point:
        share = (value - low) / span if span else 0.5
        return (index * step, MARGIN + room * (1 - share))

    return [None if value is None else place(index, value) for index, value in enumerate(values)]


def path(points: Sequence[Point | None]) -> str:
    """SVG path data; a None lifts the pen."""
    marks = []
    for before, point in pairwise([None, *points]):
        if point is not None:
            marks.append(f"{'M' if before is None else 'L'}{point[0]:.1f} {point[1]:.1f}")
    return "".join(marks)
