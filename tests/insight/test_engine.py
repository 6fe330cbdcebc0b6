"""Numbers worked out by hand, one rule of the engine each."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.insight.conftest import asker, fact, load

from kalends.insight.comparisons import compare
from kalends.insight.engine import Engine, run, to_sql
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing.rates import SCHEMA as RATES

JUNE = Period(date(2024, 6, 1), date(2024, 6, 30), "June 2024")


def ask(ware, *metrics, period=JUNE, **more):
    return run(asker(ware), Query(metrics, period, **more))


def test_nothing_is_null_and_not_zero(ware):
    answer = ask(ware, "spend", "roas", "ctr", "reach")
    assert answer.rows == [{"spend": None, "roas": None, "ctr": None, "reach": None}]
    assert answer.coverage.days_with_data == 0
    assert answer.coverage.days_asked == 30


def test_a_ratio_is_of_sums_and_a_zero_denominator_is_null(ware):
    load(ware, [
        fact(spend=10, revenue=50, clicks=0, impressions=0),
        fact(spend=30, revenue=30, clicks=0, impressions=0, campaign_id="c2"),
    ])  # fmt: skip
    assert ask(ware, "roas", "ctr", "clicks").rows == [{"roas": 2.0, "ctr": None, "clicks": 0}]


def test_two_reports_of_one_account_are_never_added_up(ware):
    load(ware, [
        fact(report="account", campaign_id="", spend=100, reach=900),
        fact(report="campaign", campaign_id="c1", spend=60, reach=600),
        fact(report="campaign", campaign_id="c2", spend=40, reach=500),
        fact(report="campaign/country", campaign_id="c1", country="DE", breakdowns='{"country":"DE"}', spend=60),
        fact(report="campaign/country", campaign_id="c2", country="FR", breakdowns='{"country":"FR"}', spend=40),
    ])  # fmt: skip
    assert ask(ware, "spend").totals == {"spend": Decimal(100)}
    by_country = ask(ware, "spend", dimensions=("country",))
    assert by_country.rows == [{"country": "DE", "spend": Decimal(60)}, {"country": "FR", "spend": Decimal(40)}]
    reach = ask(ware, "reach", dimensions=("campaign_id",))
    assert [row["reach"] for row in reach.rows] == [600, 500]
    assert reach.totals == {"reach": None}
    assert "cannot be added up" in reach.notes[0]
    assert ask(ware, "reach").rows == [{"reach": 900}]


def test_a_report_that_does_not_cover_is_left_out_and_the_missing_one_named(ware):
    load(ware, [
        fact(report="campaign", spend=100),
        fact(report="ad", ad_group_id="g", ad_id="1", spend=70),  # Performance Max spends without ads
    ])  # fmt: skip
    answer = ask(ware, "spend", dimensions=("ad_id",))
    assert answer.rows == []
    missing = answer.coverage.missing[0]
    assert (missing.data_source, missing.days, missing.ask_for) == ("google_ads", 1, "ad")
    assert ask(ware, "spend", dimensions=("device",)).coverage.missing[0].ask_for == "account/device"


def test_the_report_is_chosen_per_account_and_day(ware):
    ads = {"report": "ad", "ad_group_id": "g", "ad_id": "1"}
    load(ware, [
        fact(spend=10), fact(spend=10, **ads),
        fact(day=date(2024, 6, 2), spend=10), fact(day=date(2024, 6, 2), spend=7, **ads),
        fact(account_id="a2", spend=5, attribution="7d"),
    ])  # fmt: skip
    answer = ask(ware, "spend", dimensions=("date", "attribution"))
    assert [(row["date"].day, row["attribution"], row["spend"]) for row in answer.rows] == [
        (1, "", 10), (1, "7d", 5), (2, "", 10),
    ]  # fmt: skip
    assert [row["spend"] for row in ask(ware, "spend", dimensions=("ad_id",)).rows] == [10]


def test_rows_over_many_days_count_only_wholly_inside(ware):
    weeks = [date(2024, 5, 27), date(2024, 6, 3), date(2024, 6, 10)]
    load(ware, [fact(day=d, date_to=d + timedelta(days=6), spend=7) for d in weeks])
    answer = ask(ware, "spend")
    assert answer.totals == {"spend": Decimal(14)}
    assert (answer.coverage.days_with_data, answer.coverage.from_spans, answer.coverage.left_out_spans) == (14, 2, 1)
    assert ask(ware, "spend", dimensions=("date",)).rows == []
    assert [row["spend"] for row in ask(ware, "spend", dimensions=("week",)).rows] == [7, 7]


def test_rows_over_many_days_under_two_attribution_windows_count_once(ware):
    week = {"day": date(2024, 6, 3), "date_to": date(2024, 6, 9)}
    load(ware, [
        fact(spend=7, conversions=1, attribution="1d_click", **week),
        fact(spend=7, conversions=3, attribution="7d_click", **week),
        fact(spend=5, conversions=1, attribution="1d_click", campaign_id="c2", **week),
    ])  # fmt: skip
    answer = ask(ware, "spend", "conversions")
    assert answer.totals == {"spend": Decimal(12), "conversions": 4}
    assert "each thing counts once, under 7d_click" in answer.notes[0].lower()
    narrow = ask(ware, "conversions", filters=(Filter("attribution", ("1d_click",)),))
    assert (narrow.totals, narrow.notes) == ({"conversions": 2}, ())


def test_a_total_does_not_repeat_its_weeks_nor_its_days(ware):
    load(ware, [
        fact(day=date(2024, 6, 3), date_to=date(2024, 6, 9), spend=7),
        fact(day=date(2024, 6, 1), date_to=date(2024, 6, 30), spend=31),
        fact(account_id="a2", day=date(2024, 6, 3), date_to=date(2024, 6, 9), spend=100),
        fact(account_id="a2", day=date(2024, 6, 4), spend=1),
    ])  # fmt: skip
    answer = ask(ware, "spend")
    assert answer.totals == {"spend": Decimal(32)}
    assert answer.coverage.left_out_spans == 2


def test_compared_with_the_period_before(ware):
    load(ware, [fact(spend=30), fact(day=date(2024, 5, 31), spend=20), fact(day=date(2024, 4, 30), spend=99)])
    answer = ask(ware, "spend", compare_to=compare("previous_period", period=JUNE))
    assert answer.rows == [
        {"spend": Decimal(30), "spend_before": Decimal(20), "spend_difference": Decimal(10), "spend_change": 0.5}
    ]
    daily = ask(ware, "spend", compare_to=compare("previous_period", period=JUNE), dimensions=("date",))
    assert [(r["date"], r["spend"], r["spend_before"]) for r in daily.rows] == [
        (date(2024, 6, 1), 30, None), (date(2024, 6, 30), None, 20),
    ]  # fmt: skip
    assert daily.totals["spend_before"] == 20


def test_the_same_weekdays_and_the_same_dates_of_last_year_differ(ware):
    load(ware, [fact(spend=30), fact(day=date(2023, 6, 1), spend=1), fact(day=date(2023, 6, 3), spend=2)])
    day = Period(date(2024, 6, 1), date(2024, 6, 1))
    dates = ask(ware, "spend", period=day, compare_to=compare("same_dates_last_year", period=day), dimensions=("date",))
    weekdays = ask(ware, "spend", period=day, compare_to=compare("same_weekdays_last_year", period=day))
    assert dates.rows[0]["spend_before"] == 1
    assert weekdays.totals["spend_before"] == 2


def test_several_currencies_are_not_added_up(ware):
    load(ware, [fact(spend=30, clicks=3), fact(account_id="a2", currency="USD", spend=10, clicks=1)])
    answer = ask(ware, "spend", "clicks", "cpc")
    assert answer.rows == [{"spend": None, "clicks": 4, "cpc": None}]
    assert answer.currency is None
    assert "several currencies" in answer.notes[0]
    split = ask(ware, "spend", "cpc", dimensions=("currency",))
    assert [(r["currency"], r["spend"], r["cpc"]) for r in split.rows] == [("EUR", 30, 10.0), ("USD", 10, 10.0)]
    only = ask(ware, "spend", filters=(Filter("currency", ("USD",)),))
    assert (only.totals["spend"], only.currency) == (10, "USD")


def test_amounts_are_converted_at_their_days_rate_and_a_missing_rate_is_told(ware):
    ware.create("rates", RATES)
    ware.run(
        "INSERT INTO rates VALUES ('2024-06-01', 'USD', 'EUR', 8, 'ecb', 0),"
        " ('2024-06-01', 'USD', 'EUR', 0.9, 'ecb', 1), ('2024-06-01', 'USD', 'EUR', 9, 'x', 1)"
    )
    usd = {"account_id": "a2", "currency": "USD", "spend": 10}
    load(ware, [fact(spend=30), fact(**usd)])
    one = run(asker(ware, has_rates=True), Query(("spend",), JUNE, currency="EUR"))
    rate = "Amounts in USD were turned into EUR at 0.9: ecb (2024-06-01)."
    assert (one.totals["spend"], one.currency, one.notes) == (39, "EUR", (rate,))
    load(ware, [fact(day=date(2024, 6, 2), **usd)])
    two = run(asker(ware, has_rates=True), Query(("spend",), JUNE, dimensions=("date",), currency="EUR"))
    assert [row["spend"] for row in two.rows] == [39, None]
    assert set(two.notes) == {rate, "1 amounts have no exchange rate into EUR on their day."}


def test_without_any_rate_one_currency_stays_and_several_are_null(ware):
    ware.create("rates", RATES)
    load(ware, [fact(currency="USD", spend=10)])
    alone = run(asker(ware, has_rates=True), Query(("spend",), JUNE, currency="EUR"))
    assert (alone.totals["spend"], alone.currency) == (10, "USD")
    assert alone.notes == ("No exchange rate into EUR is known: amounts are in USD, as they came.",)
    load(ware, [fact(account_id="a2", spend=30)])
    two = run(asker(ware, engine=Engine(), has_rates=True), Query(("spend",), JUNE, ("account_id",), currency="EUR"))
    assert [(row["account_id"], row["spend"]) for row in two.rows] == [("a1", None), ("a2", 30)]
    assert two.notes == ("1 amounts have no exchange rate into EUR on their day.",)


def test_a_sale_that_several_sources_tell_is_not_added_up_silently(ware):
    load(ware, [
        fact(spend=10, conversions=3), fact(data_source="facebook_ads", spend=5, conversions=2),
        fact(data_source="google_analytics", report="campaign", conversions=4), fact(data_source="linkedin_ads", spend=1),
    ])  # fmt: skip
    told = ask(ware, "cost_per_conversion").notes
    said = "Conversions: what Google Ads, Google Analytics and Meta Ads each tell, added up. One sale may be in several"
    assert told == (f"{said}; reconciliation counts it once.",)
    assert ask(ware, "spend").notes == ()
    assert ask(ware, "conversions", filters=(Filter("data_source", ("google_ads", "linkedin_ads")),)).notes == ()


def test_numbers_are_provisional_until_their_platform_has_settled(ware):
    load(ware, [fact(day=date(2024, 5, 31), spend=1), fact(day=date(2024, 5, 1), spend=1)])
    young = ask(ware, "spend", period=Period(date(2024, 5, 1), date(2024, 5, 31)))
    old = ask(ware, "spend", period=Period(date(2024, 5, 1), date(2024, 5, 1)))
    assert (young.is_provisional, young.provisional_sources) == (True, ("google_ads",))
    assert (old.is_provisional, old.provisional_sources) == (False, ())


def test_order_limit_and_totals_of_all(ware):
    load(ware, [fact(campaign_id=f"c{n}", spend=n, clicks=10 - n) for n in range(1, 6)] + [fact(campaign_id="c9")])
    answer = ask(ware, "spend", "clicks", dimensions=("campaign_id",), order=("-spend",), limit=2)
    assert [row["campaign_id"] for row in answer.rows] == ["c5", "c4"]
    assert answer.totals == {"spend": Decimal(15), "clicks": 35}
    assert answer.words == (
        "Spend and Clicks, by campaign id, June 2024 (2024-06-01 to 2024-06-30), the first 2 by spend."
    )


@pytest.mark.parametrize(
    ("kept", "spend"),
    [
        (Filter("channel", ("video",)), 1), (Filter("channel", ("video", "nowhere", "search")), 3),
        (Filter("channel", ("video",), "not_in"), 6), (Filter("channel", (None,)), 4),
        (Filter("channel", (None, "video")), 5), (Filter("channel", (None, "video"), "not_in"), 2),
        (Filter("campaign_name", ("SALE",), "contains"), 2), (Filter("campaign_name", ("50%",), "contains"), 1),
    ],
)  # fmt: skip
def test_filters(ware, kept, spend):
    load(ware, [
        fact(campaign_id="1", channel="video", spend=1, campaign_name="50% off"),
        fact(campaign_id="2", channel="search", spend=2, campaign_name="Summer sale"),
        fact(campaign_id="3", channel=None, spend=4, campaign_name=None),
    ])  # fmt: skip
    assert ask(ware, "spend", filters=(kept,)).totals == {"spend": spend}


def test_breakdowns_of_a_platform(ware):
    ages = [('{"age":"18-24","gender":"f"}', 1), ('{"age":"18-24","gender":"m"}', 2), ('{"age":"65+","gender":"f"}', 4)]
    load(ware, [fact(report="campaign/age+gender", breakdowns=text, spend=n) for text, n in ages])
    answer = ask(ware, "spend", dimensions=("age",))
    assert [(row["age"], row["spend"]) for row in answer.rows] == [("18-24", 3), ("65+", 4)]


def test_a_keyword_is_told_by_its_text_whatever_stands_in_it(ware):
    texts = ['the "red" shoe', "back\\slash", 'both \\"']
    told = [
        json.dumps({"keyword": str(n), "keyword_text": text}, separators=(",", ":")) for n, text in enumerate(texts)
    ]
    load(ware, [fact(report="keyword/keyword+keyword_text", breakdowns=text, spend=n) for n, text in enumerate(told)])
    answer = ask(ware, "spend", dimensions=("Keyword",))
    assert {row["keyword"]: row["spend"] for row in answer.rows} == {text: n for n, text in enumerate(texts)}
    answer = ask(ware, "spend", dimensions=("keyword_id",), filters=(Filter("keyword", (texts[2],)),))
    assert [(row["keyword_id"], row["spend"]) for row in answer.rows] == [("2", 2)]


def test_sql_on_request_gives_the_same_rows(ware):
    load(ware, [fact(spend=30), fact(day=date(2024, 5, 31), spend=20)])
    query = Query(("spend", "roas"), JUNE, ("date",), compare_to=compare("previous_period", period=JUNE))
    told = ware.execute(to_sql(asker(ware), query)).to_pylist()
    assert [row["spend_0"] for row in sorted(told, key=lambda row: row["date"])] == [
        row["spend"] for row in run(asker(ware), query).rows
    ]
