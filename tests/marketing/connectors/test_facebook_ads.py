"""What Meta says where it does not answer, and what its reports are called in the record."""

import json
from functools import partial

import pytest
from answering import answer, reports_of
from syncing import connect, exactly, known, platform, slices, stored, work_off

from kalends.marketing.connectors.declared import Page
from kalends.marketing.connectors.facebook_ads import CONNECTOR, judge, next_cursor
from kalends.marketing.connectors.signals import (
    CursorExpired,
    Limited,
    Malformed,
    Passing,
    Refused,
    TokenExpired,
    TooMuch,
)

ROW = {"account_id": "1", "date_start": "2026-11-01", "date_stop": "2026-11-01", "spend": "1.50"}
CUTS = {"country": "DE", "age": "18-24", "gender": "male", "publisher_platform": "instagram"}


def failed(code, subcode=None, message="no", **more):
    return {"error": {"message": message, "code": code, "error_subcode": subcode, **more}}


@pytest.mark.parametrize(
    ("status", "body", "signal"),
    [
        (400, failed(100, 1487534), TooMuch),
        (500, failed(1, message="Please reduce the amount of data you're asking for, then retry."), TooMuch),
        (500, failed(1), Passing),
        (400, failed(2), Passing),
        (400, failed(9999, is_transient=True), Passing),
        *((400, failed(code), Limited) for code in (4, 17, 32, 613, 80000, 80004)),
        (400, failed(190, 463), TokenExpired),
        (401, failed(102), TokenExpired),
        (400, failed(100, 33), CursorExpired),
        (400, failed(100), Refused),
        (403, failed(200), Refused),
    ],
)
def test_errors_are_told_by_code(status, body, signal):
    assert type(judge(answer(status, body, url="https://graph.facebook.com/v25.0/6001"))) is signal


def test_an_account_that_cannot_be_seen_is_no_report_that_ended():
    found = judge(answer(400, failed(100, 33), url="https://graph.facebook.com/v25.0/act_1/insights"))
    assert type(found) is Refused
    assert "access" in found.advice


def test_the_longest_pause_of_the_usage_header_counts():
    usage = {"1": [{"estimated_time_to_regain_access": 2}, {"estimated_time_to_regain_access": 5}]}
    assert judge(answer(400, failed(17), x_business_use_case_usage=json.dumps(usage))).seconds == 300
    for unclear in ("", "[]", "{}", '{"1": [{}]}', "no json"):
        assert judge(answer(400, failed(17), x_business_use_case_usage=unclear)).seconds is None


def test_a_proxys_page_is_told_by_its_status_but_half_an_answer_is_malformed():
    assert judge(answer(502, b"<html>")) is None
    with pytest.raises(Malformed):
        judge(answer(200, b'{"data": [{"sp'))


def test_the_last_page_has_cursors_but_no_next():
    cursors = {"cursors": {"before": "a", "after": "b"}}
    assert next_cursor({"data": [], "paging": cursors}) == ""
    assert next_cursor({"data": [], "paging": cursors | {"next": "https://..."}}) == "b"
    assert next_cursor({"data": []}) == ""


@pytest.mark.parametrize("report", CONNECTOR.reports, ids=lambda one: one.name)
def test_reports_are_called_as_the_record_calls_them(tmp_path, report):
    asked = report.pull.keywords if isinstance(report.pull, partial) else {}
    group = {"campaign_id": "2", "adset_id": "3"}
    ids = {"account": {}, "campaign": {"campaign_id": "2"}, "adset": group, "ad": group | {"ad_id": "4"}}
    row = ROW | ids[asked["level"]] | {name: CUTS[name] for name in asked.get("breakdowns", ())}
    page = Page.of(answer(200, {"data": [row], "paging": {}}))
    assert reports_of(tmp_path, "facebook_ads", page.content) == [report.name]


def test_a_job_that_fails_is_asked_for_in_halves_and_one_that_expired_again(house, scope):
    with platform(house, "facebook_ads") as standin:
        _, run_id = connect(house, scope, standin, history=20)
        standin.outcomes = ["Job Failed", "Job Skipped"]
        work_off(house, scope)
        parts = slices(house, scope, run_id)
        first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert not standin.outcomes
    assert [one.state for one in parts] == ["landed", "landed"]
    assert (last - first).days == 19
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))
