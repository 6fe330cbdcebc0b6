"""What Salesforce's answers are taken for, opportunities that change, leads, and names."""

import pytest
from answering import answer
from syncing import batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.demo.standin import salesforce as standin_of
from kalends.marketing.connectors.runs import start
from kalends.marketing.connectors.salesforce import CONNECTOR, judge
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused, TokenExpired, TooMuch


def error(status, code):
    """An error as Salesforce writes it."""
    return answer(status, [{"message": "Something.", "errorCode": code}])


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (error(403, "REQUEST_LIMIT_EXCEEDED"), Limited),
        (error(401, "INVALID_SESSION_ID"), TokenExpired),
        (error(400, "INVALID_QUERY_LOCATOR"), CursorExpired),
        (error(400, "QUERY_TIMEOUT"), TooMuch),
        (error(400, "INVALID_FIELD"), Refused),
        (error(403, "API_DISABLED_FOR_ORG"), Refused),
        (error(503, "SOMETHING_NEW"), None),
        (answer(200, {"totalSize": 0, "done": True, "records": []}), None),
    ],
)
def test_judge(answer, signal):
    assert type(judge(answer)) is (signal or type(None))


def test_an_error_that_is_no_json_is_tried_again():
    with pytest.raises(Malformed):
        judge(answer(500, b"<html>"))


def test_fields_that_cannot_be_seen(house, scope, monkeypatch):
    fewer = {kind: names - {"CampaignId", "CurrencyIsoCode"} for kind, names in standin_of.FIELDS.items()}
    monkeypatch.setattr(standin_of, "FIELDS", fewer)
    with platform(house, "salesforce") as standin:
        connect(house, scope, standin, reports=[CONNECTOR.reports[0].name], history=10)
        work_off(house, scope)
    [batch] = batches_of(house, scope)
    assert (batch.state, batch.quarantined, stored(house, scope, standin) != {}) == ("published", 0, True)

    monkeypatch.setattr(standin_of, "FIELDS", fewer | {"Opportunity": fewer["Opportunity"] - {"Amount"}})
    with platform(house, "salesforce") as standin:
        _, run_id = connect(house, scope, standin, reports=[CONNECTOR.reports[0].name], history=10)
        work_off(house, scope)
    [part] = slices(house, scope, run_id)
    assert (part.state, "Amount" in part.problem, "right" in part.advice) == ("failed", True, True)


def test_reopened_and_deleted_ones(house, scope):
    with platform(house, "salesforce") as standin:
        connection, run_id = connect(house, scope, standin, reports=[CONNECTOR.reports[0].name], history=60)
        work_off(house, scope)
        spans = sorted((one.date_from, one.date_to) for one in slices(house, scope, run_id))
        mine = standin.truth.account_ids[0]
        closed = [one.id for one in standin.deals.of(mine, *spans[-1]) if one.closed]
        long_ago = [one.id for one in standin.deals.of(mine, *spans[0]) if one.closed and one.closed < spans[0][1]]
        standin.deals.reopened = set(closed[:3])
        standin.deals.deleted = {*closed[3:5], long_ago[0]}
        with house.work(scope) as work:
            start(work, connection_id=connection, first=spans[-1][0], last=spans[-1][1])
        work_off(house, scope)
    assert [(one.state, one.quarantined) for one in batches_of(house, scope)] == [("published", 0)] * 3
    whole = (spans[0][0], spans[-1][1])
    after, wanted = exactly(stored(house, scope, standin)), exactly(known(standin, *whole))
    assert after == wanted
    assert not [key for key in after if long_ago[0] in key[-2]]  # its rows are there, without numbers


def test_leads_and_names(house, scope):
    with platform(house, "salesforce") as standin:
        connect(house, scope, standin, reports=[one.name for one in CONNECTOR.reports], history=10)
        work_off(house, scope)
    batches = batches_of(house, scope)
    assert [(one.state, one.quarantined) for one in batches] == [("published", 0)] * 2
    with house.work(scope) as work:
        facts = work.warehouse.to_arrow(work.warehouse.table("facts")).to_pylist()
    leads = [row for row in facts if row["report"] == CONNECTOR.reports[1].name]
    days = {row["date_from"] for row in leads}
    assert len(days) == 10
    assert sum(row["leads"] for row in leads) == len(
        list(standin.truth.days(standin.truth.account_ids[0], min(days), max(days)))
    )
    assert "Nobody" not in repr(facts)
    assert {row["currency"] for row in facts} == {"EUR"}
