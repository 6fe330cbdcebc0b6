"""Envelopes are taken off answers whose rows stay closed; every other document is left to who opens it."""

import json

import msgspec
import pytest

from kalends.base.reading.envelopes import Envelope
from kalends.marketing.mapping import dialect_of

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _short_documents_too(monkeypatch):
    monkeypatch.setattr("kalends.base.reading.envelopes.WORTH_CHARACTERS", 0)


class Answer(msgspec.Struct):
    rows: list[msgspec.Raw]
    day: str = ""
    steps: None = None


def envelope(given=lambda answer: {"day": answer.day}):
    return Envelope(Answer, rows=lambda answer: answer.rows, given=given)


def document(*rows, **more):
    return json.dumps({"page": 1, "rows": rows, "day": "2026-01-02"} | more)


def test_rows_pass_as_they_came_with_what_the_answer_says_about_all_of_them():
    row = '{ "id": 9007199254740993.10 , "name" : "\\u00e9 }" }'
    lines = envelope().lines(document().replace("[]", f"[{row} , {row}]"))
    assert lines.decode() == 2 * (row[:-1] + ',"day":"2026-01-02"}\n')


def test_nothing_given_leaves_the_rows_alone():
    assert envelope(lambda _: {}).lines(document({"id": 1}, {"id": 2})) == b'{"id": 1}\n{"id": 2}\n'


@pytest.mark.parametrize(
    "odd",
    [
        document({"id": 1}, steps=[1]),
        document({"id": 1}, day=5),
        document(),
        json.dumps({"data": []}),
        json.dumps([1]),
        document({"id": 1})[:-1],
        document({"id": "x"}).replace('"x"', "NaN"),
    ],
)
def test_other_documents_are_left_to_who_opens_them(odd):
    assert envelope().lines(odd) is None


def test_short_documents_are_opened(monkeypatch):
    monkeypatch.setattr("kalends.base.reading.envelopes.WORTH_CHARACTERS", 100)
    assert envelope().lines(document({"id": 1})) is None
    assert envelope().lines(document({"id": 50 * "1"})) is not None


@pytest.mark.parametrize("row", [None, 5, "x", [1], ["x"], True, 0.5])
def test_what_is_no_object_makes_no_row(row):
    with pytest.raises(ValueError, match=r"."):
        json.loads(envelope().lines(document(row)))


def test_a_platform_that_is_not_known_has_none():
    assert dialect_of("somebody's file").envelope is None


def test_klaviyos_values_stay_closed_and_its_series_and_names_do_not():
    klaviyo, frame = (
        dialect_of("klaviyo").envelope,
        {"start": "2026-01-02T00:00:00+00:00", "end": "2026-01-03T23:59:59+00:00"},
    )

    def lines(request, **attributes):
        answer = {"data": {"attributes": {"results": [{"statistics": {"opens": 1}}]} | attributes}}
        return klaviyo.lines(json.dumps({"request": request, "response": answer}))

    assert json.loads(lines({"timeframe": frame})) == {
        "statistics": {"opens": 1}, "interval_from": "2026-01-02", "interval_to": "2026-01-03",
    }  # fmt: skip
    assert lines({"timeframe": frame}, date_times=["2026-01-02T00:00:00+00:00"]) is None
    assert lines({"timeframe": frame, "names": "campaigns"}) is None
    assert lines({}) is None
