"""One country is one row of an answer, however each platform writes it; and what it wrote stays to be found."""

from decimal import Decimal

import pytest
from tests.insight.conftest import asker, fact, load
from tests.insight.test_engine import JUNE, ask

from kalends.insight import service
from kalends.insight.engine import run, to_sql
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query, Snapshot, from_handle, handle
from kalends.marketing import jobs

assert jobs.apply_batches.kind  # the kind is declared by importing it

WRITTEN = {
    "google_ads": "2276",
    "microsoft_ads": "Germany",
    "facebook_ads": "DE",
    "tiktok_ads": "DEU",
    "salesforce": "Deutschland",
}


def by_country(source, country, spend, **more):
    told = f'{{"country":"{country}"}}' if country else '{"country":""}'
    return fact(data_source=source, report="campaign/country", country=country, breakdowns=told, spend=spend, **more)


@pytest.fixture
def loaded(ware):
    load(ware, [by_country(source, country, 10) for source, country in WRITTEN.items()] + [
        by_country("facebook_ads", "FR", 7),
        by_country("microsoft_ads", "France", 3, campaign_id="c2"),
        by_country("microsoft_ads", "Atlantis", 2, campaign_id="c3"),
        by_country("microsoft_ads", None, 1, campaign_id="c4"),
    ])  # fmt: skip
    return ware


def rows(answer):
    return {row["country"]: row["spend"] for row in answer.rows}


def test_a_country_is_one_row_and_what_is_none_stays_as_it_came(loaded):
    assert rows(ask(loaded, "spend", dimensions=("country",))) == {"DE": 50, "FR": 10, "Atlantis": 2, None: 1}


def test_a_filter_takes_any_notation(loaded):
    for told in ("DE", "germany", "276", "Allemagne"):
        kept = (Filter("country", (told,)),)
        assert kept == (Filter("country", ("DE",)),)
        assert ask(loaded, "spend", filters=kept).totals == {"spend": Decimal(50)}
    without = Filter("country", ("Germany", "Atlantis"), "not_in")
    assert rows(ask(loaded, "spend", dimensions=("country",), filters=(without,))) == {"FR": 10, None: 1}
    assert ask(loaded, "spend", filters=(Filter("country", ("Atlantis", None)),)).totals == {"spend": Decimal(3)}


@pytest.mark.parametrize(
    ("part", "spend"), [("german", 50), ("ran", 10), ("lant", 2), ("de", 50), ("Frankreich", None)]
)
def test_a_part_is_looked_for_in_code_and_english_name(loaded, part, spend):
    assert ask(loaded, "spend", filters=(Filter("country", (part,), "contains"),)).totals == {"spend": spend}


def test_what_a_platform_said_stays_in_the_fact(loaded):
    said = ask(loaded, "spend", dimensions=("breakdown:country", "data_source"), filters=(Filter("country", ("DE",)),))
    assert {row["data_source"]: row["breakdown:country"] for row in said.rows} == WRITTEN


def test_countries_cost_nothing_where_nobody_asks_for_them(loaded):
    query = Query(("spend",), Period(JUNE.start, JUNE.end), ("data_source",))
    assert "Deutschland" not in to_sql(asker(loaded), query)
    assert "Deutschland" in to_sql(asker(loaded), Query(("spend",), JUNE, ("country",)))


def test_a_notation_that_comes_later_is_known_at_once(ware):
    load(ware, [by_country("facebook_ads", "DE", 10)])
    assert rows(ask(ware, "spend", dimensions=("country",))) == {"DE": 10}
    load(ware, [by_country("microsoft_ads", "Germany", 5)])
    later = asker(ware, snapshot=Snapshot(2, 1, JUNE.end))
    assert rows(run(later, Query(("spend",), JUNE, ("country",)))) == {"DE": 15}


def test_a_number_by_country_leads_to_the_rows_of_every_notation(house, scope, ingest):
    day = {"date_start": "2024-06-01", "date_stop": "2024-06-01", "account_id": "act_1", "account_currency": "EUR"}
    ingest(
        *(
            day | {"campaign_id": campaign, "country": country, "spend": "10", "impressions": "1000", "clicks": "20"}
            for campaign, country in (("c1", "DE"), ("c2", "Germany"), ("c3", "FR"))
        )
    )
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), JUNE, ("country",)))
        traced = service.trace(work, handle=found.handle, cell={"country": "DE"})
    assert (traced.count, traced.value) == (2, Decimal(20))
    assert sorted(fact["breakdowns"] for fact in traced.facts) == ['{"country":"DE"}', '{"country":"Germany"}']


def test_a_handle_keeps_the_country():
    query = Query(("spend",), JUNE, filters=(Filter("country", ("Germany",)),))
    assert from_handle(handle(query, Snapshot(1)))[0] == query
