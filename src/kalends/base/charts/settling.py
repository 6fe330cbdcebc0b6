"""How a number settles: the share of its final value by age, one line for each metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from kalends.base.charts.theme import config

AXIS: dict[str, Any] = {
    "title": "days after the day itself",
    "titleColor": "var(--soft)",
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "tickMinStep": 1,
    "format": "d",
}
COLUMNS = "width < 480 ? 3 : 0"
"""Of the legend: one row (0), and on a phone as many as fit beside each other."""


def settling(*, lines: Mapping[str, Sequence[float]], height: int = 220) -> dict[str, Any]:
    """The Vega-Lite spec of `lines`: name -> share of the final value at age 0, 1, 2 ... days."""
    spec = draw() | {"height": height}
    spec["config"] = config()
    spec["padding"] = {"left": 2, "right": 8, "top": 4, "bottom": 2}
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["usermeta"] = {"numbers": "shares"}
    rows = [
        {"name": name, "age": age, "share": share} for name, told in lines.items() for age, share in enumerate(told)
    ]
    spec["datasets"] = {"shares": rows}
    return spec


@lru_cache(maxsize=1)
def draw() -> dict[str, Any]:
    """The spec without data; the same object each time, so nobody may change it."""
    base = alt.Chart(alt.NamedData("shares")).encode(
        x=alt.X("age:Q", axis=alt.Axis(**AXIS)),
        y=alt.Y("share:Q", axis=alt.Axis(title=None, format="%"), scale=alt.Scale(zero=False)),
        color=alt.Color("name:N", legend=alt.Legend(columns=alt.ExprRef(COLUMNS))),
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2)
    point = base.mark_point(filled=True, size=28).encode(
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("age:Q"), alt.Tooltip("share:Q", format=".1%")]
    )
    drawing: dict[str, Any] = alt.layer(line, point).properties(width="container").to_dict()
    return drawing
