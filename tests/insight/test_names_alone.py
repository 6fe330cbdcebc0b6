"""Names that came as rows of their own count wherever those in facts do: answers, history, rules, reconciliation."""

import io
import json
from datetime import date

import pytest
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.insight import service
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing import jobs
from kalends.marketing import service as marketing
from kalends.marketing.reconciliation.overlap import Seen
from kalends.marketing.reconciliation.reading import Wanted, read_seen
from kalends.marketing.stewardship import rules
from kalends.marketing.stewardship.naming import rule_of_template

assert jobs.apply_batches.kind  # the kind is declared by importing it

SPRING = Period(date(2026, 2, 1), date(2026, 4, 30))


def row(campaign, spend, day="2026-02-10", account="act_1", **more):
    return {
        "account_id": account, "account_currency": "EUR", "campaign_id": campaign, "date_start": day, "date_stop": day,
        "spend": spend, "impressions": "1000", "clicks": "20",
    } | more  # fmt: skip


def called(campaign, name, account="act_1"):
    return {"id": campaign, "name": name, "account_id": account, "objective": "SALES"}


@pytest.fixture
def send(house, scope):
    """Load rows of a platform and wait until they are published; gives the batch's id."""

    def load(*rows, data_source="facebook_ads"):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        batch = marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source=data_source)
        work_off(house, scope)
        with house.work(scope) as work:
            told = marketing.describe(work, batch_id=batch)
        assert (told.state, told.quarantined) == ("published", 0), told
        return batch

    return load


def work_off(house, scope):
    with house.work(scope) as work:
        query = text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")
        waiting = work.session.execute(query).scalars().all()
    for task in waiting:
        run_task(house, scope.tenant_id, task)


def take_back(house, scope, batch):
    with house.work(scope) as work:
        marketing.take_back(work, batch_id=batch)
    work_off(house, scope)


def ask(house, scope, *dimensions, filters=(), **more):
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), SPRING, dimensions, filters, **more))
        return {tuple(r[name] for name in found.query.dimensions): float(r["spend"]) for r in found.rows}, found


def trace(house, scope, found, **cell):
    with house.work(scope) as work:
        return service.trace(work, handle=found.handle, cell=cell)


@pytest.mark.parametrize("order", ["names first", "names last"])
def test_names_count_whether_they_come_before_or_after_the_facts(house, scope, send, order):
    facts = row("c1", "10"), row("c2", "5"), row("c3", "1", campaign_name="Own"), row("c4", "2")
    names = called("c1", "DE_Shoes"), called("c2", "FR_Hats"), called("c3", "Other")
    for rows in (names, facts) if order == "names first" else (facts, names):
        send(*rows)
    told = {("DE_Shoes",): 10, ("FR_Hats",): 5, (None,): 2}
    # The fact names itself on its day; what was said of it since is what it is called now.
    assert ask(house, scope, "campaign_name")[0] == told | {("Other",): 1}
    assert ask(house, scope, "campaign_name_then")[0] == told | {("Own",): 1}
    # The same of the facts: a dimension that the rollup has not.
    by_facts = ask(house, scope, "campaign_name_then", "attribution")[0]
    assert {name: spend for (name, _), spend in by_facts.items()} == {name: n for (name,), n in told.items()} | {
        "Own": 1
    }
    answers, _ = ask(house, scope, "campaign_id", filters=(Filter("campaign_name", ("DE_Shoes",)),))
    assert answers == {("c1",): 10}
    traced = trace(house, scope, ask(house, scope, "campaign_name")[1], campaign_name="DE_Shoes")
    assert (traced.count, float(traced.value)) == (1, 10)
    with house.work(scope) as work:
        assert marketing.find_campaigns(work, words="shoes", limit=5) == [("DE_Shoes", "facebook_ads")]


def test_a_renamed_campaign_was_called_otherwise_then(house, scope, send, clock, signed_in):
    send(row("c1", "10"))
    send(called("c1", "DE_Old"))
    before = clock.now
    clock.advance(days=10)
    send(row("c1", "20", "2026-03-12"), row("c1", "1", "2026-03-05"))
    named = send(called("c1", "DE_New"))
    assert ask(house, scope, "campaign_name")[0] == {("DE_New",): 31}
    assert ask(house, scope, "campaign_name_then")[0] == {("DE_Old",): 11, ("DE_New",): 20}
    assert ask(house, scope, "campaign_name", as_of=before)[0] == {("DE_Old",): 10}
    assert ask(house, scope, "campaign_name_then", "attribution", as_of=before)[0] == {("DE_Old", ""): 10}
    viewer = signed_in("viewer")
    told = viewer.get("/api/v1/marketing/names/meta/campaign/c1").json()
    assert told["now"] == "DE_New"
    assert [(one["account_id"], one["name"], one["first"], one["last"]) for one in told["names"]] == [
        ("1", "DE_New", "2026-03-12", "2026-03-12"), ("1", "DE_Old", "2026-03-02", "2026-03-02"),
    ]  # fmt: skip
    past = viewer.get("/api/v1/marketing/names/meta/campaign/c1", params={"as_of": before.isoformat()}).json()
    assert (past["now"], len(past["names"])) == ("DE_Old", 1)
    assert viewer.get("/api/v1/marketing/names/facebook_ads/campaign/none").status_code == 404
    take_back(house, scope, named)
    assert ask(house, scope, "campaign_name")[0] == {("DE_Old",): 31}
    assert viewer.get("/api/v1/marketing/names/meta/campaign/c1").json()["now"] == "DE_Old"


def test_names_that_are_taken_back_go_and_those_that_somebody_repeated_stay(house, scope, send, clock):
    first = send(called("c1", "Kept"), called("c2", "Gone"))
    send(row("c1", "10"), row("c2", "5"))
    clock.advance(days=1)
    send(called("c1", "Kept"))
    at = clock.now
    clock.advance(days=1)
    assert ask(house, scope, "campaign_name")[0] == {("Kept",): 10, ("Gone",): 5}
    take_back(house, scope, first)
    assert ask(house, scope, "campaign_name")[0] == {("Kept",): 10, (None,): 5}
    assert ask(house, scope, "campaign_name", as_of=at)[0] == {("Kept",): 10, ("Gone",): 5}


def test_to_take_a_name_back_changes_no_earlier_answer(house, scope, send, clock):
    send(row("c1", "10"))
    send(called("c1", "A"))
    clock.advance(days=1)
    second = send(called("c1", "B"))
    clock.advance(days=1)
    send(called("c1", "A"))
    at = clock.now
    clock.advance(days=1)
    take_back(house, scope, second)
    assert ask(house, scope, "campaign_name")[0] == {("A",): 10}
    assert ask(house, scope, "campaign_name", as_of=at)[0] == {("A",): 10}


def test_names_that_are_read_again_stay_at_their_day(house, scope, send, clock):
    first = send(called("c1", "Old"))
    clock.advance(days=2)
    send(called("c1", "New"))
    send(row("c1", "10"), row("c1", "1", "2026-03-04"))
    for _ in range(2):
        clock.advance(days=1)
        with house.work(scope) as work:
            marketing.replay(work, batch_id=first)
        work_off(house, scope)
        assert ask(house, scope, "campaign_name")[0] == {("New",): 11}
        assert ask(house, scope, "campaign_name_then")[0] == {("Old",): 10, ("New",): 1}


def test_the_same_ids_elsewhere_have_names_of_their_own(house, scope, send, signed_in):
    send(row("c1", "10"), row("c1", "5", account="act_2"))
    send({"id": "c1", "name": "Snap", "ad_account_id": "1", "objective": "SALES"}, data_source="snapchat_ads")
    send(called("c1", "One"), called("c1", "Two", "act_2"))
    snap = {"campaign_id": "c1", "ad_account_id": "1", "date": "2026-02-10", "spend": 3000000, "impressions": 9}
    send(snap, data_source="snapchat_ads")
    told = ask(house, scope, "data_source", "account_id", "campaign_name")[0]
    assert set(told) == {("facebook_ads", "1", "One"), ("facebook_ads", "2", "Two"), ("snapchat_ads", "1", "Snap")}
    viewer = signed_in("viewer")
    assert viewer.get("/api/v1/marketing/names/snapchat_ads/campaign/c1").json()["now"] == "Snap"


def test_accounts_and_the_api(house, scope, send, signed_in):
    send(row("c1", "10"), row("c2", "5", account="act_2"))
    send({"account_id": "act_1", "name": "Shop", "account_status": 1, "currency": "EUR"})
    send(called("c1", "Named"))
    body = {"date_range_start": "2026-02-01", "date_range_end": "2026-02-28", "metrics": ["spend"]}
    for column, name in {"campaign_name": "Named", "account_name": "Shop"}.items():
        rows = signed_in("viewer").post("/api/v1/marketing/insights", json=body | {"group_by": [column]}).json()["rows"]
        assert {row[column] for row in rows} == {name, None}
    assert signed_in("viewer").get("/api/v1/marketing/names/facebook_ads/account/1").json()["now"] == "Shop"


def test_rules_about_names_see_them(house, scope, send):
    send(row("c1", "10"), row("c2", "5"))
    send(called("c1", "DE_Shoes"), called("c2", "FR_Hats"))
    with house.work(scope) as work:
        told = [rule_of_template("{market}_{product}").model_dump()]
        rules.save(work, kind="names", rules=rules.read_rules("names", told))
        tried = rules.try_out(work, rules=rules.rules_at(work, version=1), kind="names")
    assert ask(house, scope, "own:market")[0] == {("DE",): 10, ("FR",): 5}
    assert (tried.names, tried.fits) == (2, 2)


def test_claims_are_held_against_what_was_counted_for_the_campaign_of_that_name(house, scope, send, clock):
    purchase = {"actions": [{"action_type": "purchase", "value": "3"}]}
    send(row("c1", "10", **purchase))
    counted = {
        "date": "20260210", "sessionCampaignName": "de_shoes", "sessionDefaultChannelGroup": "Paid Social",
        "sessions": "40", "conversions": "2", "purchaseRevenue": "90",
    }  # fmt: skip
    send(counted, data_source="google_analytics")
    wanted = Wanted(date(2026, 2, 1), date(2026, 2, 28), ("conversions",), frozenset(), "EUR")
    with house.work(scope) as work:
        assert read_seen(work.warehouse, wanted, "conversions") == {}
    at = clock.now
    clock.advance(hours=1)
    send(called("c1", "DE_Shoes"))
    with house.work(scope) as work:
        assert read_seen(work.warehouse, wanted, "conversions") == {"facebook_ads": Seen(3, 2)}
        now, then = marketing.data_version(work), marketing.version_at(work, instant=at)
    for version, seen in ((now, {"facebook_ads": Seen(3, 2)}), (then, {})):
        with house.work(scope) as work:
            past = Wanted(date(2026, 2, 1), date(2026, 2, 28), ("conversions",), frozenset(), "EUR", version=version)
            assert read_seen(work.warehouse, past, "conversions") == seen


def test_a_store_of_an_older_version_learns_whose_the_names_are(house, scope, send):
    send(called("c1", "Named"))
    send(row("c1", "10"))
    with house.warehouse.tenant(scope.tenant_id) as warehouse, warehouse.write():
        for column in ("data_source", "said"):
            warehouse.run(f"ALTER TABLE entity_names DROP COLUMN {column}")
        warehouse.run("DROP TABLE called")
        warehouse.run("UPDATE daily SET campaign_name = NULL")
    with house.work(scope) as work:
        from kalends.marketing import names

        assert [one.name for one in names.told_alone(work, level="campaign", words=(), version=9, limit=9)] == ["Named"]
    assert ask(house, scope, "campaign_name")[0] == {(None,): 10}
    send(row("c2", "1"))
    assert ask(house, scope, "campaign_name")[0] == {("Named",): 10, (None,): 1}


def test_of_several_names_in_one_file_the_last_holds_and_the_file_again_says_nothing(house, scope, send, clock):
    send(row("c1", "10"))
    for _ in range(3):
        send(called("c1", "Spring"), called("c1", "Summer"))
        clock.advance(hours=1)
    assert ask(house, scope, "campaign_name")[0] == {("Summer",): 10}
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        said = warehouse.execute("SELECT name FROM entity_names").to_pylist()
    assert said == [{"name": "Summer"}]
