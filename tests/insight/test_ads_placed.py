"""Ads whose rows do not say their campaign, in answers: as of earlier, taken back, filtered, traced, told where from."""

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

assert jobs.apply_batches.kind  # the kind is declared by importing it

SPRING = Period(date(2026, 2, 1), date(2026, 4, 30))
HINT = "LinkedIn Ads: rows of ads do not say what they are in."


def ad(creative, spend, day=10):
    return {
        "account_id": "1", "pivotValues": [f"urn:li:sponsoredCreative:{creative}"], "pivot": "CREATIVE",
        "dateRange": {"start": {"year": 2026, "month": 2, "day": day}, "end": {"year": 2026, "month": 2, "day": day}},
        "costInLocalCurrency": spend, "impressions": 1000, "clicks": 20,
    }  # fmt: skip


def creative(number, campaign, name=None):
    of = {"account": "urn:li:sponsoredAccount:1", "campaign": f"urn:li:sponsoredCampaign:{campaign}"}
    return {"id": f"urn:li:sponsoredCreative:{number}", "name": name, **of}


def campaign(number, name):
    return {
        "id": number, "name": name, "account": "urn:li:sponsoredAccount:1",
        "campaignGroup": "urn:li:sponsoredCampaignGroup:9",
    }  # fmt: skip


@pytest.fixture
def send(house, scope):
    """Load an answer of LinkedIn's and wait until it is published; gives the batch's id."""

    def load(*rows):
        body = io.BytesIO(json.dumps({"elements": rows, "paging": {}}).encode())
        batch = marketing.land_file(Door(house=house, scope=scope, is_local=True), body, data_source="linkedin_ads")
        work_off(house, scope)
        with house.work(scope) as work:
            told = marketing.describe(work, batch_id=batch)
        assert (told.state, told.quarantined) == ("published", 0), told
        assert told.received == len(rows) == told.loaded + told.unchanged
        return batch

    return load


def work_off(house, scope):
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task in waiting:
        run_task(house, scope.tenant_id, task)


def ask(house, scope, *dimensions, filters=(), **more):
    with house.work(scope) as work:
        found = service.run(work, query=Query(("spend",), SPRING, dimensions, filters, **more))
    return {tuple(row[name] for name in dimensions): float(row["spend"]) for row in found.rows}, found


def hints(found):
    return [note for note in found.notes if note.startswith(HINT)]


@pytest.mark.parametrize("order", ["lists first", "lists last"])
def test_an_answer_by_campaign_and_ad_has_the_campaign_that_the_list_says(house, scope, send, order):
    figures = [[ad("71", "10"), ad("72", "5"), ad("73", "2")]]
    lists = [[creative("71", "8", "Red shoe"), creative("72", "9")], [campaign(8, "Spring"), campaign(9, "Autumn")]]
    for rows in lists + figures if order == "lists first" else figures + lists:
        send(*rows)
    told, found = ask(house, scope, "campaign_name", "ad_id")
    assert told == {("Spring", "71"): 10, ("Autumn", "72"): 5, (None, "73"): 2}
    assert len(hints(found)) == 1
    by_name, found = ask(house, scope, "campaign_name")
    assert by_name == {("Spring",): 10, ("Autumn",): 5, (None,): 2}
    assert len(hints(found)) == 1
    told, found = ask(house, scope, "ad_name")
    assert (told, hints(found)) == ({("Red shoe",): 10, (None,): 7}, [])
    kept = (Filter("campaign_id", ("8",)),)
    assert ask(house, scope, "ad_id", filters=kept)[0] == {("71",): 10}
    found = ask(house, scope, "campaign_name", "ad_id")[1]
    with house.work(scope) as work:
        traced = service.trace(work, handle=found.handle, cell={"campaign_name": "Spring", "ad_id": "71"})
    assert (traced.count, float(traced.value)) == (1, 10)


def test_what_an_ad_is_in_is_known_since_it_was_said_and_can_be_taken_back(house, scope, send, clock, signed_in):
    send(ad("71", "10"))
    before = clock.now
    clock.advance(days=1)
    listed = send(creative("71", "8"))
    at = clock.now
    clock.advance(days=1)
    assert ask(house, scope, "campaign_id", "ad_id")[0] == {("8", "71"): 10}
    early, found = ask(house, scope, "campaign_id", "ad_id", as_of=before)
    assert (early, hints(found)) == ({("", "71"): 10}, [])
    assert ask(house, scope, "campaign_id", as_of=before)[0] == {("",): 10}
    viewer = signed_in("viewer")
    told = viewer.get("/api/v1/marketing/names/linkedin_ads/ad/71").json()
    assert (told["now"], told["names"]) == (None, [])
    day = at.date().isoformat()
    assert told["above"] == [{"account_id": "1", "level": "campaign", "id": "8", "first": day, "last": day}]
    with house.work(scope) as work:
        marketing.take_back(work, batch_id=listed)
    work_off(house, scope)
    for dimensions in (("campaign_id", "ad_id"), ("campaign_id",)):
        assert set(ask(house, scope, *dimensions)[0]) == {("", "71")[: len(dimensions)]}
        told, found = ask(house, scope, *dimensions, as_of=at)
        assert set(told) == {("8", "71")[: len(dimensions)]}
        assert len(hints(found)) == 1
    assert viewer.get("/api/v1/marketing/names/linkedin_ads/ad/71").json()["above"] == []


def test_rows_that_say_their_campaign_themselves_are_no_matter_of_lists(house, scope, send):
    rows = [ad("71", "10") | {"pivotValues": ["urn:li:sponsoredCreative:71", "urn:li:sponsoredCampaign:8"]}]
    send(*rows)
    send(creative("71", "9"))
    told, found = ask(house, scope, "campaign_id", "ad_id")
    assert (told, hints(found)) == ({("8", "71"): 10}, [])
