"""What Amazon says beside good answers, and reports that were ordered before."""

import gzip
from datetime import timedelta

import pytest
from answering import NOW, answer
from syncing import connect, exactly, known, platform, slices, stored, work_off

from kalends.marketing.connectors import amazon_ads
from kalends.marketing.connectors.amazon_ads import ASKED, Duplicate, judge, told_days
from kalends.marketing.connectors.declared import Account, Slice
from kalends.marketing.connectors.files import plain
from kalends.marketing.connectors.signals import CursorExpired, Malformed, Refused

ORDERS = "https://advertising-api.amazon.com/reporting/reports"
STORE = "https://offline-report-storage-us-east-1-prod.s3.amazonaws.com/r/report-r.json.gz?X-Amz-Signature=s"
REPORT = "a15115d8-3da4-49a4-95d5-cc0a3af5f85d"


def test_an_order_that_was_made_before_names_its_report():
    found = judge(answer(425, {"code": "425", "detail": f"The Request is a duplicate of : {REPORT}"}, url=ORDERS))
    assert isinstance(found, Duplicate)
    assert found.report_id == REPORT


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (answer(425, {"code": "425", "detail": "too early"}, url=ORDERS), type(None)),
        (answer(401, {"code": "401", "details": "Not authorized to access scope 1"}, url=ORDERS), Refused),
        (answer(401, {"code": "401", "details": "HTTP 401 Unauthorized"}, url=ORDERS), type(None)),
        (answer(404, {"code": "404"}, url=f"{ORDERS}/{REPORT}"), CursorExpired),
        (answer(403, b"<Error><Code>AccessDenied</Code></Error>", url=STORE, is_signed=False), CursorExpired),
        (answer(403, {"code": "403"}, url=ORDERS), type(None)),
    ],
)
def test_its_errors_are_understood(answer, signal):
    assert type(judge(answer)) is signal


def test_only_days_that_amazon_still_tells_are_ordered():
    class Asking:
        clock = staticmethod(lambda: NOW)

    today = NOW.date()
    long_ago = Slice(Account("1"), "campaign", today - timedelta(days=89), today - timedelta(days=60))
    halfway = Slice(Account("1"), "campaign", today - timedelta(days=70), today - timedelta(days=41))
    products, brands, _ = ASKED["campaign"]
    assert told_days(Asking, long_ago, products) == long_ago
    assert told_days(Asking, long_ago, brands) is None
    assert told_days(Asking, halfway, brands).first == today - timedelta(days=59)


CUT, SPOILT = gzip.compress(b"[" + b"1," * 9000)[:-20], gzip.compress(b"[]" * 99)[:15] + b"!!"


@pytest.mark.parametrize("content", [CUT, SPOILT], ids=["cut", "spoilt"])
def test_a_damaged_file_is_no_report(content):
    with pytest.raises(Malformed):
        plain(answer(200, content, url=STORE))


def test_an_order_whose_answer_was_lost_is_not_made_twice(house, scope):
    with platform(house, "amazon_ads") as standin:
        _, run_id = connect(house, scope, standin, history=20)
        standin.faults = {standin.calls: "cut", standin.calls + 2: "cut"}
        work_off(house, scope)
        parts = slices(house, scope, run_id)
    assert standin.met == ["cut", "cut"]
    assert len(standin.ordered) == len(amazon_ads.ASKED["campaign"])
    assert [part.state for part in parts] == ["landed"]
    first, last = parts[0].date_from, parts[0].date_to
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))
    assert {standin.product_of(key[1]) for key in known(standin, first, last)} == {
        product.name for product in amazon_ads.ASKED["campaign"]
    }
