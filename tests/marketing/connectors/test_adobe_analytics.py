"""What Adobe says instead of a report, and answers that are not the whole of it."""

import httpx
import orjson
import pytest

from kalends.marketing.connectors.adobe_analytics import judge, pages_of
from kalends.marketing.connectors.asking import Answer, Question
from kalends.marketing.connectors.signals import Limited, Malformed, Refused, TokenExpired


def answer(body, status=200):
    return Answer(status, httpx.Headers(), orjson.dumps(body), Question("POST", "https://a.example/"), None)


def test_its_own_codes_are_understood():
    assert isinstance(judge(answer({"error_code": "429050", "message": "Too many requests"}, 429)), Limited)
    assert isinstance(judge(answer({"error_code": "401013", "message": "Oauth token is not valid"}, 401)), TokenExpired)
    refused = judge(answer({"error_code": "403025", "message": "Profile is not valid"}, 403))
    assert isinstance(refused, Refused)
    assert "product profile" in refused.advice
    assert judge(answer({"columns": {"columnIds": ["0"]}})) is None


def test_a_report_without_all_of_its_columns_is_refused():
    errors = [{"columnId": "3", "errorCode": "unauthorized_metric"}]
    refused = judge(answer({"columns": {"columnIds": ["0"], "columnErrors": errors}}, 206))
    assert isinstance(refused, Refused)
    assert "unauthorized_metric" in refused.message


def test_pages_are_counted_and_the_last_one_is_not_believed():
    body = {"columns": {"columnIds": ["0", "1"]}, "totalPages": 2, "number": 1, "lastPage": False}
    assert pages_of(body, page=1, columns=2) == 2
    assert pages_of({**body, "totalPages": 0, "number": 0}, page=0, columns=2) == 0
    for wrong in ({**body, "number": 0}, {**body, "columns": {"columnIds": ["0"]}}, {"totalPages": 1}, []):
        with pytest.raises(Malformed):
            pages_of(wrong, page=1, columns=2)
