"""Own channel groups and parts of campaign names as dimensions: in answers, as of earlier, in lineage, over HTTP."""

import html
import re
from datetime import date

import pytest

from kalends.base.errors import KalendsError
from kalends.insight import service
from kalends.insight.dimensions import UnknownDimensionError
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing import jobs
from kalends.marketing.stewardship import rules
from kalends.marketing.stewardship.naming import rule_of_template

assert jobs.apply_batches.kind  # the kind is declared by importing it

WEEK = Period(date(2026, 2, 9), date(2026, 2, 15))


def row(campaign, name, spend, **more):
    return {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": campaign, "campaign_name": name,
        "date_start": "2026-02-10", "date_stop": "2026-02-10", "spend": spend, "impressions": "1000", "clicks": "20",
    } | more  # fmt: skip


@pytest.fixture
def loaded(ingest):
    ingest(row("c1", "DE_Shoes", "10"), row("c2", "FR_Shoes", "5"), row("c3", "DE_Hats", "2"), row("c4", "Brand", "1"))


def ask(house, scope, *dimensions, filters=(), **more):
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), WEEK, dimensions, filters, **more))
        return {tuple(r[name] for name in found.query.dimensions): float(r["spend"]) for r in found.rows}, found


def put(house, scope, kind, *read):
    with house.work(scope) as work:
        return rules.save(work, kind=kind, rules=rules.read_rules(kind, list(read)))


def group(name, **conditions):
    return {"name": name, "conditions": [
        {"field": field, "operator": "is" if field == "channel" else "contains", "values": [value]}
        for field, value in conditions.items()
    ]}  # fmt: skip


def test_parts_of_names_group_and_filter(house, scope, loaded):
    put(house, scope, "names", rule_of_template("{market}_{product}").model_dump())
    assert ask(house, scope, "own:market")[0] == {("DE",): 12, ("FR",): 5, (None,): 1}
    kept = (Filter("own:product", ("Shoes",)),)
    assert ask(house, scope, "own:market", filters=kept)[0] == {("DE",): 10, ("FR",): 5}
    with pytest.raises(UnknownDimensionError, match="own:market, own:product"):
        ask(house, scope, "own:funnel")


def test_the_usual_groups_count_until_somebody_makes_others(house, scope, loaded):
    assert ask(house, scope, "channel_group")[0] == {("Paid social",): 18}
    put(
        house,
        scope,
        "channel_groups",
        group("Brand", campaign_name="brand"),
        group("Shoes", channel="paid_social", campaign_name="shoes"),
    )
    assert ask(house, scope, "channel_group")[0] == {("Brand",): 1, ("Shoes",): 15, ("Other",): 2}


def test_answers_as_of_earlier_and_handles_keep_the_rules_of_their_time(house, scope, clock, loaded):
    clock.advance(hours=1)
    put(house, scope, "channel_groups", group("Brand", campaign_name="brand"))
    before, (then, found) = clock.now, ask(house, scope, "channel_group")
    clock.advance(hours=1)
    put(house, scope, "channel_groups", group("Shoes", campaign_name="shoes"))
    assert ask(house, scope, "channel_group")[0] == {("Shoes",): 15, ("Other",): 3}
    assert ask(house, scope, "channel_group", as_of=before)[0] == then == {("Brand",): 1, ("Other",): 17}
    with house.work(scope) as work:
        assert {r["channel_group"]: float(r["spend"]) for r in service.again(work, handle=found.handle).rows} == {
            "Brand": 1, "Other": 17,
        }  # fmt: skip
        traced = service.trace(work, handle=found.handle, cell={"channel_group": "Brand"})
    assert (traced.count, float(traced.value)) == (1, 1)


def test_undo_goes_back_and_forth_and_the_same_rules_again_are_no_change(house, scope, clock):
    made = put(house, scope, "names", rule_of_template("{market}_{*}").model_dump())
    assert put(house, scope, "names", rule_of_template("{market}_{*}").model_dump()).version == made.version
    with house.work(scope) as work:
        assert rules.undo(work, kind="names").rules == []
        assert rules.undo(work, kind="names").rules == made.rules
        assert [state.version for state in rules.history_of(work, kind="names")] == [3, 2, 1]
        with pytest.raises(rules.NothingToUndoError):
            rules.undo(work, kind="channel_groups")


def test_rules_over_http(loaded, signed_in):
    editor, viewer = signed_in("editor"), signed_in("viewer")
    body = {"rules": [{"delimiter": "_", "parts": ["market", "product"]}]}
    tried = viewer.post("/api/v1/marketing/rules/names/preview", json=body).json()
    assert (tried["names"], tried["fits"]) == (4, 3)
    assert tried["values"]["market"] == {"DE": 2, "": 1, "FR": 1}
    assert tried["examples"][0]["campaign_name"] == "Brand"  # what does not fit comes first
    assert viewer.put("/api/v1/marketing/rules/names", json=body).status_code == 403
    assert editor.put("/api/v1/marketing/rules/names", json=body).json()["version"] == 1
    asked = {
        "date_range_start": "2026-02-09",
        "date_range_end": "2026-02-15",
        "metrics": ["spend"],
        "group_by": ["own:market"],
    }
    told = viewer.post("/api/v1/marketing/insights", json=asked).json()
    assert {r["own:market"]: r["spend"] for r in told["rows"]} == {"DE": 12, "FR": 5, None: 1}
    bad = editor.put("/api/v1/marketing/rules/names", json={"rules": [{"pattern": r"(?P<a>x)\1"}]})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_rule")
    assert editor.post("/api/v1/marketing/rules/names/undo").json()["rules"] == []
    # What was made once per question is made again for other rules.
    assert viewer.post("/api/v1/marketing/insights", json=asked).status_code == 422


def test_the_page_tries_rules_out_on_real_names_and_undoes(loaded, signed_in):
    editor = signed_in("editor")
    editor.headers["accept"] = "text/html"
    page = editor.get("/data/names").text
    assert "0 of 4 campaigns" in page  # no name rule yet
    assert 'value="Paid social"' in page
    tried = editor.post("/data/names/names/preview", data={"0.template": "{market}_{product}"}).text
    assert "3 of 4 campaigns" in tried
    assert "own:market" in tried
    wrong = editor.post("/data/names/names/preview", data={"0.template": "market"}).text
    assert "write the parts in braces" in wrong
    assert editor.post("/data/names/names", data={"0.template": "market"}).status_code == 422
    wrong = {"0.template": "{market}_{product}", "0.data_source": "googel"}
    said = editor.post("/data/names/names", data=wrong)
    assert said.status_code == 422
    assert "“Only on platform”: “googel” is not known; did you mean google_ads?" in said.text
    assert 'value="googel"' in said.text
    assert '<option value="google_ads">Google Ads</option>' in page
    assert editor.post("/data/names/names", data=wrong | {"0.data_source": "google ads"}).status_code == 303
    [made] = editor.get("/api/v1/marketing/rules/names").json()["rules"]
    assert made["data_source"] == "google_ads"
    for cells, error in {
        ("name", "Mine"): "Say what must hold: fill in one of “Platform is”",
        ("channel", "email"): "“Group”: give the group a name.",
        ("channel", "no_such_channel"): "“Channel is”: “no_such_channel” is not known. There are: paid_search,",
        ("channel", "email, soical"): "“soical” is not known",
        ("data_source", "Goggle Ads"): "“Platform is”: “Goggle Ads” is not known; did you mean google_ads?",
        ("data_source", ","): "“Platform is”: is empty",
        ("campaign_name", "x" * 300): "“Campaign name has”: has more than 200 characters",
    }.items():
        answer = editor.post("/data/names/channel_groups", data={f"0.{cells[0]}": cells[1]})
        assert (answer.status_code, error in html.unescape(answer.text)) == (422, True), error
    kept = {"0.name": "Mine", "0.data_source": "Meta Ads, klaviyo", "0.channel": "Paid social"}
    assert editor.post("/data/names/channel_groups", data=kept).status_code == 303
    [made] = editor.get("/api/v1/marketing/rules/channel_groups").json()["rules"]
    assert [one["values"] for one in made["conditions"]] == [["facebook_ads", "klaviyo"], ["paid_social"]]
    editor.post("/data/names/channel_groups/undo")
    groups = {
        "0.name": "Rest",
        "0.channel": "paid_social",
        "0.order": "2",
        "1.name": "Shoes",
        "1.campaign_name": "/^(DE|FR)_Shoes$/",
        "1.order": "1",
    }
    saved = editor.post("/data/names/channel_groups", data=groups)
    assert saved.status_code == 303
    page = editor.get("/data/names").text
    assert page.index('value="Shoes"') < page.index('value="Rest"')
    assert 'value="/^(DE|FR)_Shoes$/"' in page
    assert "Shoes 2" in page
    editor.post("/data/names/channel_groups/undo")
    assert 'value="Rest"' not in editor.get("/data/names").text
    # What a row has no room for stays as a program made it.
    made = {"name": "Long", "conditions": [{"field": "campaign_name", "operator": "starts_with", "values": ["DE"]}]}
    editor.put("/api/v1/marketing/rules/channel_groups", json={"rules": [made]})
    form = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', editor.get("/data/names").text))
    kept = {key: html.unescape(value) for key, value in form.items() if key.startswith("0.") and "template" not in key}
    assert editor.post("/data/names/channel_groups", data=kept).status_code == 303
    assert editor.get("/api/v1/marketing/rules/channel_groups").json()["rules"] == [made]
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    assert "Let them count" not in viewer.get("/data/names").text
    assert issubclass(rules.BadRuleError, KalendsError)
