"""What Google Analytics says instead of an answer, and pages that do not fit together."""

from datetime import date, timedelta
from types import SimpleNamespace

import httpx
import orjson
import pytest
from syncing import connect, exactly, known, platform, stored, work_off

from kalends.demo.standin.speaking import Reply
from kalends.demo.standin.truth import Truth
from kalends.marketing.connectors.asking import Answer, Question
from kalends.marketing.connectors.declared import Account, Slice
from kalends.marketing.connectors.google_analytics import CONNECTOR, judge, pull
from kalends.marketing.connectors.runs import start
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Refused
from kalends.marketing.mapping.google_analytics import unwrap

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
WANTED = Slice(Account("77"), "account", FIRST, LAST)


def answer(body, status=200):
    return Answer(status, httpx.Headers(), orjson.dumps(body), Question("POST", "https://a.example/"), None)


def failed(status, message, **more):
    return answer({"error": {"code": status, "message": message, **more}}, status)


def pages(*answers):
    """What is pulled where these are the answers, one for each question; and the questions."""
    asked, left = [], list(answers)

    def post(_url, body):
        asked.append(body)
        return left.pop(0)

    return list(pull(SimpleNamespace(post=post), WANTED, dimensions=())), asked


def report(count, *values):
    rows = [{"dimensionValues": [{"value": value}], "metricValues": [{"value": "1"}]} for value in values]
    body = {"kind": "analyticsData#runReport", "rowCount": count, "rows": rows}
    return answer({name: value for name, value in body.items() if value})


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Exhausted property tokens for a project per hour. These quota tokens will return in under an hour.", 1800),
        ("Exhausted potentially thresholded requests quota. This quota will refresh in under an hour.", 1800),
        ("Exhausted property tokens per day.", 3600),
        ("Exhausted concurrent requests quota. Please send fewer requests concurrently.", None),
    ],
)
def test_a_quota_says_when_it_comes_back(message, seconds):
    signal = judge(failed(429, message))
    assert isinstance(signal, Limited)
    assert signal.seconds == seconds


def test_a_right_that_is_missing_is_told_from_an_api_that_is_off():
    missing = judge(failed(403, "User does not have sufficient permissions for this property."))
    off = judge(failed(403, "It is disabled.", details=[{"reason": "SERVICE_DISABLED"}]))
    assert isinstance(missing, Refused)
    assert "Viewer" in missing.advice
    assert isinstance(off, Refused)
    assert "Enable" in off.advice
    assert judge(failed(401, "ended")) is None  # its status says it


def test_pages_go_on_where_the_last_one_ended():
    found, asked = pages(report(3, "20260301", "20260302"), report(3, "20260303"))
    assert [question["offset"] for question in asked] == [0, 2]
    assert orjson.loads(found[1].content)["request"]["property"] == "properties/77"
    assert pages(answer({"kind": "analyticsData#runReport"}))[0] == []  # no rows: neither rows nor rowCount


def test_pages_that_do_not_fit_together_are_no_report():
    with pytest.raises(CursorExpired):
        pages(report(3, "20260301", "20260302"), report(4, "20260303", "20260304"))
    with pytest.raises(Malformed):
        pages(report(4, "20260301", "20260302"), report(4, "20260301", "20260302"))
    with pytest.raises(Malformed):
        pages(report(4, "20260301"), report(4))
    with pytest.raises(Malformed):
        pages(answer([]))


def test_rows_that_are_held_back_are_not_gone():
    for is_held_back in (True, False):
        body = orjson.loads(report(1, "20260301").content) | {"metadata": {"subjectToThresholding": is_held_back}}
        ((page,), _) = pages(answer(body))
        assert page.is_whole is not is_held_back


def test_no_report_is_more_than_one_question():
    for one in CONNECTOR.reports:
        told = one.pull.keywords
        assert len(told["dimensions"]) + 1 <= 9
        assert len(told.get("metrics", ())) <= 10


def test_rows_say_that_their_report_is_not_whole():
    body = {"metricHeaders": [{"name": "sessions"}], "rows": [{"metricValues": [{"value": "4"}]}]}
    for doubt in ("dataLossFromOtherRow", "subjectToThresholding"):
        ((_, row),) = unwrap({**body, "metadata": {doubt: True}})
        assert row[doubt] is True
        ((_, row),) = unwrap({**body, "metadata": {doubt: False}})
        assert doubt not in row


def test_what_google_holds_back_stays_as_it_was_known(house, scope):
    """Fewer rows in a whole report are restated; in one that is held back they are only not told."""
    with platform(house, "google_analytics") as standin:
        connection, _ = connect(house, scope, standin, reports=[CONNECTOR.reports[0].name], history=3)
        work_off(house, scope)
        before, told = stored(house, scope, standin), standin.report

        def held_back(*question):
            body = orjson.loads(told(*question).content)
            return Reply.json(body | {"metadata": body["metadata"] | {"subjectToThresholding": True}})

        standin.truth, standin.report = Truth(campaigns=1), held_back
        with house.work(scope) as work:
            start(work, connection_id=connection)
        work_off(house, scope)
        assert stored(house, scope, standin) == before
        standin.report = told
        with house.work(scope) as work:
            start(work, connection_id=connection)
        work_off(house, scope)
    last = house.clock().date()
    after = stored(house, scope, standin)
    assert exactly(after) == exactly(known(standin, last - timedelta(days=2), last))
    assert 0 < len(after) < len(before)
