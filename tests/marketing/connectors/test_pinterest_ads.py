"""Pinterest's pauses, its reports as they come, and reports that are gone."""

import pytest
from answering import answer
from syncing import connect, exactly, known, platform, slices, stored, work_off

from kalends.marketing.connectors.pinterest_ads import judge
from kalends.marketing.connectors.signals import CursorExpired, Limited
from kalends.marketing.mapping.pinterest_ads import unwrap

REPORTS = "https://api.pinterest.com/v5/ad_accounts/1/reports"


@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        ("You have exceeded your rate limit. Try again later.", {"x_ratelimit_reset": "42"}, 42),
        ("Retry after 17 seconds", {}, 17),
        ("You have exceeded your rate limit.", {"retry_after": "5"}, 5),
        ("You have exceeded your rate limit.", {"x_ratelimit_reset": "soon"}, None),
    ],
)
def test_a_pause_is_as_long_as_pinterest_says(message, headers, seconds):
    found = judge(answer(429, {"code": 8, "message": message}, url=REPORTS, **headers))
    assert type(found) is Limited
    assert found.seconds == seconds


def test_a_link_that_has_ended():
    assert type(judge(answer(403, b"", url="https://s3.example/x?sig=1", is_signed=False))) is CursorExpired
    assert judge(answer(403, {"code": 29}, url=REPORTS)) is None


def test_a_report_is_read_by_campaign():
    days = [{"DATE": "2026-01-01", "CAMPAIGN_ID": "6", "IMPRESSION_1": 3}, {"DATE": "2026-01-02", "CAMPAIGN_ID": "6"}]
    assert unwrap({"6": days, "7": []}) == [("", days[0]), ("", days[1])]


@pytest.mark.parametrize("document", [{}, {"6": 1}, {"six": [{"DATE": "x"}]}, {"6": [{"date": "x"}]}, {"6": [1]}, []])
def test_nothing_else_is_taken_for_a_report(document):
    assert unwrap(document) is None


def test_a_report_that_is_gone_is_ordered_anew(house, scope):
    with platform(house, "pinterest_ads") as standin:
        _, run_id = connect(house, scope, standin, history=10)

        standin.looks = 20  # so that the worker is given back meanwhile

        def gone():
            if "report-token-0000" in standin.ordered:
                del standin.ordered["report-token-0000"]
                standin.ordered["gone"] = None
                standin.looks = 3
            return False

        work_off(house, scope, until=gone)
        parts = slices(house, scope, run_id)
    assert [part.state for part in parts] == ["landed", "landed"]
    assert list(standin.ordered) == ["gone", "report-token-0001", "report-token-0002"]
    first, last = parts[0].date_from, parts[0].date_to
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))
