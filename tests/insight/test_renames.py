"""What a campaign was called then and now: in answers, as of earlier, in filters, history and parts of names."""

from datetime import date

import pytest

from kalends.insight import service
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing import jobs
from kalends.marketing.stewardship import rules
from kalends.marketing.stewardship.naming import rule_of_template

assert jobs.apply_batches.kind  # the kind is declared by importing it

WEEKS = Period(date(2026, 2, 9), date(2026, 2, 22))


def row(campaign, name, spend, day, **more):
    return {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": campaign, "campaign_name": name,
        "date_start": f"2026-02-{day}", "date_stop": f"2026-02-{day}", "spend": spend, "impressions": "1000",
        "clicks": "20", "account_name": "Shop",
    } | more  # fmt: skip


@pytest.fixture
def loaded(ingest):
    ingest(row("c1", "DE_Old", "10", 10), row("c2", "DE_Old", "5", 10), row("c3", None, "1", 10))


def ask(house, scope, *dimensions, filters=(), **more):
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), WEEKS, dimensions, filters, **more))
        return {tuple(r[name] for name in found.query.dimensions): float(r["spend"]) for r in found.rows}, found


def test_names_are_those_of_now_and_rows_say_what_it_was_called_then(house, scope, ingest, clock, loaded):
    assert ask(house, scope, "campaign_name")[0] == {("DE_Old",): 15, (None,): 1}
    assert ask(house, scope, "campaign_name_then")[0] == {("DE_Old",): 15, (None,): 1}
    before = clock.now
    clock.advance(hours=1)
    ingest(row("c1", "FR_New", "20", 17), row("c3", "Named", "2", 17))
    assert ask(house, scope, "campaign_name")[0] == {("FR_New",): 30, ("DE_Old",): 5, ("Named",): 3}
    assert ask(house, scope, "campaign_name_then")[0] == {
        ("DE_Old",): 15, ("FR_New",): 20, (None,): 1, ("Named",): 2,
    }  # fmt: skip
    assert ask(house, scope, "campaign_name", "campaign_name_then")[0][("FR_New", "DE_Old")] == 10
    kept = (Filter("campaign_name", ("FR_New",)),)
    assert ask(house, scope, "campaign_id", filters=kept)[0] == {("c1",): 30}
    assert ask(house, scope, "campaign_id", filters=(Filter("campaign_name_then", ("DE_Old",)),))[0] == {
        ("c1",): 10, ("c2",): 5,
    }  # fmt: skip
    assert ask(house, scope, "campaign_name", as_of=before)[0] == {("DE_Old",): 15, (None,): 1}
    assert ask(house, scope, "campaign_name", as_of=clock.now)[0] == ask(house, scope, "campaign_name")[0]
    # The facts are read the same way as the rollup: a dimension that the rollup has not.
    by_facts = ask(house, scope, "campaign_name", "attribution")[0]
    assert {name: spend for (name, _), spend in by_facts.items()} == {"FR_New": 30, "DE_Old": 5, "Named": 3}


def test_a_number_by_the_name_of_now_leads_to_the_rows_of_then(house, scope, ingest, loaded):
    ingest(row("c1", "FR_New", "20", 17))
    _, found = ask(house, scope, "campaign_name")
    with house.work(scope) as work:
        traced = service.trace(work, handle=found.handle, cell={"campaign_name": "FR_New"})
    assert (traced.count, float(traced.value)) == (2, 30)


def test_parts_of_names_and_groups_follow_the_name_of_now(house, scope, ingest, loaded):
    ingest(row("c1", "FR_New", "20", 17), row("c2", "DE_Mid", "0", 16), row("c2", "DE_Old", "0", 17))
    with house.work(scope) as work:
        told = [rule_of_template("{market}_{product}").model_dump()]
        rules.save(work, kind="names", rules=rules.read_rules("names", told))
        tried = rules.try_out(work, rules=rules.rules_at(work, version=1), kind="names")
    assert ask(house, scope, "own:market")[0] == {("FR",): 30, ("DE",): 5, (None,): 1}
    assert (tried.names, tried.fits) == (3, 2)
    assert {row["campaign_name"] for row in tried.examples} == {"FR_New", "DE_Old", None}


def test_a_file_taken_back_takes_its_names_along(house, scope, ingest, loaded):
    batch = ingest(row("c1", "FR_New", "20", 17), row("c2", "FR_New", "1", 17))
    from kalends.marketing import service as marketing

    with house.work(scope) as work:
        marketing.take_back(work, batch_id=batch)
    ingest(row("c9", "Other", "1", 17))
    assert ask(house, scope, "campaign_name")[0] == {("DE_Old",): 15, (None,): 1, ("Other",): 1}
    assert ask(house, scope, "account_name")[0] == {("Shop",): 17}


def test_an_account_is_called_as_now_and_its_names_have_a_history(house, scope, ingest, clock, signed_in, loaded):
    before = clock.now
    clock.advance(hours=1)
    ingest(row("c1", "FR_New", "20", 17, account_name="Store"), row("c1", "FR_New", "20", 18, account_name="Store"))
    assert ask(house, scope, "account_name")[0] == {("Store",): 56}
    assert ask(house, scope, "account_name_then")[0] == {("Store",): 40, ("Shop",): 16}
    viewer = signed_in("viewer")
    told = viewer.get("/api/v1/marketing/names/meta/campaign/c1").json()
    assert told["now"] == "FR_New"
    assert [(one["name"], one["first"], one["last"]) for one in told["names"]] == [
        ("FR_New", "2026-02-17", "2026-02-18"), ("DE_Old", "2026-02-10", "2026-02-10"),
    ]  # fmt: skip
    past = viewer.get("/api/v1/marketing/names/meta/campaign/c1", params={"as_of": before.isoformat()}).json()
    assert (past["now"], len(past["names"])) == ("DE_Old", 1)
    assert viewer.get("/api/v1/marketing/names/facebook_ads/account/1").json()["now"] == "Store"
    assert viewer.get("/api/v1/marketing/names/facebook_ads/campaign/none").status_code == 404
    assert viewer.get("/api/v1/marketing/names/facebook_ads/keyword/c1").status_code == 422
