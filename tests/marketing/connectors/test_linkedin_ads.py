"""What LinkedIn says where it does not answer, how parts become one, and what its reports are called in the record."""

import orjson
import pytest
from answering import answer, reports_of

from kalends.marketing.connectors.linkedin_ads import (
    CONNECTOR,
    METRICS,
    MOST_FIELDS,
    MOST_ROWS,
    PARTS,
    judge,
    rows_of,
    together,
)
from kalends.marketing.connectors.signals import Limited, Malformed, Refused, TooMuch

DAY = {"start": {"year": 2026, "month": 11, "day": 1}, "end": {"year": 2026, "month": 11, "day": 1}}
OTHER = {"start": {"day": 2, "month": 11, "year": 2026}, "end": {"day": 2, "month": 11, "year": 2026}}
URNS = {
    "CAMPAIGN": "sponsoredCampaign",
    "CAMPAIGN_GROUP": "sponsoredCampaignGroup",
    "CREATIVE": "sponsoredCreative",
    "ACCOUNT": "sponsoredAccount",
    "MEMBER_COUNTRY_V2": "geo",
}


def row(number, days=DAY, **metrics):
    return {"pivotValues": [f"urn:li:sponsoredCampaign:{number}"], "dateRange": days, **metrics}


def test_a_days_limit_lasts_until_midnight_in_utc():
    said = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
    found = judge(answer(429, {"status": 429, "message": said}))
    assert type(found) is Limited
    assert found.seconds == 6 * 3600  # it is 18 o'clock
    assert judge(answer(429, {"message": "throttled"})).seconds is None
    assert judge(answer(429, {"message": "throttled"}, retry_after="7")).seconds == 7


def test_a_version_that_is_gone_is_for_us_to_mend():
    found = judge(answer(426, {"code": "NONEXISTENT_VERSION"}))
    assert type(found) is Refused
    assert found.advice == "Update Kalends."


def test_what_the_status_says_is_left_to_it_but_half_an_answer_is_malformed():
    assert judge(answer(401, b"")) is None
    assert judge(answer(500, b"<html>")) is None
    with pytest.raises(Malformed):
        judge(answer(200, b'{"elements": [{'))


def test_no_part_has_more_fields_than_linkedin_gives_and_all_of_them_are_asked_for():
    assert all(len(part) <= MOST_FIELDS for part in PARTS)
    assert {name for part in PARTS for name in part} == {*METRICS, "dateRange", "pivotValues"}


def test_parts_are_put_together_by_pivot_and_day_in_any_order():
    first = [row(1, clicks=1), row(2, clicks=2), row(1, OTHER, clicks=3)]
    turned = {part: dict(reversed(days.items())) for part, days in DAY.items()}
    second = [row(1, OTHER, likes=30), row(1, turned, likes=10)]  # nothing was liked in campaign 2
    found = sorted((one["pivotValues"][0][-1], one["clicks"], one.get("likes")) for one in together([first, second]))
    assert found == [("1", 1, 10), ("1", 3, 30), ("2", 2, None)]


def test_a_row_that_comes_twice_is_not_guessed_about():
    with pytest.raises(Malformed):
        together([[row(1, clicks=1), row(1, clicks=2)]])


def test_a_full_answer_may_have_been_cut_short():
    with pytest.raises(TooMuch):
        rows_of({"elements": [row(number) for number in range(MOST_ROWS)]})
    assert len(rows_of({"elements": [row(1)]})) == 1


@pytest.mark.parametrize("body", [[], {}, {"elements": None}, {"elements": [1]}, {"elements": [{"clicks": 1}]}])
def test_what_is_no_row_is_malformed(body):
    with pytest.raises(Malformed):
        rows_of(body)


@pytest.mark.parametrize("report", CONNECTOR.reports, ids=lambda one: one.name)
def test_reports_are_called_as_the_record_calls_them(tmp_path, report):
    pivot = report.pull.keywords["pivot"]
    told = {"pivot": pivot, "pivotValues": [f"urn:li:{URNS[pivot]}:7" if pivot in URNS else "MOBILE_APP"]}
    body = {"paging": {"start": 0}, "elements": [row(1, clicks=1, impressions=5) | told]}
    page = orjson.dumps({"request": {"q": "analytics"}, "response": body})
    assert reports_of(tmp_path, "linkedin_ads", page) == [report.name]
