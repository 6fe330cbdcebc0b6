"""What Klaviyo's answers are taken for, and its flows."""

import pytest
from answering import answer
from sqlalchemy import select
from syncing import batches_of, connect, platform, stored, work_off

from kalends.demo.standin import klaviyo as standin_of
from kalends.marketing.connectors import connections
from kalends.marketing.connectors.klaviyo import CONNECTOR, chunks, judge, next_cursor
from kalends.marketing.connectors.signals import CursorExpired, Malformed, Refused
from kalends.marketing.models import Batch


def error(status, code, detail):
    """An error as Klaviyo writes it."""
    one = {"id": "1", "status": status, "code": code, "title": "", "detail": detail, "source": {"pointer": "/data/"}}
    return answer(status, {"errors": [one]})


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (error(400, "invalid", "Invalid cursor provided."), CursorExpired),
        (error(400, "invalid", "'nonsense' is not a valid statistic"), Refused),
        (error(403, "permission_denied", "You do not have permission to perform this action."), Refused),
        (error(429, "throttled", "Request was throttled. Expected available in 1 second."), None),
        (error(401, "not_authenticated", "Authentication credentials were not provided."), None),
        (answer(200, {"data": []}), None),
    ],
)
def test_judge(answer, signal):
    assert type(judge(answer)) is (signal or type(None))


def test_only_the_cursor_is_taken_of_a_link():
    link = {"data": [], "links": {"next": "https://elsewhere.example/api/metrics?page%5Bcursor%5D=abc"}}
    assert next_cursor(answer(200, link), seen=()) == "abc"
    assert next_cursor(answer(200, {"data": [], "links": {"self": "x", "next": None}}), seen=()) == ""
    with pytest.raises(Malformed):
        next_cursor(answer(200, link), seen=("abc",))
    with pytest.raises(Malformed):
        next_cursor(answer(200, {"meta": {}}), seen=())


def test_ids_in_a_filter():
    assert chunks({"B", "A"}) == ['["A","B"]']
    assert [len(one.split(",")) for one in chunks(map(str, range(120)))] == [50, 50, 20]


def test_which_metric_counts(house, scope, monkeypatch):
    second = {"type": "metric", "id": "METR9", "attributes": {"name": "Placed Order", "integration": {"name": "Woo"}}}
    with platform(house, "klaviyo") as standin:
        monkeypatch.setattr(standin_of, "METRICS", [*standin_of.METRICS, second])
        several = health(house, scope, standin)
        assert several.state == "broken"
        assert "METR9" in several.advice
        assert "RESQ6t" in several.advice
        assert health(house, scope, standin, conversion_metric="RESQ6t").state == "healthy"
        none = health(house, scope, standin, conversion_metric="Bought a boat")
        assert (none.state, "Bought a boat" in none.problem) == ("broken", True)


def health(house, scope, standin, **more):
    """What a test of a connection says."""
    with house.work(scope) as work:
        made = connections.create(work, data_source="klaviyo", label="", entered={**standin.secrets, **more}).id
    return connections.test(house, open_work=lambda: house.work(scope), connection_id=made)


def test_flows_by_day(house, scope):
    with platform(house, "klaviyo") as standin:
        connect(house, scope, standin, reports=[CONNECTOR.reports[1].name], history=30)
        work_off(house, scope)
    assert [(batch.state, batch.quarantined) for batch in batches_of(house, scope)] == [("published", 0)]
    with house.work(scope) as work:
        days = work.session.scalar(select(Batch)).options["date_range"]
        rows = work.warehouse.to_arrow(work.warehouse.table("facts")).to_pylist()
    assert {row["report"] for row in rows} == {CONNECTOR.reports[1].name}
    assert {row["date_from"] for row in rows} == {row["date_to"] for row in rows}
    sent = standin.sent(*(type(rows[0]["date_from"]).fromisoformat(day) for day in days))
    assert sum(row["revenue"] or 0 for row in rows) == sum(day.revenue for day in sent)
    assert stored(house, scope, standin) == {}
