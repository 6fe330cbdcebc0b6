"""What Snapchat says where it does not answer, when its days begin, and what its reports are called in the record."""

from datetime import date
from functools import partial

import pytest
from answering import NOW, answer, reports_of

from kalends.marketing.connectors.declared import Page
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Passing
from kalends.marketing.connectors.snapchat_ads import CONNECTOR, judge, listed, midnight

LEVELS = {"campaign": "CAMPAIGN", "adsquad": "AD_SQUAD", "ad": "AD"}


def stats(kind, cut="", **more):
    step = {"start_time": "2026-11-01T00:00:00.000-07:00", "end_time": "2026-11-02T00:00:00.000-08:00"}
    figures = {"spend": 5_000_000, "impressions": 9}
    step |= {"dimension_stats": [{cut: "x", **figures}]} if cut else {"stats": figures}
    stat = {"id": "a1", "type": "AD_ACCOUNT", "granularity": "DAY"}
    part = {"id": "c1", "type": LEVELS.get(kind), "granularity": "DAY", "timeseries": [step]}
    stat |= {"breakdown_stats": {kind: [part]}} if kind else {"timeseries": [step]}
    told = {"sub_request_status": "SUCCESS", "timeseries_stat": stat}
    return {"request_status": "success", "timeseries_stats": [told], **more}


class Repeating:
    """Asks a platform that gives one answer whatever is asked."""

    def __init__(self, body):
        self.body = body

    def get(self, url, params=None):
        return answer(200, self.body, url=url)


def test_a_days_begin_is_midnight_by_the_clocks_of_that_day():
    zone = "America/Los_Angeles"
    assert midnight(date(2026, 11, 1), zone) == "2026-11-01T00:00:00.000-07:00"
    assert midnight(date(2026, 11, 2), zone) == "2026-11-02T00:00:00.000-08:00"
    assert midnight(date(2026, 11, 2), "") == "2026-11-02T00:00:00.000+00:00"


def test_a_limit_ends_when_a_header_says_so():
    told = str(int(NOW.timestamp()) + 5)
    assert type(judge(answer(429, {}, x_rate_limit_reset=told))) is Limited
    assert judge(answer(429, {}, x_rate_limit_reset=told)).seconds == 5
    assert judge(answer(429, {}, retry_after="3")).seconds == 3
    assert judge(answer(429, b"")).seconds is None


def test_a_page_that_is_gone_is_no_question_that_was_wrong():
    body = {"request_status": "ERROR", "error_code": "E1001"}
    assert type(judge(answer(400, body, url="https://adsapi.snapchat.com/v1/x?cursor=7"))) is CursorExpired
    assert judge(answer(400, body, url="https://adsapi.snapchat.com/v1/x?fields=spend")) is None


def test_a_part_that_failed_is_never_taken_for_nothing():
    body = stats("campaign")
    assert judge(answer(200, body)) is None
    body["timeseries_stats"].append({"sub_request_status": "ERROR", "error_code": "E2002"})
    assert type(judge(answer(200, body))) is Passing
    assert type(judge(answer(200, {"request_status": "ERROR"}))) is Passing


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"request_status": "SUCC'])
def test_half_an_answer_is_malformed(body):
    with pytest.raises(Malformed):
        judge(answer(200, body))


@pytest.mark.parametrize("link", ["https://adsapi.snapchat.com/v1/x?cursor=1", "https://elsewhere.example/v1/x"])
def test_pages_neither_go_round_nor_elsewhere(link):
    ask = Repeating(stats("ad", paging={"next_link": link}))
    with pytest.raises(Malformed):
        list(listed(ask, "https://adsapi.snapchat.com/v1/x", {}))


@pytest.mark.parametrize("report", CONNECTOR.reports, ids=lambda one: one.name)
def test_reports_are_called_as_the_record_calls_them(tmp_path, report):
    asked = report.pull.keywords if isinstance(report.pull, partial) else {}
    page = Page.of(answer(200, stats(asked.get("by", ""), asked.get("cut", ""))))
    assert reports_of(tmp_path, "snapchat_ads", page.content) == [report.name]
