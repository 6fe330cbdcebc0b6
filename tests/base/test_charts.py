"""Charts: specs that say what they should, never a zero for an unknown day, colours from one place."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import vl_convert

from kalends.base.charts.bars import Bar, bars
from kalends.base.charts.sparkline import HEIGHT, WIDTH, path, sparkline, spread
from kalends.base.charts.theme import DARK, KIND_COLOURS, LIGHT, TOKEN, with_colours
from kalends.base.charts.trend import WIDTHS, EventBand, TrendPoint, band_rows, ink_of, place_names, trend

pytestmark = pytest.mark.unit

FIRST = date(2026, 1, 1)
TOKENS_CSS = Path(__file__).parents[2] / "frontend/src/styles/tokens.css"


def points(values, *, provisional=0, before=None):
    return [
        TrendPoint(FIRST + timedelta(days=index), value, before, is_provisional=index >= len(values) - provisional)
        for index, value in enumerate(values)
    ]


def band(name, start, end, kind="promotion"):
    return EventBand(name, kind, FIRST + timedelta(days=start), FIRST + timedelta(days=end))


def test_the_theme_repeats_the_stylesheets_tokens():
    declared = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", TOKENS_CSS.read_text()))
    assert set(LIGHT) == set(DARK)
    assert {name: f"{LIGHT[name]}, {DARK[name]}" for name in LIGHT} == {name: declared[name] for name in LIGHT}


def test_every_colour_of_a_spec_is_a_known_token():
    spec = trend(
        points=points([1.0, 2.0], before=1.0), bands=[band(kind, 0, 1, kind) for kind in KIND_COLOURS], label="Revenue"
    )
    used = set(TOKEN.findall(str(spec)))
    assert used <= set(LIGHT)
    assert "var(" not in str(with_colours(spec, tokens=DARK))
    assert all(ink_of(kind)[6:-1] in LIGHT for kind in KIND_COLOURS)


def test_an_unknown_day_is_a_gap_and_is_never_imputed():
    spec = trend(points=points([10.0, None, 30.0]), label="Revenue")
    assert [row["value"] for row in spec["datasets"]["points"]] == [10.0, None, 30.0]
    vega = vl_convert.vegalite_to_vega(spec)
    kinds = {step["type"] for data in vega["data"] for step in data.get("transform", [])}
    assert not kinds & {"impute", "stack"}


def test_the_dotted_line_starts_where_the_solid_one_ends():
    spec = trend(points=points([1.0, 2.0, 3.0, 4.0], provisional=2), label="Revenue")
    assert [row["value"] for row in spec["datasets"]["dotted"]] == [2.0, 3.0, 4.0]


def test_the_numbers_are_the_points_in_readable_columns():
    spec = trend(points=points([1.0, 2.0], before=0.5), label="Revenue")
    assert spec["usermeta"]["numbers"] == "points"
    assert list(spec["datasets"]["points"][0].items()) == [
        ("date", "2026-01-01"), ("value", 1.0), ("before", 0.5), ("provisional", False)
    ]  # fmt: skip


def test_an_interval_is_drawn_where_there_is_one():
    known = [TrendPoint(FIRST + timedelta(days=index), 2.0, low=1.0, high=3.0) for index in range(3)]
    marks = [layer["mark"]["type"] for layer in trend(points=known, label="Lift")["layer"]]
    assert marks.count("area") == 2


def test_a_picture_can_be_made_on_the_server():
    spec = with_colours(
        trend(points=points([1.0, 2.0, 1.5]), bands=[band("Sale", 0, 1)], label="Revenue"), tokens=LIGHT
    )
    svg = vl_convert.vegalite_to_svg({**spec, "width": 600})
    assert "Sale" in svg
    assert LIGHT["accent"] in svg


def test_bands_end_inside_the_chart_and_outside_ones_are_left_out():
    rows = band_rows(
        [band("past", -9, -1), band("long", -5, 50), band("later", 40, 41)],
        first=FIRST,
        last=FIRST + timedelta(days=30),
    )
    assert [(row["name"], row["start"], row["end"]) for row in rows] == [("long", "2026-01-01", "2026-01-31")]


@pytest.mark.parametrize("width", WIDTHS)
def test_names_on_one_line_never_collide(width):
    bands = [band(f"Event number {index}", 9 * index, 9 * index + 2) for index in range(10)]
    places = place_names(bands, first=FIRST, last=FIRST + timedelta(days=99), width=width)
    taken: dict[int, float] = {}
    for place, one in zip(places, bands, strict=True):
        length = min(7 * len(one.name), place.room * width)
        edge = one.end + timedelta(days=1) if place.is_flipped else one.start
        start = (edge - FIRST).days * width / 99 - (length if place.is_flipped else 0)
        assert start >= taken.get(place.line, -length)
        taken[place.line] = start + length


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("first_day", [0, 10, 50, 95])
def test_no_name_sticks_out_of_the_chart_however_long_it_is(width, first_day):
    one = band("A very long name of an event, as people do write them, with the year 2026", first_day, first_day + 3)
    (place,) = place_names([one], first=FIRST, last=FIRST + timedelta(days=99), width=width)
    pixel = width / 99
    room = place.room * width
    if place.is_flipped:
        assert room <= min((first_day + 4) * pixel, width) + 0.1
    else:
        assert first_day * pixel + room <= width + 0.1
    assert room >= width / 2 - 4 * pixel  # on its roomier side


@pytest.mark.parametrize(("width", "named"), [(300, 4), (1100, 8)])
def test_where_names_would_push_the_curve_away_only_the_first_stand(width, named):
    days = 366
    bands = [band(f"A rather long event {index}", 20 * index, 20 * index + 5) for index in range(8)]
    spec = with_colours(trend(points=points([1.0] * days), bands=bands, label="Revenue"), tokens=LIGHT)
    svg = vl_convert.vegalite_to_svg({**spec, "width": width})
    assert len(re.findall(r">A rather long event \d<", svg)) == named


def test_bars_are_longest_first_and_unknown_is_last_not_zero():
    spec = bars(rows=[Bar("b", 1.0, "1"), Bar("unknown", None, "–"), Bar("a", 5.0, "5", colour=3)])
    assert [(row["name"], row["value"]) for row in spec["datasets"]["bars"]] == [
        ("a", 5.0),
        ("b", 1.0),
        ("unknown", None),
    ]
    assert spec["datasets"]["bars"][0]["colour"] == "var(--cat-3)"


def test_a_sparkline_spans_the_picture():
    (left, low), (right, high) = spread([1.0, 3.0])
    assert (left, right) == (0, WIDTH)
    assert 0 <= high < low <= HEIGHT


def test_a_sparkline_lifts_the_pen_over_gaps():
    assert path([(0, 1), None, (2, 3), (4, 5)]) == "M0.0 1.0M2.0 3.0L4.0 5.0"


def test_a_sparkline_dots_what_is_provisional():
    solid, dotted = re.findall(r'd="([^"]*)"', sparkline([1, 2, 3, 4], provisional=1))
    assert (solid.count("L"), dotted.count("L")) == (2, 1)
    assert sparkline([1, 2, 3]).count('d=""') == 1


@pytest.mark.parametrize("values", [[], [1.0], [None, None], [None, 4.0]])
def test_fewer_than_two_known_values_draw_nothing(values):
    assert sparkline(values) == ""


def test_a_flat_course_runs_through_the_middle():
    assert {round(point[1], 3) for point in spread([5.0, 5.0, 5.0]) if point} == {HEIGHT / 2}
