"""Horizontal bars: a few named amounts, the longest first, each with its number at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from kalends.base.charts.theme import config

BAR_HEIGHT = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `text` is its number as people read it. `colour`: 1-8, the category's colour everywhere."""

    name: str
    value: float | None
    text: str
    colour: int = 1


def bars(*, rows: Sequence[Bar]) -> dict[str, Any]:
    """The Vega-Lite spec of `rows`, longest first; an unknown value keeps its name and shows its text only."""
    spec = draw() | {"height": BAR_HEIGHT * len(rows)}
    spec["config"] = config()
    spec["padding"] = {"left": 2, "right": 4, "top": 4, "bottom": 4}
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["usermeta"] = {"numbers": "bars"}
    ordered = sorted(rows, key=lambda row: (row.value is None, -(row.value or 0), row.name))
    spec["datasets"] = {"bars": [bar_row(row) for row in ordered]}
    return spec


@lru_cache(maxsize=1)
def draw() -> dict[str, Any]:
    """The spec without data; the same object each time, so nobody may change it."""
    base = alt.Chart(alt.NamedData("bars")).encode(
        y=alt.Y("name:N", sort=None, axis=alt.Axis(title=None, labelColor="var(--ink)", labelFontSize=13, domain=False))
    )
    length = alt.X("value:Q", axis=None, scale=alt.Scale(zero=True))
    bar = base.mark_bar(cornerRadius=3, height=10).encode(x=length, color=alt.Color("colour:N", scale=None))
    text = base.mark_text(align="left", dx=7, baseline="middle").encode(x=length, text="text:N")
    drawing: dict[str, Any] = alt.layer(bar, text).properties(width="container").to_dict()
    return drawing


def bar_row(row: Bar) -> dict[str, Any]:
    """One row of the chart's data."""
    return {"name": row.name, "value": row.value, "text": row.text, "colour": f"var(--cat-{row.colour})"}
