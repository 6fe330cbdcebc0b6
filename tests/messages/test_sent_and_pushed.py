"""What was sent against what was planned, and weeks that are posted to a page's address."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow as pa
import pytest
from message_world import HISTORY, add_captions, add_history, add_page
from sqlalchemy import select, text

from kalends.base.worker import run_task
from kalends.messages import creator_pages, pushing, schedule_jobs, schedules
from kalends.messages.models import ScheduleExport
from kalends.messages.page_schemas import PageChange
from kalends.messages.pushing import PushRefusedError, push_now, push_secret
from kalends.messages.sent import Planned, Sent, matched
from kalends.notify.service import add_webhook, list_deliveries

NOON = datetime(2026, 3, 9, 12, 7, tzinfo=UTC)
MONDAY = date(2026, 3, 9)


@pytest.mark.unit
def test_each_message_is_matched_once_and_by_caption():
    planned = [Planned(NOON, "PPV", 1), Planned(NOON + timedelta(hours=3), "PPV", 1), Planned(NOON, "Bump", 2)]
    sent = [
        Sent("a", NOON + timedelta(hours=2, minutes=50), "PPV", 1),
        Sent("b", NOON + timedelta(minutes=4), "PPV", 1),
        Sent("c", NOON + timedelta(hours=13), "Bump", 2),
    ]
    assert matched(planned, sent) == {0: 1, 1: 0}


@pytest.fixture
def week(house, scope):
    with house.work(scope) as work:
        page = add_page(work)
        bank = add_captions(work, page=page)
        add_history(work, [page], captions=bank)
    return schedules.build(house, scope, page_id=page.id, first_day=MONDAY)


def test_last_week_is_compared_with_what_was_sent(house, scope, clock, week):
    with house.work(scope) as work:
        seen = schedules.view(work, schedule_id=week.id)
        rows = [
            {"page_id": str(week.page_id), "message_id": f"sent {at}", "sent_at": one.send_at + timedelta(minutes=5),
             "type": one.message_type, "caption_no": one.caption_no, "price": None, "recipients": 100, "viewed": 50,
             "purchased": 2, "earnings": None, "currency": "USD", "import_id": "x", "source_row": at}
            for at, one in enumerate(seen.messages[:-1])
        ]  # fmt: skip
        work.warehouse.append("page_messages", pa.Table.from_pylist(rows, schema=HISTORY.to_pyarrow()))
    clock.advance(days=14)
    after = schedules.build(house, scope, page_id=week.page_id, first_day=MONDAY + timedelta(days=14))
    with house.work(scope) as work:
        found = schedules.compare(work, schedule_id=after.id)
    told = found.sent
    assert found.before.id == week.id
    assert (told.planned, told.sent, told.missed, told.unplanned) == (len(rows) + 1, len(rows), 1, 0)
    assert (told.median_minutes, told.earnings, told.purchases) == (5.0, None, 2 * len(rows))
    assert [one.sent_message_id for one in found.before.messages][:2] == ["sent 0", "sent 1"]


@pytest.fixture
def receiver():
    """A small server that keeps what it is sent; `answer` is its status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            server.got.append((dict(self.headers), body))
            self.send_response(server.answer)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answer = [], 200
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()


def test_a_week_is_posted_signed_and_noted(house, scope, week, receiver):
    url = f"http://127.0.0.1:{receiver.server_port}/weeks"
    with house.work(scope) as work:
        creator_pages.change_page(work, page_id=week.page_id, change=PageChange(overrides={"webhook": url}))
        with pytest.raises(schedules.NotApprovedError):
            schedules.push(work, schedule_id=week.id)
        schedules.approve(work, schedule_id=week.id)
    push_now(lambda: house.work(scope), schedule_id=week.id)
    headers, body = receiver.got[0]
    signed = headers["X-Kalends-Timestamp"].encode() + b"." + body
    secret = push_secret(house, scope.tenant_id)
    assert headers["X-Kalends-Signature"] == "v1=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
    assert len(json.loads(body)["data"]["messages"]) == week.total_messages
    receiver.answer = 500
    with pytest.raises(PushRefusedError, match="500"):
        push_now(lambda: house.work(scope), schedule_id=week.id)
    with house.work(scope) as work:
        assert schedules.get(work, schedule_id=week.id).state == "exported"
        log = [(row.way, row.status) for row in pushes(work)]
    assert log == [("webhook", "success"), ("webhook", "failed")]


def test_a_hosted_server_posts_nothing_into_its_own_network(house, scope, week, receiver, monkeypatch):
    url = f"http://127.0.0.1:{receiver.server_port}/weeks"
    monkeypatch.setattr(pushing, "inner_allowed", lambda settings: False)
    with house.work(scope) as work:
        creator_pages.change_page(work, page_id=week.page_id, change=PageChange(overrides={"webhook": url}))
        schedules.approve(work, schedule_id=week.id)
    with pytest.raises(PushRefusedError, match="inside this server"):
        push_now(lambda: house.work(scope), schedule_id=week.id)
    assert receiver.got == []


def test_the_job_posts_the_week_and_says_why_it_could_not(house, scope, week, receiver):
    url = f"http://127.0.0.1:{receiver.server_port}/weeks"

    def pushed():
        with house.work(scope) as work:
            task = schedules.push(work, schedule_id=week.id).task_id
        run_task(house, scope.tenant_id, task)
        with house.work(scope) as work:
            return work.session.execute(TASK, {"id": task}).one()

    with house.work(scope) as work:
        creator_pages.change_page(work, page_id=week.page_id, change=PageChange(overrides={"webhook": url}))
        schedules.approve(work, schedule_id=week.id)
    assert pushed().state == "done"
    assert json.loads(receiver.got[0][1])["event"] == pushing.EVENT
    receiver.answer = 410
    failed = pushed()
    assert (failed.state, "answered 410" in failed.error["detail"]) == ("failed", True)


def test_without_an_address_of_its_own_the_companys_webhooks_get_it(house, scope, week):
    with house.work(scope) as work:
        add_webhook(work, label="All", url="https://hooks.aurora.example/all")
        schedules.approve(work, schedule_id=week.id)
        task = schedules.push(work, schedule_id=week.id).task_id
    run_task(house, scope.tenant_id, task)
    with house.work(scope) as work:
        (delivery,) = [each for each in list_deliveries(work) if each.subject == pushing.EVENT]
        assert len(delivery.payload["data"]["messages"]) == week.total_messages
        assert schedules.get(work, schedule_id=week.id).state == "exported"
        assert [(row.way, row.status) for row in pushes(work)] == [("webhook", "success")]


JOBS = schedule_jobs.push_schedule, schedule_jobs.build_weeks
"""Declared by being imported."""
TASK = text("SELECT state, error FROM tasks WHERE id = :id")


def pushes(work):
    query = select(ScheduleExport).where(ScheduleExport.way == "webhook").order_by(ScheduleExport.id)
    return list(work.session.scalars(query))
