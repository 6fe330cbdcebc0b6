"""The panel and its checks, on numbers worked out by hand or by another way."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from kalends.insight import causal
from kalends.insight.causal import Span, build_panel, check, weekly
from kalends.insight.export import column_name, wide
from kalends.insight.periods import Period

pytestmark = pytest.mark.unit
MONDAY = date(2024, 1, 1)
FEBRUARY = Period(date(2024, 2, 1), date(2024, 2, 29))


def panel(days=28, *, spend=None, kpi=None, more=None, start=MONDAY):
    dates = [start + timedelta(days=n) for n in range(days)]
    given = {"spend__a": spend if spend is not None else [float(n % 5) for n in range(days)], **(more or {})}
    known = [(d, *row) for d, *row in zip(dates, *given.values(), strict=True) if any(v is not None for v in row)]
    return build_panel(
        period=Period(dates[0], dates[-1]),
        kpi=pl.DataFrame({"date": dates, "kpi_revenue": kpi or [float(n) for n in range(days)]}),
        treatments=pl.DataFrame(known, schema=["date", *given], orient="row"),
        controls=pl.DataFrame(schema={"date": pl.Date}),
        days=pl.DataFrame({"date": dates, "is_weekend": [d.weekday() > 4 for d in dates]}),
        observed=[row[0] for row in known],
        settled_until=dates[-8],
    )


def test_every_day_is_there_once_and_null_stays_null():
    made = panel(spend=[1.0, None, 0.0] + [2.0] * 25)
    assert made.frame["date"].to_list() == [MONDAY + timedelta(days=n) for n in range(28)]
    assert made.frame["spend__a"].to_list()[:3] == [1.0, None, 0.0]
    assert made.frame["is_observed"].to_list()[:3] == [True, False, True]
    assert made.frame["is_provisional"].sum() == 7
    assert "spend__a is unknown on 1 days within its own span: that is a gap, not zero." in check(made).warnings


def test_a_panel_without_any_data_is_complete_and_empty():
    nothing = pl.DataFrame(schema={"date": pl.Date})
    made = build_panel(
        period=FEBRUARY,
        kpi=nothing,
        treatments=nothing,
        controls=nothing,
        days=nothing,
        observed=(),
        settled_until=None,
    )
    assert made.frame.height == 29
    assert not made.frame["is_observed"].any()
    assert check(made).warnings[0].startswith("Only 0 weeks")


def test_weeks_are_whole_and_a_week_with_an_unknown_day_is_unknown():
    made = weekly(panel(days=25, start=MONDAY + timedelta(days=5), spend=[1.0] * 10 + [None] + [1.0] * 14))
    assert made.frame["date"].to_list() == [date(2024, 1, 8), date(2024, 1, 15), date(2024, 1, 22)]
    assert made.frame["spend__a"].to_list() == [7.0, None, 7.0]
    assert made.frame["is_weekend"].to_list() == [pytest.approx(2 / 7)] * 3
    assert made.frame["is_observed"].to_list() == [True, False, True]


def test_correlation_is_pearsons_over_pairs_that_are_known():
    seeds = np.random.default_rng(7)
    a, b = seeds.normal(size=(2, 60))
    with_gap = a.copy()
    with_gap[3:9] = np.nan
    found = causal.correlations(np.column_stack([with_gap, b, np.ones(60)]))
    assert found[0, 1] == pytest.approx(
        np.corrcoef(a[9:].tolist() + a[:3].tolist(), b[9:].tolist() + b[:3].tolist())[0, 1]
    )
    assert np.isnan(found[0, 2])
    assert found[0, 0] == pytest.approx(1)


def test_variance_inflation_is_that_of_a_regression_on_the_others():
    seeds = np.random.default_rng(11)
    x = seeds.normal(size=(200, 3))
    x[:, 2] += x[:, 0] * 2
    found = causal.variance_inflation(x)
    others = np.column_stack([np.ones(200), x[:, [0, 1]]])
    fitted = others @ np.linalg.lstsq(others, x[:, 2], rcond=None)[0]
    r2 = 1 - ((x[:, 2] - fitted) ** 2).sum() / ((x[:, 2] - x[:, 2].mean()) ** 2).sum()
    assert found[2] == pytest.approx(1 / (1 - r2), rel=1e-5)
    assert causal.variance_inflation(np.column_stack([x, x[:, 0] + x[:, 1]])) == [None] * 4
    assert causal.variance_inflation(x[:3]) == [None] * 3


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ({"days": 28}, "Only 4 weeks have data"),
        ({"days": 280}, "40 weeks have data: 104 would show"),
        ({"spend": [100.0, 101.0] * 14}, "spend__a hardly varies"),
        (
            {"more": {"spend__b": [float(n % 5) * 3 for n in range(28)]}},
            "spend__a and spend__b move together (r = 1.00)",
        ),
    ],
)
def test_warnings(given, warning):
    assert any(said.startswith(warning) for said in check(panel(**given)).warnings)


def test_events_that_share_most_of_their_days_are_told():
    spans = [
        Span("Sale", date(2024, 1, 3), date(2024, 1, 10)),
        Span("Launch", date(2024, 1, 9), date(2024, 1, 11)),
        Span("Fair", date(2024, 1, 10), date(2024, 1, 30)),
    ]
    said = [w for w in check(panel(days=800), events=spans).warnings if "share" in w]
    assert said == [
        "Sale and Launch share 2 days: their effects cannot be told apart.",
        "Launch and Fair share 2 days: their effects cannot be told apart.",
    ]


def test_summary_counts_missing_and_zeros_apart():
    told = next(
        row for row in check(panel(spend=[None, 0.0, 4.0] + [None] * 25)).summary if row["column"] == "spend__a"
    )
    assert (told["n"], told["missing"], told["zeros"], told["mean"], told["sum"]) == (2, 26, 1, 2.0, 4.0)


def test_files_are_the_same_bytes_each_time_and_null_is_an_empty_cell():
    first, second = (panel(spend=[1 / 3, None, 0.0] + [2.0] * 25) for _ in range(2))
    assert causal.as_csv(first) == causal.as_csv(second)
    assert causal.as_parquet(first) == causal.as_parquet(second)
    lines = causal.as_csv(first).decode().splitlines()
    assert lines[:3] == [
        "date,is_observed,is_provisional,kpi_revenue,spend__a,is_weekend",
        "2024-01-01,true,false,0.000000,0.333333,0.000000",
        "2024-01-02,false,false,1.000000,,0.000000",
    ]
    assert pl.read_parquet(causal.as_parquet(first))["spend__a"].null_count() == 1


def test_column_names_are_fit_for_every_library_and_unique():
    days = [date(2024, 1, 1)] * 3
    frame = pl.DataFrame({"date": days, "channel": ["Paid Social", "paid-social", None], "spend": [1, 2, 3]})
    made = wide(frame, "channel", ("spend",))
    assert made.columns == ["date", "spend__paid_social", "spend__paid_social_2", "spend__unknown"]
    assert made.select("spend__paid_social", "spend__paid_social_2", "spend__unknown").row(0) == (1, 2, 3)
    assert column_name("spend", "Paid Social (DE)") == "spend__paid_social_de"
