"""A number over time, with what was on: events as tinted bands, last year as a thin line, provisional days dotted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import altair as alt

from kalends.base.charts.theme import KIND_COLOURS, config
from kalends.base.formats import conventions

# The width of one letter of a band's name in pixels (Inter, 12 px, semi-bold), and the room between two names.
LETTER, GAP = 7, 10
LINE_HEIGHT = 15
# Names are placed for each of these plot widths (desk to phone); the browser takes the widest that fits.
WIDTHS = (1000, 700, 460, 220)
DAY = timedelta(days=1)
# At most two decimals, none that are noughts: 62,413.5 and 4.47 (d3-format).
NUMBER = ",.2~f"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One day (or week, or fiscal month) from `start`. None is unknown: a gap in the line, never a zero.

    `before` is the value compared with; `low` and `high` are the interval of an estimate.
    """

    start: date
    value: float | None
    before: float | None = None
    is_provisional: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class EventBand:
    """An event behind the curve, both days included.

    `kind`: moment, promotion, launch, content, competitor or holiday.
    """

    name: str
    kind: str
    start: date
    end: date


def trend(
    *,
    points: Sequence[TrendPoint],
    bands: Sequence[EventBand] = (),
    label: str,
    now_label: str = "this year",
    before_label: str = "last year",
    unit: str = "",
    height: int = 236,
    locale: str = "en-GB",
) -> dict[str, Any]:
    """The Vega-Lite spec of `points`, which are in order of time and at least one.

    `label` names the value ("Revenue"), `unit` says in what ("€"); the other labels stand at the ends of the lines.
    """
    chart = alt.layer(
        *band_layers(),
        *([interval_layer()] if any(point.low is not None for point in points) else []),
        area_layer(),
        before_layer(),
        *value_layers(),
        *end_labels(points, now_label=now_label, before_label=before_label),
        *hover_layers(label=label, before_label=before_label, unit=unit),
    ).properties(width="container", height=height)
    spec = chart.to_dict()
    spec["config"] = config() | {"locale": {"number": number_locale(locale)}}
    spec["padding"] = {"left": 2, "right": 4, "top": 4, "bottom": 2}
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["usermeta"] = {"numbers": "points"}
    spec["datasets"] = {
        "points": rows(points),
        "dotted": dotted_rows(points),
        "bands": band_rows(bands, first=points[0].start, last=points[-1].start),
    }
    return spec


def number_locale(locale: str) -> dict[str, Any]:
    """The locale's marks for d3-format."""
    marks = conventions(locale)
    return {"decimal": marks.decimal, "thousands": marks.group, "grouping": [3], "currency": ["", ""], "minus": "−"}


def rows(points: Sequence[TrendPoint]) -> list[dict[str, Any]]:
    """One row per point, as people download it."""
    return [
        {
            "date": point.start.isoformat(),
            "value": point.value,
            "before": point.before,
            "provisional": point.is_provisional,
            **({"low": point.low, "high": point.high} if point.low is not None else {}),
        }
        for point in points
    ]


def dotted_rows(points: Sequence[TrendPoint]) -> list[dict[str, Any]]:
    """The provisional points and the settled one before them, so that the dotted line joins the solid one."""
    joined = [first for first, second in pairwise(points) if not first.is_provisional and second.is_provisional]
    return rows(sorted({*joined, *(point for point in points if point.is_provisional)}, key=lambda point: point.start))


def band_rows(bands: Sequence[EventBand], *, first: date, last: date) -> list[dict[str, Any]]:
    """Each visible band with its edges inside the chart and the place of its name at every one of WIDTHS."""
    visible = sorted(
        (band for band in bands if band.start < last and band.end >= first), key=lambda b: (b.start, b.name)
    )
    places = [place_names(visible, first=first, last=last, width=width) for width in WIDTHS]
    return [
        {
            "name": band.name,
            "colour": KIND_COLOURS.get(band.kind, "var(--soft)"),
            "ink": ink_of(band.kind),
            "start": max(band.start, first).isoformat(),
            "end": min(band.end + DAY, last).isoformat(),
            "lines": [place[index][0] for place in places],
            "flipped": [place[index][1] for place in places],
        }
        for index, band in enumerate(visible)
    ]


def place_names(bands: Sequence[EventBand], *, first: date, last: date, width: int) -> list[tuple[int, bool]]:
    """For each band, in order of start: the line above the plot on which its name collides with no other.

    Also whether the name ends at the band's end, because it would not fit to the right of its start.
    """
    pixels = width / max((last - first).days, 1)
    ends: list[float] = []
    places: list[tuple[int, bool]] = []
    for band in bands:
        start, length = max((band.start - first).days, 0) * pixels, len(band.name) * LETTER
        is_flipped = start + length > width
        left = min((band.end + DAY - first).days * pixels, width) - length if is_flipped else start
        line = next((line for line, end in enumerate(ends) if end + GAP <= left), len(ends))
        ends[line : line + 1] = [left + length]
        places.append((line, is_flipped))
    return places


def ink_of(kind: str) -> str:
    """The colour of an event's name: dark enough to read on the page."""
    return f"var(--kind-{kind}-ink)" if kind in KIND_COLOURS and kind != "moment" else "var(--kind-moment)"


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
    names = base.transform_calculate(
        above=f"-9 - {LINE_HEIGHT} * datum.lines[{at}]",
        anchor=f"toDate(datum.flipped[{at}] ? datum.end : datum.start)",
    )
    side = alt.expr(f"datum.flipped[{at}] ? 'right' : 'left'")
    days = [alt.Tooltip("name:N", title="Event"), alt.Tooltip("start:T", title="From", format="%-d %b %Y")]
    return [
        base.mark_rect(opacity=0.13).encode(
            x=_x("start"), x2="end:T", color=alt.Color("colour:N", scale=None), tooltip=days
        ),
        names.mark_text(fontWeight=600, fontSize=12, baseline="bottom", align=side).encode(
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


def end_labels(points: Sequence[TrendPoint], *, now_label: str, before_label: str) -> list[alt.Chart]:
    """Each line's name at its end, instead of a legend; kept apart where the lines end close together."""
    value = next((point.value for point in reversed(points) if point.value is not None), None)
    before = next((point.before for point in reversed(points) if point.before is not None), None)
    if before is None:
        return []
    top = max((max(point.value or 0, point.before or 0) for point in points), default=0) or 1
    is_close = value is not None and abs(value - before) < 0.07 * top
    away = 8 if is_close else 0
    up = -away if value is not None and value >= before else away
    return [
        _end_label(now_label, "value", "var(--accent)", dy=up),
        _end_label(before_label, "before", "var(--soft)", dy=-up),
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


def hover_layers(*, label: str, before_label: str, unit: str) -> list[alt.Chart]:
    """A thin rule and a point on the nearest day, with its numbers."""
    near = alt.selection_point(
        name="near", fields=["date"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    base = alt.Chart(alt.NamedData("points"))
    words = [
        alt.Tooltip("utcyearmonthdate(date):T", title="Day", format="%a %-d %b %Y"),
        alt.Tooltip("value:Q", title=f"{label} ({unit})" if unit else label, format=NUMBER),
        alt.Tooltip("before:Q", title=before_label.capitalize(), format=NUMBER),
    ]
    rule = base.mark_rule(color="var(--line-strong)").encode(
        x=_x(), opacity=alt.condition(near, alt.value(1), alt.value(0)), tooltip=words
    )
    dot = base.mark_point(filled=True, size=46, color="var(--accent)", stroke="var(--panel)", strokeWidth=1.5)
    return [
        rule.add_params(near),
        dot.encode(x=_x(), y=_y(), opacity=alt.condition(near, alt.value(1), alt.value(0))),
    ]
