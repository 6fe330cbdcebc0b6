"""Search over HTTP, in a workspace whose data came through the whole ingest."""

import io
import json

import pytest
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import service as marketing

FEBRUARY = {"date_range_start": "2026-02-01", "date_range_end": "2026-02-28"}


def row(campaign, name, *, day="2026-02-10", spend="10.00", value="50.00", purchases="2", **more):
    return {
        "account_id": "act_1", "account_name": "Aurora DE", "account_currency": "EUR", "campaign_id": campaign,
        "campaign_name": name, "adset_id": f"{campaign}-s", "adset_name": f"{name} set", "ad_id": f"{campaign}-1",
        "date_start": day, "date_stop": day, "spend": spend, "impressions": "1000", "clicks": "20",
        "actions": [{"action_type": "purchase", "value": purchases}],
        "action_values": [{"action_type": "purchase", "value": value}],
    } | more  # fmt: skip


ROWS = (
    row("c1", "Black Friday 2025", value="20.00"),
    row("c2", "Blacklist cleanup", value="90.00"),
    row("c3", "Spring brand", value="900.00", purchases="9"),
    row("c4", "Brand awareness", spend="500.00", value="0", purchases="0"),
)


@pytest.fixture
def ingest(house, scope):
    """Load rows as a file and wait until they are published."""

    def load(*rows, source="facebook_ads"):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source=source)
        with house.work(scope) as work:
            waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars()
            waiting = waiting.all()
        for task in waiting:
            run_task(house, scope.tenant_id, task)

    return load


@pytest.fixture
def look(client):
    def ask(query, **more):
        told = client.post("/api/v1/marketing/search", json={"query": query, **FEBRUARY, **more})
        assert told.status_code == 200, told.text
        return told.json()

    return ask


def ids(answer):
    return [hit["id"] for hit in answer["hits"]]


def test_by_name_whole_words_first(ingest, look):
    ingest(*ROWS)
    found = look("black friday campaigns")
    assert found["understood"]["words"] == ["black", "friday"]
    assert [(hit["id"], hit["name"], hit["score"]) for hit in found["hits"]] == [
        ("c1", "Black Friday 2025", 1.0), ("c2", "Blacklist cleanup", 0.25),
    ]  # fmt: skip
    assert found["hits"][0]["metrics"]["spend"] == 10
    assert {hit["level"] for hit in look("black")["hits"]} == {"campaign", "ad_group"}
    assert ids(look("c3 1 ads"))[0] == "c3-1"  # an id is found as a name is


def test_by_performance_and_conversions(ingest, look):
    ingest(*ROWS)
    found = look("high performing campaigns with conversions")
    assert ids(found) == ["c3", "c2", "c1"]
    assert found["understood"] == {
        "words": [], "levels": ["campaign"], "performance": "high", "measured_by": "roas", "having": ["conversions > 0"],
    }  # fmt: skip
    assert ids(look("worst performing campaigns")) == ["c4", "c1", "c2", "c3"]
    assert ids(look("campaigns without conversions")) == ["c4"]
    assert ids(look("high performing brand campaigns")) == ["c3", "c4"]


def test_figures_are_never_counted_twice_and_lead_to_their_rows(ingest, look, client):
    campaigns = [{k: v for k, v in one.items() if not k.startswith(("ad_", "adset"))} for one in ROWS]
    ingest(*ROWS)
    ingest(*campaigns)  # the same money as another report
    ingest(*(one | {"attribution_setting": "1d_click"} for one in ROWS))  # and once more as another window's
    [hit] = look("spring campaigns")["hits"]
    assert (hit["metrics"]["spend"], hit["metrics"]["conversions"], hit["metrics"]["roas"]) == (10, 9, 90)
    cell = [f"{name}={value}" for name, value in hit["cell"].items()]
    traced = client.get("/api/v1/lineage", params={"handle": hit["lineage"], "metric": "spend", "cell": cell}).json()
    assert (traced["value"], traced["count"]) == (10, 1)


def test_pages_and_parts(ingest, look):
    ingest(*ROWS)
    whole = look("campaigns")
    assert (whole["total"], ids(whole)) == (4, ["c4", "c1", "c2", "c3"])
    assert ids(look("campaigns", limit=1, offset=1)) == ["c1"]
    assert ids(look("brand campaigns", data_sources=["meta_business"])) == ["c4", "c3"]
    elsewhere = look("brand campaigns", data_sources=["google_ads"])
    assert ids(elsewhere) == []
    assert "leave out data_sources" in elsewhere["suggestions"][-1]


def test_names_that_come_alone_and_new_names(ingest, look):
    ingest({"id": "c9", "name": "Summer teaser", "account_id": "act_1", "objective": "SALES"})
    assert [(hit["id"], hit["metrics"]["spend"]) for hit in look("teaser")["hits"]] == [("c9", None)]
    ingest(row("c9", None), row("c1", "Old name"), row("c1", "New name", day="2026-02-11"))
    assert [(hit["id"], hit["metrics"]["spend"]) for hit in look("teaser campaigns")["hits"]] == [("c9", 10)]
    assert {hit["id"]: hit["name"] for hit in look("campaigns")["hits"]} == {"c1": "New name", "c9": "Summer teaser"}


def test_nothing_found_says_what_would_help(ingest, look):
    assert "load a file" in look("campaigns")["suggestions"][0]
    ingest(*ROWS)
    assert "There is: Black Friday 2025" in look("blak fryday campaigns")["suggestions"][0]
    assert "but for conversions > 0" in look("awareness campaigns with conversions")["suggestions"][0]
    late = look("campaigns", date_range_start="2026-03-01", date_range_end="2026-03-02")
    assert (late["hits"], late["suggestions"][0]) == ([], "The data ends on 2026-02-10: ask for a period before.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"query": ""}, "query"),
        ({"limit": 101}, "limit"),
        ({"date_range_end": "2026-01-01"}, "before it starts"),
        ({"data_sources": "x"}, "list"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_bad_search_is_told_what_would_be_right(client, wrong, said):
    told = client.post("/api/v1/marketing/search", json={"query": "brand", **FEBRUARY, **wrong})
    assert told.status_code == 422
    assert told.headers["content-type"] == "application/problem+json"
    assert said in told.text


def test_another_company_finds_nothing(ingest, look, signed_in, house):
    from kalends.identity.service import create_tenant

    ingest(*ROWS)
    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Borealis"))
    told = stranger.post("/api/v1/marketing/search", json={"query": "brand", **FEBRUARY}).json()
    assert (told["total"], told["data_version"]) == (0, 0)
