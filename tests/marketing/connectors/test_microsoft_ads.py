"""Faults by their numbers, XML that is refused, and reports without rows."""

from zoneinfo import ZoneInfo

import pytest
from answering import answer
from syncing import batches_of, connect, platform, slices, stored, work_off

from kalends.demo.standin.microsoft_ads import XML, MicrosoftAds, enveloped, fault
from kalends.demo.standin.truth import Truth
from kalends.marketing.connectors.microsoft_ads import SERVICES, judge
from kalends.marketing.connectors.microsoft_zones import ZONES, zone_of
from kalends.marketing.connectors.runs import start
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, Passing, Refused, TokenExpired
from kalends.marketing.connectors.soap import envelope, parsed

SERVICE = next(iter(SERVICES.values()))
STORE = "https://bingadsappsstorageprod.blob.core.windows.net/1.zip?sig=s"
SWELLING = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        (109, TokenExpired), (105, TokenExpired), (117, Limited), (207, Limited), (4204, Passing), (0, Passing),
        (2100, CursorExpired), (2101, CursorExpired), (106, Refused), (2015, Refused),
    ],
)  # fmt: skip
def test_a_fault_is_known_by_its_number(code, signal):
    reply = fault(code, "Name", "Words & more")
    found = judge(answer(reply.status, reply.content, url=SERVICE, method="POST", content_type=XML["content-type"]))
    assert type(found) is signal
    assert str(code) in found.message


def test_a_minutes_calls_are_waited_for_a_minute():
    reply = fault(117, "CallRateExceeded", "Too many")
    assert judge(answer(500, reply.content, url=SERVICE, content_type=XML["content-type"])).seconds == 60


def test_good_answers_and_links_that_end():
    assert judge(answer(200, enveloped("<a/>"), url=SERVICE, content_type=XML["content-type"])) is None
    assert judge(answer(502, b"<html>", url=SERVICE, content_type="text/html")) is None
    assert type(judge(answer(403, b"<Error/>", url=STORE, is_signed=False))) is CursorExpired


@pytest.mark.parametrize("content", [SWELLING, b"<a>", b"", b"no xml", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'])
def test_xml_with_entities_of_its_own_is_refused(content):
    with pytest.raises(Malformed):
        parsed(content)


def test_whatever_a_person_enters_stays_text():
    sent = envelope("urn:x", "GetUser", {"DeveloperToken": "</DeveloperToken><Evil/>&"}, "")
    header = parsed(sent)[0]
    assert [element.text for element in header] == ["GetUser", "</DeveloperToken><Evil/>&"]


def test_every_zone_is_one():
    assert all(ZoneInfo(zone) for zone in ZONES.values())
    assert zone_of("MountainTime_US_Canada") == "America/Denver"
    assert zone_of("Atlantis") == ""


def test_a_report_without_rows_has_no_file(house, scope):
    with platform(house, "microsoft_ads") as standin:
        connection, run_id = connect(house, scope, standin, history=5)
        work_off(house, scope)
        assert stored(house, scope, standin)
        standin.truth = Truth(campaigns=0, id_of=MicrosoftAds.known_truth().id_of)
        with house.work(scope) as work:
            first = slices(house, scope, run_id)[0].date_from
            again = start(work, connection_id=connection, first=first).id
        work_off(house, scope)
        assert [(one.state, one.pages) for one in slices(house, scope, again)] == [("landed", 0)]
    assert [batch.state for batch in batches_of(house, scope)] == ["published", "published"]
    assert stored(house, scope, standin) == {}
