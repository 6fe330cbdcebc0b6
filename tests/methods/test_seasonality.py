"""Seasonal factors learned from made-up series whose truth is known."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.methods.seasonality import DAYS_OF_MONTHS, learn_seasonality, seasonal_factors

pytestmark = pytest.mark.unit
MONTHS = np.array([0.75, 0.8, 0.95, 1, 1, 0.85, 0.85, 1.05, 1.1, 1.15, 1.3, 1.4])
RETAIL = np.array([0.7, 0.7, 1, 1, 1, 0.8, 0.8, 1.2, 1.2, 1.4, 1.4, 1.4])
WEEKDAYS = np.array([1, 0.95, 0.95, 1, 1.1, 1.3, 0.7])
FIRST = date(2022, 4, 11)


def days_from(first, count):
    return [first + timedelta(days=number) for number in range(count)]


def factors_of(months, source="pattern:made_up"):
    """Factors of a year whose days have these by month."""
    days = days_from(date(2001, 1, 1), 28 * 365 + 7)
    weeks = np.array([day.isocalendar().week for day in days])
    daily = np.array([months[day.month - 1] for day in days])
    return seasonal_factors(
        weeks=[daily[weeks == week].mean() for week in range(1, 54)], months=list(months), source=source
    )


TRUTH, PATTERN, FLAT = factors_of(MONTHS), factors_of(RETAIL), factors_of(np.ones(12))


def made_up(count, *, growth=0.0, noise=0.0, seed=1, first=FIRST, months=MONTHS, weekdays=WEEKDAYS):
    """A daily series: exponential `growth` a year, season, weekday, noise that remembers half of yesterday's."""
    dice = np.random.default_rng(seed)
    days = days_from(first, count)
    errors = np.zeros(count)
    for today in range(1, count):
        errors[today] = 0.5 * errors[today - 1] + dice.normal(0, noise)
    season = np.array([months[day.month - 1] * weekdays[day.weekday()] for day in days])
    return pl.DataFrame({"date": days, "value": 1000 * np.exp(growth * np.arange(count) / 364 + errors) * season})


def error(found, truth, part="weeks"):
    """Root mean square of the relative errors; the 53rd week, which few years have, is left out."""
    ours, theirs = (np.array(getattr(factors, part))[:52] for factors in (found, truth))
    return float(np.sqrt(np.mean((ours / theirs - 1) ** 2)))


def learn(series, pattern=PATTERN):
    return learn_seasonality(series=series, pattern=pattern)


def without(series, lost):
    """The series with the value unknown where `lost` says so."""
    return series.with_columns(pl.when(pl.Series(lost)).then(None).otherwise(pl.col("value")).alias("value"))


def test_nothing_is_learned_before_a_whole_year():
    assert learn(made_up(364)) is None
    assert learn(made_up(365)).source == "learned:365"
    assert learn(made_up(0)) is None
    assert learn(made_up(1)) is None


def test_a_year_with_too_many_unknown_days_is_not_a_whole_one():
    series = made_up(365)
    for lost, is_enough in ((60, True), (90, False)):
        found = learn(without(series, np.arange(365) % 365 < lost))
        assert (found is not None) == is_enough
    assert learn(without(series, np.arange(365) % 10 == 0)).source == f"learned:{365 - 37}"


def test_a_good_year_is_enough_after_bad_ones():
    series = made_up(3 * 364)
    assert learn(without(series, np.arange(3 * 364) < 2 * 364)).source == "learned:364"


def test_dates_that_are_left_out_are_as_unknown_as_nulls():
    series = made_up(800, noise=0.1)
    lost = np.random.default_rng(3).random(800) < 0.1
    lost[[0, 799]] = False
    assert learn(without(series, lost)) == learn(series.filter(~pl.Series(lost)))
    nan = series.with_columns(pl.when(pl.Series(lost)).then(float("nan")).otherwise(pl.col("value")).alias("value"))
    assert learn(nan) == learn(without(series, lost))


def test_unknown_is_not_zero():
    series = made_up(3 * 365, noise=0.05)
    decembers = series["date"].dt.month() == 12
    unknown = learn(without(series, decembers & (series["date"].dt.day() > 10)))
    zero = learn(series.with_columns(pl.when(decembers).then(0.0).otherwise(pl.col("value")).alias("value")))
    assert unknown.months[11] == pytest.approx(TRUTH.months[11], rel=0.08)
    assert zero.months[11] < 0.3


@pytest.mark.parametrize(
    ("days", "most_by_week", "most_by_month"), [(365, 0.075, 0.06), (730, 0.065, 0.05), (1095, 0.055, 0.04)]
)
def test_the_truth_is_found_and_nearer_with_more_years(days, most_by_week, most_by_month):
    # The pattern alone is off by 0.09 in both; the noise of a day has a deviation of 0.12.
    found = [learn(made_up(days, noise=0.1, seed=seed)) for seed in range(10)]
    assert np.mean([error(factors, TRUTH) for factors in found]) < most_by_week
    assert np.mean([error(factors, TRUTH, "months") for factors in found]) < most_by_month
    assert max(error(factors, TRUTH) for factors in found) < error(PATTERN, TRUTH)


def test_without_noise_only_the_pattern_stands_between():
    for years, weight in ((2, 2 / 2.5), (4, 4 / 4.5)):
        found = learn(made_up(years * 365 + 1, first=date(2022, 1, 1)), FLAT)
        for month in range(12):
            expected = weight * TRUTH.months[month] + (1 - weight)
            assert found.months[month] == pytest.approx(expected, abs=0.015), month


@pytest.mark.parametrize("growth", [-0.5, -0.2, 0.3, 0.7])
def test_growth_is_not_taken_for_season(growth):
    flat = [learn(made_up(900, noise=0.05, seed=seed), FLAT) for seed in range(5)]
    grown = [learn(made_up(900, noise=0.05, seed=seed, growth=growth), FLAT) for seed in range(5)]
    for one, other in zip(flat, grown, strict=True):
        assert error(other, one, "months") < 0.03
    no_season = learn(made_up(900, growth=growth, months=np.ones(12)), FLAT)
    assert error(no_season, FLAT) < 0.02


def test_growth_that_changes_is_followed():
    series = made_up(1460)
    level = np.interp(np.arange(1460), [0, 500, 900, 1459], [1.0, 1.0, 1.6, 1.3])
    bent = series.with_columns(pl.col("value") * pl.Series(level))
    assert error(learn(bent, TRUTH), TRUTH, "months") < 0.008


def test_missing_weeks_cost_little_and_keep_their_pattern_where_they_are_never_seen():
    series = made_up(1095, noise=0.05)
    weeks = series["date"].dt.week()
    some = learn(without(series, (weeks % 7 == 3) & (series["date"].dt.year() == 2023)))
    assert error(some, learn(series)) < 0.02
    never = learn(without(series, weeks.is_in([20, 21])))
    ratio = never.weeks[19] / PATTERN.weeks[19]
    assert ratio == pytest.approx(never.weeks[20] / PATTERN.weeks[20])
    assert ratio == pytest.approx(1, abs=0.05)


def test_missing_weekdays_are_no_quiet_weeks():
    # In every May the five busiest days of the week are unknown.
    series = made_up(1095, weekdays=np.array([2, 2, 2, 2, 2, 0.2, 0.2]))
    lost = (series["date"].dt.month() == 5) & (series["date"].dt.weekday() <= 4)
    assert learn(without(series, lost), FLAT).months[4] == pytest.approx(1, abs=0.03)


def test_a_hole_does_not_bend_the_trend():
    series = made_up(800, months=np.ones(12))
    hole = (np.arange(800) >= 300) & (np.arange(800) < 355)
    assert error(learn(without(series, hole), FLAT), FLAT) < 0.005


def test_one_freak_day_is_not_taken_for_growth():
    # The last of 365 days is the only one that has a day a year before it.
    series = made_up(365, months=np.ones(12))
    freak = series.with_columns(
        pl.when(pl.col("date") == pl.col("date").max()).then(pl.col("value") * 5).otherwise(pl.col("value"))
    )
    found = learn(freak, FLAT)
    assert max(abs(month - 1) for month in found.months) < 0.12


def test_infinite_values_are_unknown():
    series = made_up(500)
    endless = series.with_columns(
        pl.when(pl.col("date").dt.day() == 9).then(float("inf")).otherwise(pl.col("value")).alias("value")
    )
    assert learn(endless) == learn(without(series, series["date"].dt.day() == 9))


def test_days_on_which_nothing_is_ever_sold_do_no_harm():
    closed = learn(made_up(1095, weekdays=np.array([1, 1, 1, 1, 1, 1, 0])))
    assert error(closed, learn(made_up(1095, weekdays=np.array([1, 1, 1, 1, 1, 1, 1])))) < 0.01


def test_a_weekday_that_is_never_known_is_no_hindrance():
    series = made_up(1095)
    sundays = series["date"].dt.weekday() == 7
    assert error(learn(without(series, sundays)), learn(series)) < 0.01


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(1e-6, 1e9), seed=st.integers(0, 1000))
def test_the_unit_does_not_matter(scale, seed):
    series = made_up(500, noise=0.2, growth=0.2, seed=seed)
    found, scaled = learn(series), learn(series.with_columns(pl.col("value") * scale))
    for part in ("weeks", "months", "quarters"):
        assert getattr(found, part) == pytest.approx(getattr(scaled, part), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    days=st.integers(365, 1200),
    seed=st.integers(0, 1000),
    lost=st.floats(0, 0.12),
    first=st.dates(date(2015, 1, 1), date(2024, 1, 1)),
)
def test_factors_average_one_over_a_year_and_are_positive(days, seed, lost, first):
    series = made_up(days, noise=0.3, seed=seed, first=first)
    found = learn(without(series, np.random.default_rng(seed).random(days) < lost))
    if found is None:
        return
    assert np.mean(found.weeks[:52]) == pytest.approx(1)
    assert np.average(found.months, weights=DAYS_OF_MONTHS) == pytest.approx(1)
    lengths = np.array(DAYS_OF_MONTHS).reshape(4, 3)
    assert np.average(found.quarters, weights=lengths.sum(axis=1)) == pytest.approx(1)
    assert found.quarters == pytest.approx(np.average(np.reshape(found.months, (4, 3)), axis=1, weights=lengths))
    assert min(found.weeks) > 0


def test_the_order_of_days_does_not_matter_but_each_stands_there_once():
    series = made_up(400, noise=0.1)
    assert learn(series.sample(fraction=1, shuffle=True, seed=1)) == learn(series)
    with pytest.raises(ValueError, match="twice"):
        learn(pl.concat([series, series.head(1)]))


def test_a_series_of_zeros_teaches_nothing():
    series = made_up(400).with_columns(pl.col("value") * 0)
    assert learn(series) is None
    assert learn(series.with_columns(pl.lit(None, dtype=pl.Float64).alias("value"))) is None


def test_the_first_year_of_a_company_that_sold_nothing_before():
    series = made_up(1100)
    silent = np.arange(1100) < 500
    started = series.with_columns(pl.when(pl.Series(silent)).then(0.0).otherwise(pl.col("value")).alias("value"))
    found = learn(started)
    assert found is not None
    assert np.isfinite(found.weeks).all()


def test_a_weekly_peak_that_no_pattern_knows_is_learned():
    series = made_up(1095, noise=0.05)
    peak = series.with_columns(
        pl.when(pl.col("date").dt.week() == 47).then(pl.col("value") * 2).otherwise(pl.col("value")).alias("value")
    )
    before, after = learn(series), learn(peak)
    assert after.weeks[46] / before.weeks[46] == pytest.approx(1.8, abs=0.15)


def test_integers_and_decimals_are_numbers_too():
    series = made_up(500).with_columns(pl.col("value").round(0))
    for kind in (pl.Int64, pl.Decimal(18, 6)):
        assert learn(series.with_columns(pl.col("value").cast(kind))) == learn(series)
