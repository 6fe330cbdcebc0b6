"""The company as a whole (not `unit`: making it takes seconds)."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from kalends.demo.parameters import Parameters
from kalends.demo.service import TooShortHistoryError, generate

END = date(2026, 11, 20)
LAG = 28
MEASURES = ("spend", "impressions", "clicks", "conversions", "revenue")
REPORTS = [
    ("google_ads", "account"), ("google_ads", "campaign"), ("google_ads", "ad_group"), ("google_ads", "ad"),
    ("facebook_ads", "campaign"), ("facebook_ads", "ad"),
]  # fmt: skip


def account_days(versions):
    """(account, date) -> summed measures."""
    sums = {}
    for key, numbers in versions.items():
        into = sums.setdefault((key[0], key[-1]), dict.fromkeys(MEASURES, Decimal(0)))
        for name, value in numbers.items():
            into[name] += value
    return sums


def true_account_days(company, data_source):
    """The same out of the truth; days on which nothing was shown have no row."""
    frame = company.truth.filter(pl.col("data_source") == data_source)
    grouped = frame.group_by("account_id", "date").agg(pl.col(*MEASURES).sum()).filter(pl.col("impressions") > 0)
    return {
        (row["account_id"], row["date"].isoformat()): {name: Decimal(str(round(row[name], 2))) for name in MEASURES}
        for row in grouped.iter_rows(named=True)
    }


@pytest.fixture(scope="module")
def short():
    """Two years that end on a leap day."""
    return generate(seed=8, end=date(2024, 2, 29), years=2)


def test_the_same_arguments_give_the_same_bytes(short):
    again = generate(seed=8, end=date(2024, 2, 29), years=2)
    assert [file.content for file in again.files] == [file.content for file in short.files]
    assert again.events == short.events
    assert again.truth.equals(short.truth)


def test_another_seed_gives_another_company(short):
    other = generate(seed=9, end=date(2024, 2, 29), years=2)
    assert not other.truth["revenue"].equals(short.truth["revenue"])


@pytest.mark.parametrize(("data_source", "report"), REPORTS)
def test_every_report_restates_to_the_truth(company, newest, data_source, report):
    truth = true_account_days(company, data_source)
    settled = {key for key in truth if date.fromisoformat(key[1]) <= END - timedelta(days=LAG)}
    reported = account_days(newest(data_source, report))
    assert reported.keys() == truth.keys()
    assert {key: reported[key] for key in settled} == {key: truth[key] for key in settled}


@pytest.mark.parametrize(("data_source", "report"), REPORTS)
def test_the_last_days_are_provisional(company, newest, data_source, report):
    truth, reported = true_account_days(company, data_source), account_days(newest(data_source, report))
    recent = [key for key in truth if date.fromisoformat(key[1]) > END - timedelta(days=LAG)]
    for name in ("spend", "impressions", "clicks"):
        assert all(reported[key][name] == truth[key][name] for key in recent)
    known = sum(reported[key]["revenue"] for key in recent) / sum(truth[key]["revenue"] for key in recent)
    assert Decimal("0.85") < known < Decimal("0.99")


@pytest.mark.parametrize("data_source", ["google_ads", "facebook_ads"])
def test_reports_of_one_account_agree(newest, data_source):
    reports = [report for source, report in REPORTS if source == data_source]
    first, *others = [account_days(newest(data_source, report)) for report in reports]
    assert all(other == first for other in others)


@pytest.mark.parametrize(("data_source", "report"), REPORTS)
def test_no_row_has_more_clicks_than_impressions_or_orders_than_clicks(newest, data_source, report):
    for numbers in newest(data_source, report).values():
        assert numbers["impressions"] >= numbers["clicks"] >= numbers["conversions"]
        assert numbers["conversions"] > 0 or numbers["revenue"] == 0


def test_rates_are_those_of_the_trade(company):
    sums = company.truth.filter(pl.col("spend") > 0).group_by("account_id").agg(pl.col(*MEASURES).sum())
    for row in sums.iter_rows(named=True):
        assert 2.5 < row["revenue"] / row["spend"] < 6
        assert 0.01 < row["clicks"] / row["impressions"] < 0.04
        assert 0.3 < row["spend"] / row["clicks"] < 1.5
        assert 0.015 < row["conversions"] / row["clicks"] < 0.05


def test_the_year_looks_alive(company):
    german = company.shop.filter(pl.col("market") == "DE").with_columns(month=pl.col("date").dt.month())
    by_month = dict(german.group_by("month").agg(pl.col("revenue").mean()).iter_rows())
    year = german.filter(pl.col("date").is_between(date(2025, 1, 1), date(2025, 12, 31)))
    assert year.sort("revenue")["date"][-1] in {
        date(2025, 11, 28),
        date(2025, 11, 29),
        date(2025, 11, 30),
        date(2025, 12, 1),
    }
    assert by_month[12] > 1.15 * by_month[7]
    assert min(by_month, key=by_month.get) in {2, 3, 6, 7, 8}


def test_an_event_is_worth_what_was_planted(company):
    black = company.effects.filter((pl.col("event") == "black-friday-2025") & (pl.col("market") == "DE"))
    running = black.filter(pl.col("date") <= date(2025, 12, 1))
    dip = black.filter(pl.col("date") > date(2025, 12, 1))
    assert running["factor"].n_unique() == 1
    assert 2.19 <= running["factor"][0] <= 2.61
    assert dip.height == 9
    assert dip["factor"].is_sorted()
    assert (dip["revenue"] < 0).all()
    shop = company.shop.filter(pl.col("market") == "DE").join(running, on="date")
    lost = shop["expected_revenue"] / running["factor"][0]
    assert ((shop["expected_revenue"] - lost) - running["revenue"]).abs().max() < 1e-6


def test_events_name_every_effect_and_reach_into_the_future(company):
    keys = [event.key for event in company.events]
    assert len(set(keys)) == len(keys)
    assert set(company.effects["event"]) <= set(keys)
    assert all(event.start <= event.end for event in company.events)
    assert sum(event.start > END for event in company.events) >= 10
    assert {event.status for event in company.events} == {"confirmed", "tentative"}


def test_gaps_are_where_the_calendar_says(company, newest):
    events = {event.key: event for event in company.events}
    outage, pause, opening = events["tag-outage"], events["meta-uk-pause"], events["uk-opening"]
    german = company.truth.filter((pl.col("currency") == "EUR") & pl.col("spend").is_not_null())
    silent = german.filter(pl.col("date").is_between(outage.start, outage.end))
    assert silent["conversions"].sum() == 0
    assert silent["spend"].sum() > 0
    uk = {date.fromisoformat(key[-1]) for key in newest("facebook_ads", "ad") if key[0] == "702551938846127"}
    assert min(uk) == opening.start
    paused = {pause.start + timedelta(days=day) for day in range(Parameters().pause_days)}
    assert not paused & uk
    assert {min(paused) - timedelta(days=1), max(paused) + timedelta(days=1)} <= uk


def test_two_currencies_and_two_zones(company):
    assert set(company.truth["currency"]) == {"EUR", "GBP"}
    assert {account.zone for account in Parameters().accounts} == {"Europe/Berlin", "Europe/London"}


def test_size_stays_within_what_loads_in_a_minute(company):
    orders = sum(file.rows for file in company.files if file.data_source == "orders")
    assert 60_000 < sum(file.rows for file in company.files) - orders < 150_000
    assert 150_000 < orders < 300_000
    assert len(company.files) < 200
    assert sum(len(file.content) for file in company.files) < 100e6


def test_another_length_ends_on_the_day_asked_for(short):
    assert short.truth["date"].max() == date(2024, 2, 29)
    assert short.truth["date"].n_unique() == round(2 * 365.25)


@pytest.mark.parametrize("years", [1, 11])
def test_a_history_of_another_length_is_refused(years):
    with pytest.raises(TooShortHistoryError) as refused:
        generate(seed=1, end=END, years=years)
    assert refused.value.details == {"years": years}
