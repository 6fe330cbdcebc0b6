"""The layers of a trend chart.

A drawing knows no data, only the names of its data sets, so it is made once and kept; making one takes 100 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

LINE_HEIGHT = 15
# More names than that push the curve off a phone; the others are told by their band's tooltip.
MOST_LINES = 4
# Names are placed for each of these plot widths (desk to phone); the browser takes the widest that fits.
WIDTHS = (1000, 700, 460, 220)
# At most two decimals, none that are noughts: 62,413.5 and 4.47 (d3-format).
NUMBER = ",.2~f"


@dataclass(frozen=True, slots=True)
class Labels:
    """The words in the drawing: the value's name and unit, and what stands at the ends of the two lines."""

    label: str
    now: str
    before: str
    unit: str


@lru_cache(maxsize=256)
def draw(*, labels: Labels, has_interval: bool, end_shift: int | None) -> dict[str, Any]:
    """The Vega-Lite spec without data; the same object each time, so nobody may change it."""
    chart = alt.layer(
        *band_layers(),
        *([interval_layer()] if has_interval else []),
        area_layer(),
        before_layer(),
        *value_layers(),
        *([] if end_shift is None else end_labels(labels, shift=end_shift)),
        *hover_layers(labels),
    )
    drawing: dict[str, Any] = chart.properties(width="container").to_dict()
    return drawing


def _x(field: str = "date", **axis: Any) -> alt.X:
    """Days on a UTC scale: a plain date must not move with the browser's zone."""
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), **axis)


def _y(field: str = "value") -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        scale=alt.Scale(zero=True, nice=True),
        axis=alt.Axis(format="~s", tickCount=4, title=None, labelExpr="datum.value ? datum.label : '0'"),
    )


def band_layers() -> list[alt.Chart]:
    """The tinted bands, and their names above the plot."""
    base = alt.Chart(alt.NamedData("bands"))
    at = (
        "("
        + " : ".join(f"width >= {width} ? {index}" for index, width in enumerate(WIDTHS[:-1]))
        + f" : {len(WIDTHS) - 1})"
    )
    names = base.transform_filter(f"datum.lines[{at}] < {MOST_LINES}").transform_calculate(
        above=f"-9 - {LINE_HEIGHT} * datum.lines[{at}]",
        anchor=f"toDate(datum.flipped[{at}] ? datum.end : datum.start)",
    )
    side, room = alt.expr(f"datum.flipped[{at}] ? 'right' : 'left'"), alt.expr(f"datum.room[{at}] * width")
    days = [alt.Tooltip("name:N", title="Event"), alt.Tooltip("start:T", title="From", format="%-d %b %Y")]
    return [
        base.mark_rect(opacity=0.13).encode(
            x=_x("start"), x2="end:T", color=alt.Color("colour:N", scale=None), tooltip=days
        ),
        names.mark_text(fontWeight=600, fontSize=12, baseline="bottom", align=side, limit=room).encode(
            x=_x("anchor"),
            y=alt.Y("above:Q", scale=None, axis=None),
            color=alt.Color("ink:N", scale=None),
            text="name:N",
        ),
    ]


def interval_layer() -> alt.Chart:
    """The uncertainty of an estimate, as a band."""
    base = alt.Chart(alt.NamedData("points"))
    layer: alt.Chart = base.mark_area(color="var(--accent)", opacity=0.14).encode(x=_x(), y=_y("low"), y2="high:Q")
    return layer


def area_layer() -> alt.Chart:
    """A breath of colour under the line. Unstacked: stacking would impute zeros for unknown days."""
    layer: alt.Chart = (
        alt.Chart(alt.NamedData("points"))
        .mark_area(color="var(--accent)", opacity=0.06)
        .encode(x=_x(), y=_y().stack(None))
    )
    return layer


def before_layer() -> alt.Chart:
    """What it is compared with: thin and grey."""
    layer: alt.Chart = (
        alt.Chart(alt.NamedData("points"))
        .mark_line(color="var(--faint)", strokeWidth=1.2)
        .encode(
            x=_x(axis=alt.Axis(tickCount={"interval": "month", "step": 1}, format="%b", title=None)), y=_y("before")
        )
    )
    return layer


def value_layers() -> list[alt.Chart]:
    """The line itself: solid where settled, dotted where it may still change."""
    settled = alt.Chart(alt.NamedData("points")).transform_filter("!datum.provisional")
    dotted = alt.Chart(alt.NamedData("dotted"))
    return [
        settled.mark_line(color="var(--accent)", strokeWidth=2.1).encode(x=_x(), y=_y()),
        dotted.mark_line(color="var(--accent)", strokeWidth=2.1, strokeDash=[1, 4.5]).encode(x=_x(), y=_y()),
    ]


def end_labels(labels: Labels, *, shift: int) -> list[alt.Chart]:
    """Each line's name at its end, instead of a legend; `shift` pixels keep the two apart."""
    return [
        _end_label(labels.now, "value", "var(--accent)", dy=shift),
        _end_label(labels.before, "before", "var(--soft)", dy=-shift),
    ]


def _end_label(words: str, field: str, colour: str, *, dy: int) -> alt.Chart:
    last = alt.Chart(alt.NamedData("points")).transform_filter(f"isValid(datum.{field})")
    layer: alt.Chart = (
        last.transform_window(place="row_number()", sort=[alt.SortField("date", order="descending")])
        .transform_filter("datum.place === 1")
        .mark_text(align="left", dx=7, dy=dy, baseline="middle", color=colour, fontSize=11.5, fontWeight=500)
        .encode(x=_x(), y=_y(field), text=alt.value(words))
    )
    return layer


def hover_layers(labels: Labels) -> list[alt.Chart]:
    """A thin rule and a point on the nearest day, with its numbers."""
    near = alt.selection_point(
        name="near", fields=["date"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    base = alt.Chart(alt.NamedData("points"))
    words = [
        alt.Tooltip("utcyearmonthdate(date):T", title="Day", format="%a %-d %b %Y"),
        alt.Tooltip("value:Q", title=f"{labels.label} ({labels.unit})" if labels.unit else labels.label, format=NUMBER),
        alt.Tooltip("before:Q", title=labels.before.capitalize(), format=NUMBER),
    ]
    rule = base.mark_rule(color="var(--line-strong)").encode(
        x=_x(), opacity=alt.condition(near, alt.value(1), alt.value(0)), tooltip=words
    )
    dot = base.mark_point(filled=True, size=46, color="var(--accent)", stroke="var(--panel)", strokeWidth=1.5)
    return [
        rule.add_params(near),
        dot.encode(x=_x(), y=_y(), opacity=alt.condition(near, alt.value(1), alt.value(0))),
    ]
