"""Whatever reports of a platform are brought, each answer reads one of them: nothing is counted twice."""

import json

import pytest
from syncing import connect, known, platform, slices, work_off

from kalends.insight import service
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing.connectors.registry import CONNECTORS

FEW = 3
CUTS = {"device": "device", "country": "country", "age": "age", "keyword": "keyword_text"}
"""Dimension -> the breakdown that it needs."""
ADS = sorted(
    name
    for name, connector in CONNECTORS.items()
    if name.endswith("_ads") and any("/" in one.name for one in connector.reports)
)


@pytest.mark.parametrize("data_source", ADS)
def test_spend_is_told_once_however_many_reports_have_it(house, scope, data_source):
    names = [one.name for one in CONNECTORS[data_source].reports if not one.name.startswith("ad")]
    with platform(house, data_source) as standin:
        _, run_id = connect(house, scope, standin, reports=names, history=FEW)
        work_off(house, scope)
        parts = slices(house, scope, run_id)
    assert {part.state for part in parts} == {"landed"}
    first, last = max(one.date_from for one in parts), min(one.date_to for one in parts)
    spent = sum(row["spend"] for row in known(standin, first, last, "campaign").values())
    assert spent > 0

    def ask(*dimensions):
        with house.work(scope) as work:
            return service.run(work, query=Query(("spend",), Period(first, last), dimensions=dimensions))

    assert ask().totals == {"spend": spent}
    by_campaign = {row["campaign_id"]: row["spend"] for row in ask("campaign_id").rows}
    assert sum(by_campaign.values()) == spent
    assert len(by_campaign) > 1
    for dimension, needs in CUTS.items():
        for name in [name for name in names if needs in name.partition("/")[2].split("+")]:
            part = sum(row["spend"] for row in known(standin, first, last, name).values())
            told = [row["spend"] for row in ask(dimension).rows]
            # Meta rounds each part to cents. Amazon's display ads have no keywords: what an account spent is told by
            # keyword as a whole or not at all.
            covers = abs(part - spent) < spent / 200
            assert sum(told) == (part if covers else 0), dimension
            assert len(told) > 1 or not covers, dimension


GERMANY = {
    "google_ads": ("campaign/country+targeting_location", "2276"),
    "linkedin_ads": ("account/country", "101282230"),
    "pinterest_ads": ("campaign/country", "DE"),
    "snapchat_ads": ("campaign/country", "de"),
}
"""Platform -> its report by country, and what it calls Germany."""


def test_a_country_is_one_row_over_platforms_that_call_it_otherwise(house, scope):
    days, spent = [], {}
    for data_source, (report, called) in GERMANY.items():
        with platform(house, data_source) as standin:
            _, run_id = connect(house, scope, standin, reports=[report], history=FEW)
            work_off(house, scope)
            parts = [part for part in slices(house, scope, run_id) if part.state == "landed"]
        span = max(part.date_from for part in parts), min(part.date_to for part in parts)
        days.append(span)
        rows = known(standin, *span, report).items()
        spent[data_source] = {
            key[-1]: sum(row["spend"] for other, row in rows if told(other) == called and other[-1] == key[-1])
            for key, _ in rows
        }
    period = Period(max(first for first, _ in days), min(last for _, last in days))
    wanted = sum(by_day.get(day, 0) for by_day in spent.values() for day in period.dates())
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), period, ("country",)))
        each = service.run(work, query=Query(("spend",), period, ("data_source",), (Filter("country", ("Germany",)),)))
    assert wanted > 0
    assert {row["country"]: row["spend"] for row in found.rows}["DE"] == wanted
    assert {row["data_source"] for row in each.rows} == GERMANY.keys()


def told(key):
    """The country of a row, as its platform calls it."""
    return json.loads(key[-2])["country"]
