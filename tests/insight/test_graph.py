"""A number's way back as a graph, over HTTP and as a page."""

from datetime import date

import pytest

from kalends.insight import service
from kalends.insight.graph import graph_of
from kalends.insight.periods import Period
from kalends.insight.query import Query
from kalends.marketing import jobs

assert jobs.apply_batches.kind  # the kind is declared by importing it


def row(day, *, account="act_1", spend="10.50", **more):
    return {
        "account_id": account, "account_currency": "EUR", "campaign_id": "c1", "date_start": day, "date_stop": day,
        "spend": spend, "impressions": "1000", "clicks": "20",
    } | more  # fmt: skip


@pytest.fixture
def answer(house, scope, ingest):
    """The return on ad spend of a week that two files of two accounts told."""
    ingest(row("2026-02-10"), row("2026-02-11"))
    ingest(row("2026-02-10", account="act_2", action_values=[{"action_type": "purchase", "value": "42"}]))
    with house.work(scope) as work:
        return service.run(work, query=Query(("roas", "spend"), Period(date(2026, 2, 9), date(2026, 2, 15))))


def test_a_ratio_leads_to_its_sums_the_reports_that_count_and_their_files(house, scope, answer):
    with house.work(scope) as work:
        found = graph_of(work, service.trace(work, handle=answer.handle, name="roas"))
    told = {kind: [n.label for n in found.nodes if n.kind == kind] for kind in ("number", "sum", "report", "batch")}
    assert told == {
        "number": ["Return on ad spend: 1.33"],
        "sum": ["Revenue", "Spend"],
        "report": ["Meta Ads 1", "Meta Ads 2"],
        "batch": ["File 2", "File 1"],
    }
    assert ("report:facebook_ads:1:campaign", "batch:1") in found.edges
    assert ("report:facebook_ads:1:campaign", "batch:2") not in found.edges
    assert ("report:facebook_ads:2:campaign", "batch:2") in found.edges
    assert {b for a, b in found.edges if a == "batch:2"} >= {"file:2", "rules:facebook_ads@2"}


def test_the_graph_over_http_and_as_a_page(answer, signed_in):
    browser = signed_in("viewer")
    asked = {"handle": answer.handle, "metric": "spend"}
    told = browser.get("/api/v1/lineage/graph", params=asked).json()
    assert told["nodes"][0]["label"] == "Spend: 31.50 EUR"
    browser.headers["accept"] = "text/html"
    page = browser.get("/trace/graph", params=asked)
    assert page.status_code == 200
    assert page.text.count("Spend: 31.50 EUR") >= 2
    assert "As a picture" in browser.get("/trace", params=asked).text
