"""Apple's errors, its pages, and the key that signs."""

from urllib.parse import urlencode

import pytest
from answering import answer
from syncing import platform

from kalends.demo.standin.apple_search_ads import KEY, AppleSearchAds, failed
from kalends.demo.standin.speaking import Asked
from kalends.marketing.connectors import connections
from kalends.marketing.connectors.apple_search_ads import CONNECTOR, following, judge
from kalends.marketing.connectors.signals import Malformed, Refused

REPORTS = "https://api.searchads.apple.com/api/v5/reports/campaigns"


def page(rows, start, total):
    found = {"reportingDataResponse": {"row": rows}}
    told = {"data": found, "pagination": {"startIndex": start, "totalResults": total}, "error": None}
    return answer(200, told, url=REPORTS)


@pytest.mark.parametrize(
    ("status", "signal"), [(200, Refused), (400, Refused), (403, Refused), (429, None), (401, None)]
)
def test_an_error_is_told_in_apples_words(status, signal):
    found = judge(answer(status, failed(200, "INVALID", "No such field.").content, url=REPORTS))
    assert type(found) is (signal or type(None))
    assert found is None or "No such field." in found.message


def test_good_pages_have_no_signal():
    assert judge(page([], 0, 0)) is None


def test_pages_follow_one_another():
    assert following(page([{}, {}], 0, 5), offset=0) == (2, 5)
    assert following(page([{}], 4, 5), offset=4) == (5, 5)
    assert following(page([], 0, 0), offset=0) == (0, 0)


@pytest.mark.parametrize(
    ("rows", "start", "total"), [([{}], 0, 5), ([], 2, 5), ([{}], None, 5), (None, 2, 5), ([{}], 2, None)]
)
def test_another_page_than_was_asked_for_is_told(rows, start, total):
    with pytest.raises(Malformed):
        following(page(rows, start, total), offset=2)


def asking(secrets, now):
    """A question for a token, as the stand-in gets it."""

    wanted = CONNECTOR.auth.token(secrets, now)
    return Asked("POST", "appleid.apple.com", "/auth/oauth2/token", {}, {}, urlencode(wanted.form).encode())


def test_only_who_has_the_key_is_let_in(clock):
    standin = AppleSearchAds(AppleSearchAds.known_truth(), clock=clock)
    now, good = clock().timestamp(), dict(standin.secrets)
    assert standin.is_right(asking(good, now))
    assert not standin.is_right(asking(good, now - 200_000)), "signed too long ago"
    assert not standin.is_right(asking(good | {"key_id": "another"}, now))
    assert not standin.is_right(asking(good | {"team_id": "another"}, now))
    assert b"PRIVATE" not in asking(good, now).body


def test_a_key_that_is_none_is_told(house, scope):
    entered = dict(AppleSearchAds.secrets) | {
        "private_key": "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----"
    }
    with platform(house, "apple_search_ads"):
        with house.work(scope) as work:
            made = connections.create(work, data_source="apple_search_ads", label="Shop", entered=entered).id
        health = connections.test(house, open_work=lambda: house.work(scope), connection_id=made)
    assert (health.state, health.problem) == ("broken", "The private key cannot be read.")
    assert KEY.curve.name == "secp256r1"
