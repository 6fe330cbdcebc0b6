"""A number over time, with what was on: events as tinted bands, last year as a thin line, provisional days dotted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from kalends.base.charts.theme import KIND_COLOURS, config
from kalends.base.charts.trend_layers import WIDTHS, Labels, draw
from kalends.base.formats import conventions

# The width of one letter of a band's name in pixels (Inter, 12 px, semi-bold), and the room between two names.
LETTER, GAP = 7, 10
DAY = timedelta(days=1)


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
    drawing = draw(
        labels=Labels(label=label, now=now_label, before=before_label, unit=unit),
        has_interval=any(point.low is not None for point in points),
        end_shift=end_shift(points),
    )
    return {
        **drawing,
        "height": height,
        "config": config() | {"locale": {"number": number_locale(locale)}},
        "padding": {"left": 2, "right": 4, "top": 4, "bottom": 2},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "usermeta": {"numbers": "points"},
        "datasets": {
            "points": rows(points),
            "dotted": dotted_rows(points),
            "bands": band_rows(bands, first=points[0].start, last=points[-1].start),
        },
    }


def end_shift(points: Sequence[TrendPoint]) -> int | None:
    """How far, in pixels, the line's own label moves so that the two at the ends stay apart; None without a comparison.

    Where the lines end close together (7 % of the height is a label's height), the higher one's label goes up.
    """
    value = next((point.value for point in reversed(points) if point.value is not None), None)
    before = next((point.before for point in reversed(points) if point.before is not None), None)
    if before is None:
        return None
    top = max((max(point.value or 0, point.before or 0) for point in points), default=0) or 1
    if value is None or abs(value - before) >= 0.07 * top:
        return 0
    return -8 if value >= before else 8


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
            "lines": [place[index].line for place in places],
            "flipped": [place[index].is_flipped for place in places],
            "room": [place[index].room for place in places],
        }
        for index, band in enumerate(visible)
    ]


@dataclass(frozen=True, slots=True)
class NamePlace:
    """Where a band's name stands: on which line above the plot; from the band's start, or flipped up to its end.

    `room` is what it may take, as a share of the plot's width: a longer name is cut with an ellipsis.
    """

    line: int
    is_flipped: bool
    room: float


def place_names(bands: Sequence[EventBand], *, first: date, last: date, width: int) -> list[NamePlace]:
    """For each band, in order of start, a place at which its name collides with no other.

    A name ends at its band's end where it does not fit to the right of the start and has more room to the left.
    """
    pixels = width / max((last - first).days, 1)
    ends: list[float] = []
    places: list[NamePlace] = []
    for band in bands:
        start, end = max((band.start - first).days, 0) * pixels, min((band.end + DAY - first).days * pixels, width)
        whole = len(band.name) * LETTER
        is_flipped = start + whole > width and end > width - start
        room = end if is_flipped else width - start
        length = min(whole, room)
        left = end - length if is_flipped else start
        line = next((line for line, end in enumerate(ends) if end + GAP <= left), len(ends))
        ends[line : line + 1] = [left + length]
        places.append(NamePlace(line, is_flipped, round(room / width, 4)))
    return places


def ink_of(kind: str) -> str:
    """The colour of an event's name: dark enough to read on the page."""
    return f"var(--kind-{kind}-ink)" if kind in KIND_COLOURS and kind != "moment" else "var(--kind-moment)"
