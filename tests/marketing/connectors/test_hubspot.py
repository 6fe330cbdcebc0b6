"""What HubSpot's answers are taken for, its ceiling, deals that change, and its e-mails."""

import pytest
from answering import answer
from syncing import batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.marketing.connectors.hubspot import CONNECTOR, judge, next_after
from kalends.marketing.connectors.runs import start
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused

DAILY = {"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY"}


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (answer(400, {"status": "error", "message": "Invalid paging cursor"}), CursorExpired),
        (answer(400, {"status": "error", "message": "There was a problem with the request."}), Refused),
        (answer(403, {"status": "error", "category": "MISSING_SCOPES", "message": "..."}), Refused),
        (answer(429, DAILY), Limited),
        (answer(401, {"status": "error", "category": "EXPIRED_AUTHENTICATION"}), None),
        (answer(200, {"total": 0, "results": []}), None),
    ],
)
def test_judge(answer, signal):
    assert type(judge(answer)) is (signal or type(None))


def test_pauses():
    assert judge(answer(429, DAILY)).seconds == 3600
    assert judge(answer(429, DAILY, retry_after="7")).seconds == 7
    assert judge(answer(429, DAILY | {"policyName": "SECONDLY"})).seconds == 1
    assert judge(answer(429, {"message": "something else"})).seconds is None


def test_places_in_a_list():
    page = {"results": [], "paging": {"next": {"after": "200"}}}
    assert next_after(answer(200, page), [""]) == "200"
    assert next_after(answer(200, {"results": []}), [""]) == ""
    for broken, seen in ((page, ["", "200"]), ({"total": 3}, [""])):
        with pytest.raises(Malformed):
            next_after(answer(200, broken), seen)


def test_fewer_days_where_there_are_too_many_deals(house, scope, monkeypatch):
    monkeypatch.setattr("kalends.marketing.connectors.hubspot.CEILING", 100)
    with platform(house, "hubspot") as standin:
        standin.ceiling = 100
        _, run_id = connect(house, scope, standin, history=30)
        work_off(house, scope)
    parts = slices(house, scope, run_id)
    assert {one.state for one in parts} == {"landed"}
    assert len(parts) > 1
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert (last - first).days == 29
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))


def test_deals_reopened_and_deleted(house, scope):
    with platform(house, "hubspot") as standin:
        connection, run_id = connect(house, scope, standin, history=30)
        work_off(house, scope)
        [span] = [(one.date_from, one.date_to) for one in slices(house, scope, run_id)]
        before = stored(house, scope, standin)
        closed = [one.id for one in standin.deals.of(standin.truth.account_ids[0], *span) if one.closed]
        standin.deals.reopened, standin.deals.deleted = set(closed[:3]), set(closed[3:5])
        with house.work(scope) as work:
            start(work, connection_id=connection, first=span[0], last=span[1])
        work_off(house, scope)
    after = in_days(stored(house, scope, standin), span)
    assert all(one in repr(before) for one in closed[:5])
    assert not [one for one in closed[3:5] if one in repr(after)]
    assert exactly(after) == exactly(in_days(known(standin, *span), span))


def in_days(rows, span):
    """Only these days are complete: a deal brings its other day along, where it was before them."""
    return {key: row for key, row in rows.items() if span[0] <= key[-1] <= span[1]}


def test_emails_by_day(house, scope):
    with platform(house, "hubspot") as standin:
        connect(house, scope, standin, reports=[CONNECTOR.reports[1].name], history=30)
        work_off(house, scope)
    assert [(one.state, one.quarantined) for one in batches_of(house, scope)] == [("published", 0)]
    with house.work(scope) as work:
        rows = work.warehouse.to_arrow(work.warehouse.table("facts")).to_pylist()
    days = [row["date_from"] for row in rows]
    sent = sum(day.impressions for day in standin.truth.days(standin.truth.account_ids[0], min(days), max(days)))
    assert (len(days), len(set(days)), {row["report"] for row in rows}) == (30, 30, {"account"})
    assert sum(row["sends"] for row in rows) == sent
