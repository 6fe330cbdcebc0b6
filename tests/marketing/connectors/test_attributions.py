"""Attribution windows beside the account's own setting: asked for, told apart, and never in the way of what counts."""

from datetime import date
from decimal import Decimal

import pytest
from syncing import connect, exactly, known, opener, platform, slices, stored, work_off

from kalends.insight import service as insight
from kalends.insight.periods import Period
from kalends.insight.query import Query
from kalends.marketing import service
from kalends.marketing.connectors import connections, runs
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.stewardship import rules, typesseen

WINDOWS = {
    "facebook_ads": (("1d_click", 50), ("28d_click", 80)),
    "pinterest_ads": (("7d_click", 60), ("7d_click_7d_engagement_1d_view", 88)),
    "snapchat_ads": (("7d_swipe", 70), ("1d_swipe_1d_view", 70)),
}
"""Two windows of each platform that offers some, and how many of a hundred conversions its stand-in counts by them."""


def under(rows, percent):
    """What a platform says that counts only so many of a hundred conversions."""
    found = {}
    for key, row in rows.items():
        conversions = (row["conversions"] or 0) * percent // 100
        worth = (row["revenue"] or 0) / row["conversions"] if row["conversions"] else Decimal(0)
        found[key] = row | {"conversions": conversions, "revenue": conversions * worth}
    return found


def counted(rows):
    """Rows as they can be compared, what there is none of as nothing."""
    return {key: {name: value or None for name, value in row.items()} for key, row in exactly(rows).items()}


def span_of(house, scope, run_id, window=""):
    """The days that a run brought under a window."""
    found = [one for one in slices(house, scope, run_id) if one.attribution == window]
    assert {one.state for one in found} == {"landed"}
    return min(one.date_from for one in found), max(one.date_to for one in found)


def change(house, scope, connection_id, windows):
    """Choose other windows, and bring what is due."""
    with house.work(scope) as work:
        connections.choose(work, connection_id=connection_id, attributions=windows)
        run_id = runs.start(work, connection_id=connection_id).id
    work_off(house, scope)
    return run_id


def test_every_platform_that_offers_windows_is_tried_here():
    assert {name for name, one in CONNECTORS.items() if one.attributions} == WINDOWS.keys()
    assert all(window in CONNECTORS[name].attributions for name, some in WINDOWS.items() for window, _ in some)


@pytest.mark.parametrize("name", WINDOWS)
def test_what_each_window_says_is_kept_apart_and_stays_when_another_is_chosen(house, scope, name):
    (first, percent), (second, other) = WINDOWS[name]
    with platform(house, name) as standin:
        connection_id, run_id = connect(house, scope, standin, history=45, attributions=[first])
        work_off(house, scope)
        days = span_of(house, scope, run_id, first)
        house.clock.advance(days=1)
        later = change(house, scope, connection_id, [second])
        newer = span_of(house, scope, later, second)
        own = span_of(house, scope, later)
        house.clock.advance(days=1)
        last = change(house, scope, connection_id, [])
        assert {one.attribution for one in slices(house, scope, last)} == {""}
        whole = days[0], span_of(house, scope, last)[1]
    assert own[0] > newer[0], "a window that is new has all the history to bring"
    kept = {window: stored(house, scope, standin, window=window) for window in ("", first, second)}
    assert counted(kept[first]) == counted(under(exactly(known(standin, *days)), percent))
    assert counted(kept[second]) == counted(under(exactly(known(standin, *newer)), other))
    assert counted(kept[""]) == counted(exactly(known(standin, *whole)))


def test_what_the_account_is_set_to_counts_once(house, scope):
    with platform(house, "facebook_ads") as standin:
        _, run_id = connect(house, scope, standin, history=10, attributions=["1d_click", "7d_click"])
        work_off(house, scope)
        rows = exactly(known(standin, *span_of(house, scope, run_id)))
    with house.work(scope) as work:
        sums = "sum(spend) AS spend, sum(conversions) AS conversions"
        [told] = work.warehouse.execute(f"SELECT {sums} FROM daily").to_pylist()
        [told_again] = work.warehouse.execute("SELECT sum(repeats) AS n FROM report_days").to_pylist()
    for name in ("spend", "conversions"):
        assert Decimal(str(told[name])) == sum(row[name] or 0 for row in rows.values())
    assert told_again["n"] == 2 * len(rows)


def test_of_meta_each_window_is_a_type_of_conversion_as_well_that_a_rule_may_let_count(house, scope):
    with platform(house, "facebook_ads") as standin:
        _, run_id = connect(house, scope, standin, history=10, attributions=["1d_click"])
        work_off(house, scope)
        before = exactly(known(standin, *span_of(house, scope, run_id)))
    rule = {"data_source": "facebook_ads", "types": ["omni_purchase_1d_click"]}
    with house.work(scope) as work:
        rules.save(work, kind="conversions", rules=rules.read_rules("conversions", [rule]))
        service.replay_older(work)
    work_off(house, scope)
    assert counted(stored(house, scope, standin)) == counted(under(before, 50))


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_that_was_asked_for_can_be_made_the_one_that_counts_and_back(house, scope, clock, name):
    (window, percent), _ = WINDOWS[name]
    with platform(house, name) as standin:
        _, run_id = connect(house, scope, standin, history=10, attributions=[window])
        work_off(house, scope)
        whole = exactly(known(standin, *span_of(house, scope, run_id)))
    own, wanted = (total(rows) for rows in (whole, under(whole, percent)))
    assert own != wanted
    assert total_in(house, scope) == own
    before = clock.now
    clock.advance(hours=1)
    rule = {"data_source": name, "window": window}
    let_count(house, scope, [rule])
    for dimension in ((), ("attribution",)):  # of the rollup, and of facts
        assert total_in(house, scope, *dimension) == wanted
        assert total_in(house, scope, *dimension, as_of=before) == own
    with house.work(scope) as work:
        assert typesseen.effects(work, rules=(), now=rules.conversion_rules(work)[1])[0].after is None
    let_count(house, scope, [])
    assert total_in(house, scope) == own


def let_count(house, scope, told):
    """Make rules, and read the files again by them."""
    with house.work(scope) as work:
        rules.save(work, kind="conversions", rules=rules.read_rules("conversions", told))
        service.replay_older(work)
    work_off(house, scope)


def total(rows):
    """Spend and conversions of all rows."""
    return tuple(float(sum(row[name] or 0 for row in rows.values())) for name in ("spend", "conversions"))


def total_in(house, scope, *dimensions, as_of=None):
    """The same, as an answer has them."""
    period = Period(date(2020, 1, 1), date(2030, 1, 1))
    with house.work(scope) as work:
        found = insight.run(work, query=Query(("spend", "conversions"), period, dimensions, as_of=as_of))
    return tuple(pytest.approx(float(found.totals[name])) for name in ("spend", "conversions"))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (
            {"data_source": "snapchat_ads", "window": "9d_swipe"},
            "no window '9d_swipe'; these can be asked for: 1d_swipe",
        ),
        ({"data_source": "tiktok_ads", "window": "7d_click"}, "asked for no other than its own"),
        ({"data_source": "snapchat_ads", "window": "7d_swipe", "account_id": "1"}, "counts for all accounts"),
        ({"data_source": "snapchat_ads"}, "Rule 1, types: is empty"),
    ],
)
def test_a_window_that_cannot_count_is_refused(client, rule, why):
    told = client.put("/api/v1/marketing/rules/conversions", json={"rules": [rule]})
    assert told.status_code == 422
    assert why in told.json()["detail"]


def test_the_window_that_counts_is_said_on_the_page(client, house, scope):
    with platform(house, "snapchat_ads") as standin:
        connect(house, scope, standin, history=3, attributions=["7d_swipe"])
        work_off(house, scope)
    client.headers["accept"] = "text/html"
    sent = {"account_id": "", "types": "", "window": "7d_swipe"}
    client.post("/data/conversions/snapchat_ads", data=sent)
    page = client.get("/data/conversions").text
    assert '<option value="7d_swipe" selected>' in page
    with house.work(scope) as work:
        [rule] = rules.conversion_rules(work)[1]
    assert (rule.data_source, rule.types, rule.window) == ("snapchat_ads", (), "7d_swipe")
    client.post("/data/conversions/snapchat_ads", data=sent | {"window": ""})
    with house.work(scope) as work:
        assert rules.conversion_rules(work)[1] == ()


def test_a_window_that_is_no_longer_chosen_is_not_asked_for(house, scope):
    with platform(house, "pinterest_ads") as standin:
        connection_id, run_id = connect(house, scope, standin, history=5, attributions=["7d_click"])
        with house.work(scope) as work:
            connections.choose(work, connection_id=connection_id, attributions=[])
        work_off(house, scope)
    states = {(one.attribution, one.state) for one in slices(house, scope, run_id)}
    assert states == {("", "landed"), ("7d_click", "cancelled")}
    assert not any("click_window_days" in one.order for one in standin.ordered.values())


def test_windows_are_chosen_over_http_and_on_the_page(client, house, scope):
    with platform(house, "facebook_ads") as standin:
        entered = {"data_source": "facebook_ads", "entered": dict(standin.secrets)}
        made = client.post("/api/v1/marketing/connections", json=entered).json()
        here, page = f"/api/v1/marketing/connections/{made['id']}", f"/data/platforms/{made['id']}"
        connections.test(house, open_work=opener(house, scope), connection_id=made["id"])
        offered = {one["data_source"]: one["attributions"] for one in client.get("/api/v1/marketing/platforms").json()}
        assert (made["attributions"], offered["facebook_ads"], offered["google_ads"]) == (
            [], ["1d_click", "7d_click", "28d_click", "1d_view"], []
        )  # fmt: skip
        refused = client.patch(here, json={"attributions": ["90d_click"]})
        assert (refused.status_code, refused.json()["field"]) == (422, "attributions")
        assert "90d_click" in refused.json()["detail"]
        assert "1 day after a view" in client.get(f"{page}/choose").text
        told = {"account": standin.truth.account_ids[0], "report": "campaign", "history": "5", "every": "1440"}
        client.post(f"{page}/choose", data=told | {"attribution": "1d_view"})
        assert client.get(here).json()["attributions"] == ["1d_view"]
        work_off(house, scope)
    assert 'value="1d_view" checked' in client.get(f"{page}/choose").text
    assert "and beside it 1 day after a view" in client.get(page).text
    files = [one["file_name"] for one in client.get("/api/v1/marketing/batches").json()["batches"]]
    assert any(name.endswith(", 1 day after a view") for name in files)
    client.post(f"{page}/choose", data=told)
    assert client.get(here).json()["attributions"] == []
    assert "by the platform’s own setting</dd>" in client.get(page).text
