"""Exports that are not there, too large, or half; and that nothing is deleted because an export lacks it."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from syncing import batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.demo.standin.amplitude import Amplitude, zipped
from kalends.demo.standin.truth import Truth
from kalends.marketing.connectors.amplitude import NothingThere, check_whole, judge
from kalends.marketing.connectors.asking import Answer, Question
from kalends.marketing.connectors.runs import get_run, start
from kalends.marketing.connectors.signals import Malformed, Refused, TooMuch

EXPORT = "https://amplitude.com/api/2/export"


def answer(status, url=EXPORT):
    return Answer(status, httpx.Headers(), b"as you like", Question("GET", url), None)


@pytest.mark.parametrize(
    ("status", "signal"), [(404, NothingThere), (400, TooMuch), (504, TooMuch), (403, Refused), (401, Refused)]
)
def test_an_exports_statuses_have_meanings_of_their_own(status, signal):
    assert isinstance(judge(answer(status)), signal)


@pytest.mark.parametrize("status", [404, 400, 504, 429])
def test_other_calls_and_limits_are_told_by_their_status(status):
    assert judge(answer(status, "https://amplitude.com/api/2/events/list")) is None
    assert judge(answer(429)) is None


def test_half_a_zip_is_no_export():
    whole = zipped({"1/1_2026-01-01_0#0.json.gz": b'{"event_type":"a"}\n' * 50})
    check_whole(whole)
    for half in (whole[: len(whole) // 2], whole[:-1], b"", whole.replace(b"\x1f\x8b", b"\x00\x00", 1)):
        with pytest.raises(Malformed):
            check_whole(half)


def test_days_without_uploads_are_no_fault(house, scope):
    """404 is an answer: the slice lands with nothing in it."""
    first = house.clock().date() - timedelta(days=9)
    truth = replace(Amplitude.known_truth(), first=first)
    with platform(house, "amplitude", truth=truth) as standin:
        _, run_id = connect(house, scope, standin, history=21)
        work_off(house, scope)
    with house.work(scope) as work:
        assert get_run(work, run_id=run_id).state == "done"
    assert [one.pages for one in slices(house, scope, run_id)] == [1, 1, 0]
    assert [batch.state for batch in batches_of(house, scope)] == ["published"] * 3
    today = house.clock().date()
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, today - timedelta(days=1)))


def test_what_an_export_lacks_is_not_deleted(house, scope):
    """A day's events come in the exports of several days, so that none of them has all."""
    with platform(house, "amplitude") as standin:
        connection, _ = connect(house, scope, standin, history=7)
        work_off(house, scope)
        before = stored(house, scope, standin)
        standin.truth = Truth(campaigns=1, id_of=standin.truth.id_of)
        with house.work(scope) as work:
            start(work, connection_id=connection)
        work_off(house, scope)
    assert len(batches_of(house, scope)) == 2
    assert stored(house, scope, standin) == before
