"""What X says where it does not answer, how its files become one, and what its reports are called in the record."""

import gzip
import json
from datetime import date, timedelta

import orjson
import pytest
from answering import NOW, answer, reports_of
from syncing import connect, exactly, known, platform, slices, stored, work_off

from kalends.demo.standin.truth import Truth
from kalends.demo.standin.twitter_ads import TwitterAds, base36
from kalends.marketing.connectors.signals import CursorExpired, Limited, Malformed, TooMuch
from kalends.marketing.connectors.twitter_ads import CONNECTOR, PLACEMENTS, fetched, judge, listed, midnight, together

FILE = "https://ton.twimg.com/advertiser-api-async-analytics/stats_job_1.json.gz"
CALL = "https://ads-api.x.com/12/accounts/18ce54d4x5t/campaigns"
SECONDS = int(NOW.timestamp())


def stats(groups, *, length=2, entity="CAMPAIGN", placement="SPOTLIGHT", **metrics):
    params = {"start_time": "2026-11-01T07:00:00Z", "end_time": "2026-11-03T07:00:00Z", "granularity": "DAY",
              "entity": entity, "placement": placement, "metric_groups": groups}  # fmt: skip
    data = [{"id": "8u94t", "id_data": [{"segment": None, "metrics": metrics}]}]
    return {"data_type": "stats", "time_series_length": length, "data": data, "request": {"params": params}}


class Repeating:
    """Asks a platform that gives one answer whatever is asked."""

    def __init__(self, body):
        self.body = body

    def get(self, url, params=None, **more):
        return answer(200, self.body, url=url)


def failed(code, **more):
    return {"errors": [{"code": code, "message": "no", **more}], "request": {}}


def test_the_accounts_own_limit_counts_before_the_users():
    both = {"x_rate_limit_reset": str(SECONDS + 900), "x_account_rate_limit_reset": str(SECONDS + 5)}
    assert type(judge(answer(429, b"", url=CALL, **both))) is Limited
    assert judge(answer(429, b"", url=CALL, **both)).seconds == 5
    assert judge(answer(429, b"", url=CALL, x_rate_limit_reset=str(SECONDS + 900))).seconds == 900
    assert judge(answer(429, b"", url=CALL)).seconds is None


def test_errors_are_told_by_code_and_parameter():
    assert type(judge(answer(400, failed("INVALID_PARAMETER", parameter="cursor"), url=CALL))) is CursorExpired
    assert type(judge(answer(400, failed("REQUEST_TOO_COMPLEX"), url=CALL))) is TooMuch
    assert judge(answer(400, failed("INVALID_PARAMETER", parameter="start_time"), url=CALL)) is None
    assert judge(answer(503, b"<html>", url=CALL)) is None
    for body in (b'{"data": [', b"[]"):
        with pytest.raises(Malformed):
            judge(answer(200, body, url=CALL))


def test_a_file_that_is_gone_is_made_anew():
    assert type(judge(answer(404, b"<html>", url=FILE))) is CursorExpired
    assert judge(answer(200, b"\x1f\x8b", url=FILE)) is None


def test_half_a_file_is_malformed():
    whole = gzip.compress(orjson.dumps(stats(["ENGAGEMENT"], impressions=[1, 2])))
    assert fetched(Repeating(whole), FILE)["data"][0]["id"] == "8u94t"
    for content in (whole[: len(whole) // 2], whole[:-8] + b"\0" * 8, b"<html>", b"[]", b""):
        with pytest.raises(Malformed):
            fetched(Repeating(content), FILE)


def test_a_list_that_goes_round_ends():
    with pytest.raises(Malformed):
        list(listed(Repeating({"data": [{"id": "1"}], "next_cursor": "c-1"}), "accounts/1/campaigns"))


def test_days_are_aligned_with_one_offset():
    assert midnight(date(2026, 10, 1), timedelta(hours=-8)) == "2026-10-01T08:00:00Z"
    assert midnight(date(2026, 10, 1), timedelta(hours=9)) == "2026-09-30T15:00:00Z"


def test_what_was_never_seen_in_a_placement_is_left_out():
    found = together([stats(["BILLING"], impressions=None), stats(["WEB_CONVERSION"], conversion_purchases=None)])
    assert found["data"] == []


def test_files_of_other_days_are_not_put_together():
    with pytest.raises(Malformed):
        together([stats(["BILLING"]), stats(["WEB_CONVERSION"], length=3)])


@pytest.mark.parametrize("report", CONNECTOR.reports, ids=lambda one: one.name)
def test_reports_are_called_as_the_record_calls_them(tmp_path, report):
    entity = report.pull.keywords["entity"]
    spent = stats(["ENGAGEMENT", "BILLING"], entity=entity, impressions=[5, 0], billed_charge_local_micro=[100, 0])
    sold = stats(["WEB_CONVERSION"], entity=entity, conversion_purchases={"metric": [1, 0], "sale_amount": [9, 0]})
    page = orjson.dumps({"request": {"account_id": "1"}, "response": together([spent, sold])})
    assert reports_of(tmp_path, "twitter_ads", page) == [report.name]


def test_jobs_that_fail_or_are_forgotten_are_ordered_anew(house, scope):
    truth = Truth(id_of=base36, zone="America/Los_Angeles", campaigns=23)  # more than one job takes
    with platform(house, "twitter_ads", truth=truth) as standin:
        _, run_id = connect(house, scope, standin, history=40)
        standin.outcomes = ["FAILED", "GONE"]
        work_off(house, scope)
        parts = slices(house, scope, run_id)
        first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    found = stored(house, scope, standin)
    assert [one.state for one in parts] == ["landed", "landed"]
    assert not standin.outcomes
    assert {json.loads(key[-2])["placement"] for key in found} == set(PLACEMENTS) - {"TREND"}
    assert exactly(found) == exactly(known(standin, first, last))


def test_an_account_without_campaigns_is_no_failure(house, scope):
    with platform(house, "twitter_ads", truth=Truth(id_of=base36, campaigns=0)) as standin:
        _, run_id = connect(house, scope, standin, history=10)
        work_off(house, scope)
        assert [one.state for one in slices(house, scope, run_id)] == ["landed"]


def test_the_stand_in_takes_no_signature_that_is_not_of_this_call(house, scope):
    with platform(house, "twitter_ads") as standin:
        assert TwitterAds.secrets["consumer_key"]
        connect(house, scope, standin, history=10)
        assert standin.unsigned == 0
        standin.secrets = {**standin.secrets, "access_token_secret": "another"}
        work_off(house, scope)
    assert standin.unsigned > 0
