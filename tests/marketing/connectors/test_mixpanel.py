"""Exports that broke off, regions, and events that are gone."""

from datetime import timedelta
from types import SimpleNamespace

import httpx
import orjson
import pytest
from syncing import connect, exactly, known, platform, stored, work_off

from kalends.demo.standin.truth import Truth
from kalends.marketing.connectors.asking import Answer, Question
from kalends.marketing.connectors.mixpanel import APPS, CONNECTOR, EXPORTS, accounts, check_whole, judge
from kalends.marketing.connectors.runs import start
from kalends.marketing.connectors.signals import Malformed, Refused

EVENT = b'{"event":"Visit","properties":{"time":1}}\n'


def answer(body, status=200):
    return Answer(status, httpx.Headers(), orjson.dumps(body), Question("GET", "https://a.example/"), None)


@pytest.mark.parametrize(
    "content", [EVENT + EVENT[:20], EVENT + b"terminated early\n", b"terminated early\n", b'{"error":"timeout"}\n']
)
def test_an_export_that_broke_off_is_none(content):
    with pytest.raises(Malformed):
        check_whole(content)


def test_an_export_ends_with_an_event():
    check_whole(EVENT)
    check_whole(EVENT * 3)
    check_whole((EVENT * 3).strip())


def test_days_are_in_the_zone_that_the_project_counts_in():
    def seen(days, zone):
        me = answer({"results": {"projects": {"7": {"name": "Shop", "timezone": zone}}}})
        ask = SimpleNamespace(options={"region": "eu", "days": days}, get=lambda *_, **__: me)
        return accounts(ask)[0].zone

    assert seen("utc", "US/Pacific") == "UTC"
    assert seen("project", "US/Pacific") == "US/Pacific"
    assert seen("project", "Pacific Time") == ""


def test_a_key_that_is_refused_stays_refused():
    assert isinstance(judge(answer({}, 401)), Refused)  # not a token that could be fetched anew
    assert judge(answer({}, 429)) is None  # its status says it


def test_every_region_has_its_hosts():
    regions = next(entry for entry in CONNECTOR.entries if entry.name == "region")
    assert dict(regions.choices).keys() == APPS.keys() == EXPORTS.keys()


def test_an_event_that_was_deleted_there_is_deleted_here(house, scope):
    """An export has all events of its days."""
    with platform(house, "mixpanel") as standin:
        connection, _ = connect(house, scope, standin, history=CONNECTOR.reread + 1)
        work_off(house, scope)
        before = stored(house, scope, standin)
        standin.truth = Truth(campaigns=1, id_of=standin.truth.id_of)
        with house.work(scope) as work:
            start(work, connection_id=connection)
        work_off(house, scope)
    last = house.clock().date()
    after = stored(house, scope, standin)
    assert exactly(after) == exactly(known(standin, last - timedelta(days=CONNECTOR.reread), last))
    assert 0 < len(after) < len(before)
