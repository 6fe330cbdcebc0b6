"""Which conversions count: rules per platform and account, new files by them, earlier ones read again."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_rows import Company

from kalends.marketing import jobs, versions
from kalends.marketing.batches import get
from kalends.marketing.stewardship import rules, typesseen
from kalends.marketing.stewardship.rules import BadRuleError

assert jobs.replay_batches  # the kind is declared by importing it

TYPES = ("purchase", "omni_purchase", "lead", 'say "hi", l\'été')
DAY = date(2026, 1, 10)


def meta(place, told, *, account="act_1", **changes):
    return {
        "account_id": account, "account_currency": "EUR", "campaign_id": f"c{place}", "ad_id": f"ad{place}",
        "date_start": (DAY + timedelta(days=place % 3)).isoformat(), "spend": "10.00", "clicks": "5",
        "date_stop": (DAY + timedelta(days=place % 3)).isoformat(), "impressions": "100",
        "actions": [{"action_type": kind, "value": str(count)} for kind, count in told.items()],
        "action_values": [{"action_type": kind, "value": str(count * 10)} for kind, count in told.items()],
    } | changes  # fmt: skip


def put(room, *wanted):
    with room.door.work() as work:
        return rules.save(work, kind="conversions", rules=rules.read_rules("conversions", list(wanted)))


def rule(*types, source="facebook_ads", **more):
    return {"data_source": source, "types": list(types)} | more


def total(room, column="conversions"):
    found = [row[column] for row in room.facts() if row[column] is not None]
    return float(sum(found)) if found else None


def tried(room, *wanted):
    with room.door.work() as work:
        now = rules.conversion_rules(work)[1]
        return typesseen.effects(work, rules=rules.read_rules("conversions", list(wanted)), now=now)


def read_again(room, client):
    begun = client.post("/api/v1/marketing/replays", json={}).json()
    room.work_off()
    room.work_off()
    return begun["total"]


SOLD = [meta(0, {"purchase": 3, "omni_purchase": 4, "lead": 7}), meta(1, {"purchase": 2}), meta(2, {"lead": 5})]


def test_types_of_one_event_are_an_order_and_never_a_sum(room):
    put(room, rule("purchase", "omni_purchase"))
    batch = room.load(SOLD)
    assert total(room) == 3 + 2  # not 4 more, though omni_purchase is listed as well
    assert total(room, "revenue") == 50
    assert batch.report["conversions"] == {"version": 1, "rules": [rule("purchase", "omni_purchase")]}


def test_a_change_offers_to_read_the_past_again_and_undo_needs_no_reading(room, client, clock):
    first = room.load(SOLD)
    assert total(room) == 4 + 2 + 5  # as nobody has made a rule: the widest count first
    assert "conversions" not in first.report
    known = room.facts()
    clock.advance(hours=1)
    put(room, rule("lead"))
    [effect] = tried(room)
    assert (effect.before, effect.after) == (11, 11)  # as the rule is gone again: nothing has been read by it
    assert total(room) == 11
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 1
    with room.door.work() as work:
        rules.undo(work, kind="conversions")
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 0
    put(room, rule("lead"))
    assert read_again(room, client) == 1
    assert total(room) == 12
    assert client.get("/api/v1/marketing/replays").json() | {"message": ""} == {
        "batches": 0, "state": "done", "done": 1, "total": 1, "message": "",
    }  # fmt: skip
    with room.door.work() as work:
        then = work.warehouse.to_arrow(versions.facts_as_of(work.warehouse, version=first.seq)).to_pylist()
    assert sorted(row["conversions"] for row in then) == sorted(row["conversions"] for row in known)
    assert read_again(room, client) == 0


def test_an_account_has_its_own_rule(room):
    put(room, rule("purchase"), rule("lead", account_id="act_2"))
    room.load([*SOLD, meta(3, {"purchase": 100, "lead": 1}, account="act_2")])
    assert {row["account_id"] for row in room.facts()} == {"1", "2"}
    assert total(room) == 3 + 2 + 1


def test_files_whose_payload_is_gone_are_not_read_again(room, client):
    batch = room.load(SOLD)
    with room.door.work() as work:
        get(work, batch.id).file_id = None
    put(room, rule("lead"))
    assert client.get("/api/v1/marketing/replays").json()["batches"] == 0


LINKEDIN = [
    {
        "dateRange": {"start": {"year": 2026, "month": 1, "day": 10}, "end": {"year": 2026, "month": 1, "day": 10}},
        "pivotValues": ["urn:li:sponsoredCampaign:1"], "costInLocalCurrency": "10.0", "impressions": 100, "clicks": 5,
        "externalWebsiteConversions": 4, "externalWebsitePostClickConversions": 3, "oneClickLeads": 2,
    }
]  # fmt: skip


def test_columns_of_types_are_chosen_likewise(room):
    room.load(LINKEDIN, source="linkedin_ads")
    assert total(room) == 6  # website conversions and leads are different events
    put(room, rule("external_website_post_click", source="linkedin_ads"))
    [effect] = tried(room, rule("one_click_lead", "external_website", source="linkedin_ads"))
    assert (effect.before, effect.after) == (6, 2)
    [effect] = tried(room)
    assert effect.after is None  # the platform's own number counts again: only its files know it
    clicked = room.load([LINKEDIN[0] | {"clicks": 6}], source="linkedin_ads")
    assert total(room) == 3
    assert clicked.report["warnings"] == ["1 rows name no currency: read as EUR, the workspace's own."]
    lacking = {key: value for key, value in LINKEDIN[0].items() if "PostClick" not in key}
    poor = room.load([lacking], source="linkedin_ads")
    assert total(room) is None
    assert "no column of the conversions that count (external_website_post_click)" in " ".join(poor.report["warnings"])


def test_a_platform_with_value_columns_gives_the_worth_of_the_type_that_counts(room):
    row = {
        "date": "2026-01-10", "campaignId": "1", "campaignName": "A", "cost": "5", "impressions": "10", "clicks": "2",
        "purchases": "9", "sales": "90.00", "purchasesClicks": "4", "salesClicks": "40.00", "purchases14d": "8",
    }  # fmt: skip
    room.load([row], source="amazon_ads")
    before = total(room)
    put(room, rule("purchases_clicks", source="amazon_ads"))
    room.load([row | {"clicks": "3"}], source="amazon_ads")
    assert (before, total(room), total(room, "revenue")) == (8, 4, 40)


def test_events_that_count_are_named(room, client):
    events = [
        {"event": name, "properties": {"time": 1768046400, "distinct_id": f"p{place}", "$insert_id": f"i{place}"}}
        for place, name in enumerate(("Purchase", "Signed up", "Signed up", "Page viewed"))
    ]
    room.load(events, source="mixpanel")
    assert total(room) == 1
    [effect] = tried(room, rule("signed UP", "Purchase", source="mixpanel"))
    assert (effect.before, effect.after) == (1, 3)
    put(room, rule("signed UP", "Purchase", source="mixpanel"))
    read_again(room, client)
    assert total(room) == 3
    with room.door.work() as work:
        [seen] = typesseen.seen(work)
    assert [(one.type, one.count) for one in seen.types] == [("Signed up", 2), ("Page viewed", 1), ("Purchase", 1)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule("x", source="hubspot"), "does not tell types of conversions apart"),
        (rule("x", source="linkedin_ads"), "it has external_website"),
        (rule("lead", "lead"), "comes twice"),
        (rule(), "Rule 1, types: is empty"),
        (rule("lead", more=1), "Extra"),
    ],
)
def test_what_is_no_rule_is_said(wrong, said):
    with pytest.raises(BadRuleError, match=said):
        rules.read_rules("conversions", [wrong])
    with pytest.raises(BadRuleError, match="two rules"):
        rules.read_rules("conversions", [rule("lead", account_id="1"), rule("purchase", account_id="act_1")])


def test_a_type_that_a_property_named_itself_may_count_before_anybody_saw_it(room):
    row = {"property_id": "7", "date": DAY.isoformat(), "keyEvents": 9, "keyEvents:sign_up": 4}
    put(room, rule("sign_up", "key_events", source="google_analytics"))
    room.load([row], source="google_analytics")
    assert total(room, "conversions") == 4


TOLD = st.dictionaries(st.sampled_from(TYPES), st.integers(0, 9), max_size=4)
ORDERS = st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True)


@given(data=st.data(), told=st.lists(st.tuples(TOLD, st.sampled_from(["1", "2"])), min_size=8, max_size=24))
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_preview_says_what_reading_again_will_make(house, scope, client, data, told):
    room = Company(house, scope)
    source = data.draw(st.uuids()).hex[:6]  # days of earlier examples are restated, campaigns are not theirs
    rows = [meta(place, kinds, account=account, campaign_id=source) for place, (kinds, account) in enumerate(told)]
    everywhere, own = data.draw(ORDERS), data.draw(ORDERS)
    room.load(rows)
    wanted = [rule(*everywhere), rule(*own, account_id="2")]
    found = tried(room, *wanted)
    put(room, *wanted)
    read_again(room, client)
    expected = 0
    for kinds, account in told:
        expected += next((kinds[kind] for kind in (own if account == "2" else everywhere) if kind in kinds), 0)
    own_rows = [row for row in room.facts() if row["campaign_id"] == source]
    assert sum(row["conversions"] or 0 for row in own_rows) == expected
    if found:
        assert (found[0].after or 0) == sum(row["conversions"] or 0 for row in room.facts())


def test_types_are_told_alike_on_every_engine(tenant_on, stage):
    base = {
        "data_source": "facebook_ads", "report": "ad", "account_id": "1", "ad_id": "x", "date_from": DAY,
        "date_to": DAY, "impressions": 10, "conversions": 3.0,
    }  # fmt: skip
    stage(
        [
            base | {"attribution": "7d_click", "conversion_types": '{"purchase":[3.0,30.5],"l\\"\'été":[4.0,null]}'},
            base | {"attribution": "1d_click", "conversion_types": '{"purchase":[2.0,20.0]}'},
            base | {"ad_id": "y", "conversion_types": '{"purchase":[nan,null]}', "conversions": None},
            base | {"report": "ad/age", "breakdowns": '{"age":"1"}', "conversion_types": '{"purchase":[3.0,30.5]}'},
        ]
    )
    at = datetime(2026, 1, 11, tzinfo=UTC)
    with tenant_on.write():
        versions.apply_batch(tenant_on, batch_seq=1, reported_at=at, recorded_at=at)
    work = SimpleNamespace(warehouse=tenant_on)
    [seen] = typesseen.seen(work)
    assert (seen.last, seen.conversions) == (DAY, 3)
    assert [(one.type, one.count, one.value) for one in seen.types] == [("l\"'été", 4, None), ("purchase", 3, 30.5)]
    wanted = rules.read_rules("conversions", [rule("l\"'été", "purchase"), rule("lead", account_id="2")])
    [effect] = typesseen.effects(work, rules=wanted, now=())
    assert (effect.before, effect.after) == (3, 4)


def test_rules_over_http_and_on_the_page(room, signed_in):
    room.load(SOLD)
    editor, viewer = signed_in("editor"), signed_in("viewer")
    [seen] = viewer.get("/api/v1/marketing/rules/conversions/types").json()
    assert (seen["conversions"], seen["types"][0]) == (
        11,
        {"account_id": "1", "type": "lead", "count": 12, "value": 120},
    )
    body = {"rules": [rule("lead", "purchase")]}
    [effect] = viewer.post("/api/v1/marketing/rules/conversions/preview", json=body).json()
    assert (effect["before"], effect["after"]) == (11, 14)
    assert viewer.put("/api/v1/marketing/rules/conversions", json=body).status_code == 403
    assert editor.put("/api/v1/marketing/rules/conversions", json=body).json()["version"] == 1
    tried = {"data_source": "meta", "data_entries": SOLD}
    shown = viewer.post("/api/v1/marketing/transform", json=tried).json()
    assert sum(row["conversions"] for row in shown["rows"]) == 14
    editor.headers["accept"] = viewer.headers["accept"] = "text/html"
    page = editor.get("/data/conversions").text
    assert "lead\npurchase</textarea>" in page
    assert "never a sum" in page
    assert "Salesforce and HubSpot tell no types of conversions" in page
    assert "1 file was read by older rules" in page
    assert "Let them count" not in viewer.get("/data/conversions").text
    sent = {"account_id": ["", "act_1"], "types": ["purchase", "omni_purchase"]}
    tried = editor.post("/data/conversions/facebook_ads/preview", data=sent).text
    assert "11 → 4" in tried
    assert (
        "twice" in editor.post("/data/conversions/facebook_ads/preview", data={"account_id": "", "types": "a\na"}).text
    )
    wrong = editor.post("/data/conversions/facebook_ads", data={"account_id": "", "types": "a\na"})
    assert wrong.status_code == 422
    assert "Rule 1: the type &#39;a&#39; comes twice" in wrong.text
    odd = {"account_id": "", "types": "lead\nno_such_type"}
    assert "never told: no_such_type." in editor.post("/data/conversions/facebook_ads/preview", data=odd).text
    said = editor.post("/data/conversions/facebook_ads", data=odd).headers["location"]
    assert "never told: no_such_type." in editor.get(said).text
    editor.post("/data/conversions/undo")
    assert editor.post("/data/conversions/facebook_ads", data=sent).status_code == 303
    kept = editor.get("/api/v1/marketing/rules/conversions").json()["rules"]
    assert kept == [rule("purchase"), rule("omni_purchase", account_id="1")]
    assert editor.post("/data/conversions/replays").status_code == 303
    room.work_off()
    room.work_off()
    assert total(room) == 4
    batch = viewer.get("/api/v1/marketing/batches").json()["batches"][0]
    assert "your rule, version 4" in viewer.get(f"/data/batches/{batch['id']}").text
    told = viewer.get(f"/api/v1/marketing/batches/{batch['id']}/lineage").json()
    assert "Conversions, version 4" in [node["label"] for node in told["nodes"]]
    assert editor.post("/data/conversions/undo").status_code == 303
    assert editor.get("/api/v1/marketing/rules/conversions").json()["rules"] == body["rules"]
