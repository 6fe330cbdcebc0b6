"""Reconciliation over real stores: files of four sources, one answer; decisions, undone; as it was known then; pages."""

import io
import random
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import jobs, service

assert jobs.apply_batches.kind  # the kind is declared by importing it

FIRST, DAYS = date(2026, 1, 1), 45
LAST = FIRST + timedelta(days=DAYS - 1)
WHOLE = {"date_range_start": FIRST.isoformat(), "date_range_end": LAST.isoformat()}
AD_HEAD = "Tag,Kontonummer,Kampagne,Kosten,Klicks,Konversionen,Umsatz"
ODD = FIRST + timedelta(days=40)
"""The day on which the agency's file is far off."""


@pytest.fixture
def tenant(company):
    return company


@pytest.fixture
def load(house, scope):
    """Load a file of a source and have it applied."""

    def run(source, body, *, scope=scope):
        door = Door(house=house, scope=scope, is_local=True)
        batch_id = service.land_file(door, io.BytesIO(body.encode()), data_source=source, file_name=f"{source}.csv")
        with house.work(scope) as work:
            found = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id"))
            waiting = found.scalars().all()
        for task_id in waiting:
            run_task(house, scope.tenant_id, task_id)
        with house.work(scope) as work:
            batch = service.describe(work, batch_id=batch_id)
        assert (batch.state, batch.quarantined) == ("published", 0), batch
        return batch

    return run


def company_files():
    """A shop; analytics that reads 8 % low; two platforms that claim more than there is; an agency's spend."""
    rng = random.Random(4)
    shop, analytics, google, meta, agency = (
        ["order_id,date,market,total,currency"],
        ["Tag,Kampagne,Umsatz,Konversionen"],
        [AD_HEAD],
        [AD_HEAD],
        ["date,channel,spend"],
    )
    for place in range(DAYS):
        day, size = FIRST + timedelta(days=place), rng.randrange(40, 60)
        total = 0.0
        for order in range(size):
            amount = round(rng.uniform(20, 180), 2)
            total += amount
            shop.append(f"{day}-{order},{day},DE,{amount},EUR")
        seen = total * 0.92 * rng.lognormvariate(0, 0.01)
        analytics.append(f"{day},Brand,{seen * 0.3:.2f},{round(size * 0.3)}")
        analytics.append(f"{day},(direct),{seen * 0.7:.2f},{round(size * 0.7)}")
        google.append(f"{day},g1,Brand,{200 + place},{500 + place},{round(size * 0.6)},{total * 0.6:.2f}")
        meta.append(f"{day},m1,Spring,{100 + place},{300 + place},{round(size * 0.7)},{total * 0.7:.2f}")
        agency.append(f"{day},Google Ads,{(200 + place) * (3 if day == ODD else 1.01):.2f}")
    files = {
        "orders": shop,
        "google_analytics": analytics,
        "google_ads": google,
        "facebook_ads": meta,
        "agency": agency,
    }
    return {source: "\n".join(lines) + "\n" for source, lines in files.items()}


@pytest.fixture
def loaded(load):
    for source, body in company_files().items():
        load(source, body)


def cells_of(answer):
    return {cell["metric"]: cell for cell in answer["cells"]}


@pytest.fixture
def sold():
    """What the shop sold."""
    return sum(float(line.split(",")[3]) for line in company_files()["orders"].splitlines()[1:])


def test_one_number_per_cell_with_who_said_what(loaded, client, sold):
    answer = client.post("/api/v1/data/aggregate", json=WHOLE)
    assert answer.status_code == 200, answer.text
    answer = answer.json()
    revenue = cells_of(answer)["revenue"]
    # The shop's level holds; analytics is named as 8 % low; claims are beside it and never in it.
    assert revenue["low"] == revenue["value"] == revenue["high"] == pytest.approx(sold, rel=1e-9)
    assert cells_of(answer)["conversions"]["value"] == len(company_files()["orders"].splitlines()) - 1
    reading = next(
        one for one in answer["sources"] if (one["source"], one["metric"]) == ("google_analytics", "revenue")
    )
    assert reading["is_biased"]
    assert reading["words"].startswith("Google Analytics reads 8 % low")
    claims = revenue["claims"]
    assert {one["platform"] for one in claims["claimed"]} == {"google_ads", "facebook_ads"}
    assert claims["claimed_total"] == pytest.approx(1.3 * sold, rel=0.01)
    assert claims["deduplicated"] == pytest.approx((1 - 0.4 * 0.3) * sold, rel=0.02)
    assert claims["high"] <= claims["sold"]
    google = next(one for one in claims["claimed"] if one["platform"] == "google_ads")
    assert google["over"] == pytest.approx(0.6 / (0.3 * 0.92) - 1, rel=0.03)


SPENT = sum(300 + 2 * place for place in range(DAYS))
"""Of all platforms together."""


def test_what_is_too_far_apart_waits_for_a_person(loaded, client):
    # Spend of the platforms adds up; the agency speaks of Google's alone, and is far off on one day.
    spend = cells_of(client.post("/data/aggregate", json=WHOLE).json())["spend"]
    assert (spend["open_days"], spend["value"]) == (1, None)
    assert spend["low"] < SPENT < spend["high"]
    waiting = client.get("/data/conflicts?state=open").json()
    assert waiting["counts"]["open"] == waiting["total"] == 1
    days = "&date_range_start={}&date_range_end={}"
    assert client.get("/data/conflicts?state=open" + days.format(ODD, ODD)).json()["total"] == 1
    assert client.get("/data/conflicts?state=open" + days.format(FIRST, FIRST)).json()["total"] == 0
    assert client.get(f"/data/conflicts?first={FIRST}" + days.format(ODD, ODD)).status_code == 422
    [conflict] = waiting["conflicts"]
    assert (conflict["date"], conflict["metric"], conflict["platform"]) == (ODD.isoformat(), "spend", "google_ads")
    assert {one["source"]: one["value"] for one in conflict["said"]} == {"google_ads": 240.0, "agency": 720.0}


def test_what_people_decide_holds_later_is_undone_and_is_not_known_before(loaded, client, house, clock):
    [conflict] = client.get("/data/conflicts?state=open").json()["conflicts"]
    before = clock.now
    clock.advance(hours=1)
    body = {"conflict_ids": [conflict["id"]], "source": "google_ads", "note": "the invoice"}
    assert client.put("/api/v1/data/resolve-conflicts", json={**body, "source": "tiktok_ads"}).status_code == 422
    resolved = client.put("/api/v1/data/resolve-conflicts", json=body).json()
    assert (resolved["resolved"], resolved["conflicts"][0]["state"]) == (1, "decided")
    decided = cells_of(client.post("/data/aggregate", json=WHOLE).json())["spend"]
    assert decided["value"] == pytest.approx(SPENT, rel=0.01)
    then = {**WHOLE, "as_of": before.isoformat()}
    assert cells_of(client.post("/data/aggregate", json=then).json())["spend"]["value"] is None
    clock.advance(hours=1)
    client.put("/data/resolve-conflicts", json={"conflict_ids": [conflict["id"]], "value": 250})
    third = cells_of(client.post("/data/aggregate", json=WHOLE).json())["spend"]["value"]
    assert third == pytest.approx(decided["value"] + 10, abs=0.5)
    client.put("/data/resolve-conflicts", json={"conflict_ids": [conflict["id"]], "reopen": True})
    assert client.get("/data/conflicts?state=open").json()["total"] == 1
    with house.work(Scope(tenant_id=client_tenant(house), role="owner", label="test")) as work:
        trail = work.session.execute(text("SELECT action FROM audit_entries WHERE action LIKE 'claims.%' ORDER BY id"))
        assert trail.scalars().all() == ["claims.resolve", "claims.resolve", "claims.reopen"]


def test_what_is_loaded_later_is_not_in_an_answer_as_of_earlier(loaded, load, client, clock, sold):
    # Facts, orders and rates are those of then.
    found = cells_of(client.post("/data/aggregate", json=WHOLE).json())
    noon = clock.now
    clock.advance(hours=1)
    load("google_ads", f"{AD_HEAD}\n{FIRST},g1,Brand,2000,1,1,1\n")
    load("orders", f"order_id,date,market,total,currency\nlate,{FIRST},DE,100000,EUR\n")
    later = cells_of(client.post("/data/aggregate", json=WHOLE).json())
    earlier = cells_of(client.post("/data/aggregate", json={**WHOLE, "as_of": noon.isoformat()}).json())
    assert later["revenue"]["value"] > 1.2 * sold
    for metric in ("spend", "revenue", "conversions"):
        assert earlier[metric] == found[metric]


def test_an_answer_says_how_many_of_the_asked_days_it_is_of(load, client):
    files = company_files()
    orders = files["orders"].splitlines(keepends=True)
    load("orders", "".join(line for line in orders if not line.startswith("2026-01-2")))
    load("facebook_ads", files["facebook_ads"])
    revenue = cells_of(client.post("/data/aggregate", json=WHOLE).json())["revenue"]
    assert (revenue["days"], revenue["asked_days"], revenue["covers"]) == (35, DAYS, "35 of 45 days")
    assert revenue["claims"]["claimed_total"] == pytest.approx(0.7 * revenue["claims"]["sold"], rel=1e-4)
    assert (revenue["claims"]["days"], revenue["claims"]["claimed_elsewhere"] > 0) == (35, True)
    page = client.get("/data/reconciliation?days=30", headers={"accept": "text/html"}).text
    assert "20 of 30 days" in page


def test_orders_of_which_some_were_set_aside_are_weighed_like_the_others(loaded, client, house, sold):
    assert cells_of(client.post("/data/aggregate", json=WHOLE).json())["revenue"]["value"] == pytest.approx(
        sold, rel=1e-9
    )
    with house.work(Scope(tenant_id=client_tenant(house), role="owner", label="test")) as work:
        work.session.execute(text("UPDATE batches SET quarantined = received / 10 WHERE data_source = 'orders'"))
    revenue = cells_of(client.post("/data/aggregate", json=WHOLE).json())["revenue"]
    assert revenue["low"] < revenue["value"] < revenue["high"]


def test_each_number_names_the_files_that_it_comes_from(load, client):
    files = company_files()
    sent = {source: str(load(source, body).id) for source, body in files.items()}
    later = str(load("google_ads", f"{AD_HEAD}\n{LAST},g1,Brand,2000,1,1,1\n").id)
    cells = cells_of(client.post("/data/aggregate", json=WHOLE).json())
    behind = {side["source"]: side["batches"] for side in cells["revenue"]["sources"]}
    assert behind == {source: [sent[source]] for source in ("orders", "google_analytics")}
    claimed = {one["platform"]: one["batches"] for one in cells["revenue"]["claims"]["claimed"]}
    both = sorted((sent["google_ads"], later))
    assert claimed == {"google_ads": both, "facebook_ads": [sent["facebook_ads"]]}
    assert {side["source"]: side["batches"] for side in cells["spend"]["sources"]}["google_ads"] == both
    assert client.get(f"/marketing/batches/{later}/lineage").status_code == 200
    found = client.get(f"/data/conflicts?date_range_start={ODD}&date_range_end={ODD}&metric=spend").json()
    [conflict] = found["conflicts"]
    assert {said["source"]: said["batches"] for said in conflict["said"]} == {
        source: [sent[source]] for source in ("google_ads", "agency")
    }
    assert found["data_version"] == 6


def client_tenant(house):
    """The only company of the house."""
    [tenant_id] = house.tenants()
    return tenant_id


def test_cuts_currencies_rules_and_questions_that_make_no_sense(loaded, load, client):
    by_platform = client.post("/data/aggregate", json={**WHOLE, "metrics": ["spend"], "group_by": ["platform"]}).json()
    assert [cell["group"]["platform"] for cell in by_platform["cells"]] == ["facebook_ads", "google_ads"]
    assert by_platform["cells"][0]["value"] == sum(100 + place for place in range(DAYS))
    assert by_platform["cells"][0]["low"] is None  # nobody else says anything of it
    claims = client.post("/data/aggregate", json={**WHOLE, "metrics": ["revenue"], "group_by": ["platform"]}).json()
    meta, google = (cell["claims"] for cell in claims["cells"])
    assert (meta["deduplicated"], meta["over"], meta["why"]) == (
        None, None, "Nobody counts all sales that are claimed here.",
    )  # fmt: skip
    assert (meta["claimed"][0]["over"], meta["claimed"][0]["why"][:6]) == (None, "Nobody")
    assert google["claimed"][0]["over"] == pytest.approx(0.6 / (0.3 * 0.92) - 1, rel=0.03)  # its campaign is known
    months = client.post("/data/aggregate", json={**WHOLE, "metrics": ["revenue"], "group_by": ["month"]}).json()
    assert [cell["group"]["month"] for cell in months["cells"]] == ["2026-01", "2026-02"]
    by_campaign = client.post(
        "/data/aggregate", json={**WHOLE, "metrics": ["revenue"], "group_by": ["campaign"]}
    ).json()
    brand = next(cell for cell in by_campaign["cells"] if cell["group"]["campaign"] == "Brand")
    assert {side["source"] for side in brand["sources"]} == {"google_analytics"}
    assert [one["platform"] for one in brand["claims"]["claimed"]] == ["google_ads"]

    # Money in a currency for which no rate is known is left out and counted, never taken one to one.
    load("tiktok_ads", f"Tag,Kontonummer,Kampagne,Kosten,Währung\n{LAST},t1,Launch,500,SEK\n")
    spend = client.post("/data/aggregate", json={**WHOLE, "metrics": ["spend"], "group_by": ["platform"]}).json()
    assert spend["missing_rates"] == {"tiktok_ads": 1}
    assert "Shop" not in spend["notes"][0]
    assert "tiktok_ads" not in {cell["group"]["platform"] for cell in spend["cells"]}
    rates = {"rates": [{"date": LAST.isoformat(), "base": "SEK", "quote": "EUR", "rate": "0.09", "source": "ECB"}]}
    assert client.put("/marketing/rates?", json=rates).status_code == 202
    load("tiktok_ads", f"Tag,Kontonummer,Kampagne,Kosten,Währung\n{LAST},t1,Launch,500,SEK\n")
    spend = client.post("/data/aggregate", json={**WHOLE, "metrics": ["spend"], "group_by": ["platform"]}).json()
    assert {cell["group"]["platform"]: cell["value"] for cell in spend["cells"]}["tiktok_ads"] == pytest.approx(45)

    # The company's own order of sources settles what stayed open; it is versioned and can be taken away.
    rule = {"rules": {"spend": {"strategy": "order", "sources": ["google_ads", "agency"]}}}
    assert client.put("/data/conflict-rules", json=rule).json()["rules"]["spend"]["sources"] == ["google_ads", "agency"]
    assert client.get("/data/conflicts?state=open").json()["total"] == 0
    assert client.get("/data/conflicts?state=settled&source=agency").json()["total"] == 1
    client.put("/data/conflict-rules", json={"rules": {"spend": None}})
    assert client.get("/data/conflicts?state=open").json()["total"] == 1

    for wrong in (
        {"date_range_end": "2025-01-01"},
        {"metrics": ["reach"]},
        {"group_by": ["day", "week"]},
        {"strategy": "order"},
        {"strategy": "weights", "weights": {"orders": 0}},
        {"date_range_start": "2020-01-01"},
        {"date_range_start": "0001-01-01", "date_range_end": "0001-01-01"},
        {"as_of": "9999-12-31"},
    ):
        assert client.post("/data/aggregate", json={**WHOLE, **wrong}).status_code == 422, wrong
    assert client.put("/data/resolve-conflicts", json={"conflict_ids": ["nonsense"], "value": 1}).status_code == 404
    assert (
        client.put("/data/resolve-conflicts", json={"conflict_ids": ["x"], "value": 1, "source": "y"}).status_code
        == 422
    )


def test_nothing_loaded_is_said_and_only_who_may_decides(signed_in, load):
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    assert "Nothing to compare yet" in viewer.get("/data/reconciliation").text
    assert viewer.post("/data/aggregate", json=WHOLE, headers={"accept": "*/*"}).json()["cells"] == []
    denied = viewer.put("/data/resolve-conflicts", json={"conflict_ids": ["x"], "value": 1}, headers={"accept": "*/*"})
    assert denied.status_code == 403


def test_the_page_shows_sources_side_by_side_and_decides_with_one_click(loaded, client):
    client.headers["accept"] = "text/html"
    page = client.get("/data/reconciliation")
    assert page.status_code == 200
    for words in (
        "Google Analytics reads 8 % low",
        "All claims added up",
        "Without counting twice",
        "every order of the shop",
        "How is revenue settled?",
    ):
        assert words in page.text, words
    page = client.get("/data/reconciliation?metric=clicks").text
    assert "Each platform alone says its own part" in page
    assert "How are clicks settled?" in page
    assert " of it</span>" in page
    page = client.get("/data/reconciliation?metric=spend").text
    assert "Spend: " in page
    assert "needs you" in page
    conflict = page.split('name="conflict" value="')[1].split('"')[0]
    sent = {"conflict": conflict, "source": "google_ads", "csrf_token": client.headers["X-CSRF-Token"]}
    answer = client.post("/data/reconciliation/resolve?metric=spend", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/data/reconciliation?metric=spend#conflicts")
    assert "needs you" not in client.get("/data/reconciliation?metric=spend").text
    answer = client.post("/data/reconciliation/reopen?metric=spend", data=sent)
    assert "needs you" in client.get("/data/reconciliation?metric=spend").text
    own = {"conflict": conflict, "value": "241,50", "csrf_token": client.headers["X-CSRF-Token"]}
    client.post("/data/reconciliation/resolve?metric=spend", data=own)
    assert "€241.50 holds" in client.get("/data/reconciliation?metric=spend&view=decided").text
    client.post("/data/reconciliation/resolve?metric=spend", data={**own, "value": "1.234,50"})
    assert "€1,234.50 holds" in client.get("/data/reconciliation?metric=spend&view=decided").text
    # What cannot be taken comes back as it was typed, with the reason beside it.
    for value, words in (
        ("1,234", "can be two numbers: write 1234, or 1.2340."),
        ("0,125", "can be two numbers: write 125, or 0.1250."),
        ("abc", "is no number"),
        ("-5", "Spend cannot be negative."),
    ):
        typed = {**own, "value": value, "note": "the invoice"}
        answer = client.post("/data/reconciliation/resolve?metric=spend&view=decided", data=typed)
        assert answer.status_code == 422
        for part in (words, f'value="{value}"', 'value="the invoice"', 'aria-invalid="true"'):
            assert part in answer.text, (value, part)
    rule = {"strategy": "weights", "sources": "google_ads=abc", "csrf_token": client.headers["X-CSRF-Token"]}
    answer = client.post("/data/reconciliation/rule?metric=spend", data=rule)
    assert (answer.status_code, 'value="google_ads=abc"' in answer.text) == (422, True)
    refused = client.put(
        "/data/resolve-conflicts", json={"conflict_ids": [conflict.replace("spend", "clicks")], "value": -5}
    )
    assert refused.status_code == 422
