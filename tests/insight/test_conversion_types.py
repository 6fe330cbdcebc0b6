"""Conversions by type: out of the text that facts keep, for conversions and their worth alone."""

import json
from decimal import Decimal

import pytest
from tests.insight.conftest import asker, fact, load
from tests.insight.test_engine import JUNE, ask

from kalends.insight import service
from kalends.insight.engine import run, to_sql
from kalends.insight.query import BadQueryError, Filter, Query
from kalends.insight.schemas import InsightsIn
from kalends.marketing import jobs

assert jobs.apply_batches.kind  # the kind is declared by importing it

BY_TYPE = {"dimensions": ("conversion_type",)}


def typed(campaign, spend, types, **more):
    told = json.dumps(types, separators=(",", ":"), ensure_ascii=False) if types else None
    return fact(data_source="facebook_ads", campaign_id=campaign, spend=spend, conversion_types=told, **more)


@pytest.fixture
def loaded(ware):
    load(ware, [
        typed("c1", 10, {"lead": [3.0, None], "purchase": [2.0, 40.5]}, conversions=2, revenue="40.5"),
        typed("c2", 20, {"omni_purchase": [2.0, 40.5], "purchase": [1.5, None]}, conversions=1.5),
        typed("c3", 5, None),
        fact(data_source="klaviyo", campaign_id="k1", conversions=7, revenue=70),
    ])  # fmt: skip
    return ware


def rows(answer):
    return {row["conversion_type"]: (row["conversions"], row.get("revenue")) for row in answer.rows}


def test_each_type_has_its_own_count_and_worth_and_who_tells_none_is_named(loaded):
    answer = ask(loaded, "conversions", "revenue", **BY_TYPE)
    assert rows(answer) == {
        "lead": (3, None),
        "omni_purchase": (2, Decimal("40.5")),
        "purchase": (3.5, Decimal("40.5")),
        None: (7, 70),
    }
    assert "Conversions of Klaviyo come without types: they are of no type here." in answer.notes
    assert ask(loaded, "aov", **BY_TYPE).rows[1] == {"conversion_type": "omni_purchase", "aov": 20.25}


def test_types_overlap_so_that_only_those_that_are_named_are_added_up(loaded):
    answer = ask(loaded, "conversions", **BY_TYPE)
    assert answer.totals == {"conversions": None}
    assert any("not added up" in note for note in answer.notes)
    named = (Filter("conversion_type", ("lead", "purchase")),)
    answer = ask(loaded, "conversions", filters=named, **BY_TYPE)
    assert answer.totals == {"conversions": 6.5}
    assert not any("not added up" in note for note in answer.notes)
    assert ask(loaded, "conversions", filters=named, dimensions=("campaign_id",)).rows == [
        {"campaign_id": "c1", "conversions": 5},
        {"campaign_id": "c2", "conversions": 1.5},
    ]


@pytest.mark.parametrize(
    ("kept", "count"),
    [
        (Filter("conversion_type", ("purchase",), "contains"), 5.5),
        (Filter("conversion_type", (None,)), 7),
        (Filter("conversion_type", ("lead", None), "not_in"), 5.5),
        (Filter("conversion_type", ("nothing like it",)), None),
    ],
)
def test_types_are_filtered_by(loaded, kept, count):
    assert ask(loaded, "conversions", filters=(kept,)).totals == {"conversions": count}


def test_without_the_dimension_nothing_changes(loaded):
    assert ask(loaded, "conversions", "spend").totals == {"conversions": 10.5, "spend": 35}
    assert "conversion_types" not in to_sql(asker(loaded), Query(("conversions",), JUNE, ("campaign_id",)))


@pytest.mark.parametrize(
    "name", ['a "quoted" one', "back\\slash", "ends\\", '],"no', 'x":[y', "ä, ö]", "{", '{"', "null", "[1,2]"]
)
def test_names_are_whatever_a_company_calls_its_events(ware, name):
    load(ware, [typed("c1", 1, {name: [1.0, None], "zz": [2.0, 3.0]})])
    assert rows(ask(ware, "conversions", "revenue", **BY_TYPE)) == {name: (1, None), "zz": (2, 3)}


@pytest.mark.parametrize("asked", ["spend", "roas", "cost_per_conversion", "clicks", "reach"])
def test_what_has_no_type_is_not_asked_by_type(asked):
    with pytest.raises(BadQueryError, match=rf"no {asked} of a type.*conversions"):
        Query((asked,), JUNE, ("conversion_type",))
    with pytest.raises(BadQueryError, match="of a type"):
        Query(("conversions", asked), JUNE, filters=(Filter("conversion_type", ("lead",)),))


def test_a_thing_told_under_several_windows_counts_once(ware):
    both = {"purchase": [2.0, 9.0]}
    load(ware, [typed("c1", 1, both), typed("c1", 1, both, attribution="1d_click")])
    assert rows(ask(ware, "conversions", "revenue", **BY_TYPE)) == {"purchase": (2, 9)}


def test_it_is_compared_like_any_other(loaded):
    from kalends.insight.comparisons import compare

    query = Query(("conversions",), JUNE, ("conversion_type",), compare_to=compare("previous_period", period=JUNE))
    found = {row["conversion_type"]: row for row in run(asker(loaded), query).rows}
    assert found["lead"]["conversions"] == 3
    assert found["lead"]["conversions_before"] is None
    assert query.dimensions == Query(("conversions",), JUNE, ("Type of conversion",)).dimensions


def test_the_page_of_a_number_shows_its_types(client, house, scope, ingest):
    day = {"date_start": "2024-06-01", "date_stop": "2024-06-01", "account_id": "act_1", "account_currency": "EUR"}
    actions = [{"action_type": "purchase", "value": "2"}, {"action_type": "lead", "value": "5"}]
    ingest(day | {"campaign_id": "c1", "spend": "10", "impressions": "9", "clicks": "3", "actions": actions})
    with house.work(scope) as work:
        handle = service.run(work, query=Query(("conversions", "spend"), JUNE)).handle
    page = client.get("/trace", params={"handle": handle, "metric": "conversions"}).text
    assert "By type of conversion" in page
    types = page.partition("By type of conversion")[2]
    assert types.index("<code>lead</code>") < types.index("<code>purchase</code>")
    assert "By type of conversion" not in client.get("/trace", params={"handle": handle, "metric": "spend"}).text


def test_over_http_and_down_to_the_rows(house, scope, ingest):
    day = {"date_start": "2024-06-01", "date_stop": "2024-06-01", "account_id": "act_1", "account_currency": "EUR"}
    kinds = (("purchase", "2"), ("lead", "5"))
    actions = [{"action_type": kind, "value": value} for kind, value in kinds]
    worth = [{"action_type": "purchase", "value": "40"}]
    told = {"spend": "10", "impressions": "1000", "clicks": "20", "actions": actions, "action_values": worth}
    ingest(day | {"campaign_id": "c1"} | told, day | {"campaign_id": "c2", "spend": "1", "impressions": "9"})
    asked = {"date_range_start": JUNE.start, "date_range_end": JUNE.end, "metrics": ["conversions", "revenue"]}
    kept = [{"dimension": "conversion_type", "values": ["lead"]}]
    with house.work(scope) as work:
        found = service.insights(work, asked=InsightsIn(group_by=["conversion_type"], **asked))
        leads = service.insights(work, asked=InsightsIn(filters=kept, **asked))
        handle = found.lineage
        traced = service.trace(work, handle=handle, cell={"conversion_type": "purchase"})
    assert [(row["conversion_type"], row["conversions"], row["revenue"]) for row in found.rows] == [
        ("lead", 5, None),
        ("purchase", 2, 40),
    ]
    assert "by type of conversion" in found.words
    assert leads.totals["conversions"] == 5
    assert (traced.count, traced.value, traced.facts[0]["conversions"]) == (1, 2, 2)
