"""From a wish in a transaction to a message that has left, exactly as often as it was wished for."""

import concurrent.futures
import hashlib
import hmac
import time

import orjson
import pytest
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.base.worker import Worker
from kalends.notify import jobs
from kalends.notify.channels import LaterError
from kalends.notify.service import add_webhook, inbox, list_deliveries, remove_webhook, send_email, send_webhooks


def wish(house, scope, **changes):
    with house.work(scope) as work:
        return send_email(
            work, **{"to": "bob@aurora.example", "subject": "Hello", "body": "It is Monday.\n", **changes}
        )


def states(house, scope):
    with house.work(scope) as work:
        return [(one.state, one.attempts, one.error) for one in list_deliveries(work)]


def test_an_email_arrives_once(house, scope, mailbox, run_tasks):
    delivery = wish(house, scope, to=" Bob@Aurora.example", body="Grüße\n.\nzum Montag\n")
    assert run_tasks() == []
    (mail,) = mailbox.mails
    assert (mail["To"], mail["From"]) == ("bob@aurora.example", "kalends@aurora.example")
    assert mail.get_content().splitlines() == ["Grüße", ".", "zum Montag"]
    assert str(delivery) in mail["Message-ID"]
    assert states(house, scope) == [("sent", 1, None)]
    with house.work(scope) as work:
        work.session.execute(text("UPDATE tasks SET state = 'queued'"))
    assert run_tasks() == []
    assert len(mailbox.mails) == 1


def test_what_is_rolled_back_was_never_said(house, scope, mailbox, run_tasks):
    with house.work(scope) as work:
        send_email(work, to="bob@aurora.example", subject="Hello", body="")
        work.session.rollback()
    assert run_tasks() == []
    assert mailbox.mails == []
    assert states(house, scope) == []


def test_a_wish_with_a_key_is_one_message(house, scope, mailbox, run_tasks):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: wish(house, scope, once_key="digest 2026-W10"), range(8)))
    assert len(set(made)) == 1
    run_tasks()
    assert len(mailbox.mails) == 1


def test_a_subject_cannot_add_headers(house, scope, mailbox, run_tasks):
    wish(house, scope, subject="Hello\r\nBcc: eve@evil.example")
    run_tasks()
    assert mailbox.mails[0]["Subject"] == "Hello Bcc: eve@evil.example"
    assert mailbox.mails[0]["Bcc"] is None


def test_a_busy_server_is_tried_again(house, scope, mailbox, run_tasks):
    mailbox.answers = ["451 come again", "250 ok"]
    wish(house, scope)
    (error,) = run_tasks()
    assert isinstance(error, LaterError)
    assert states(house, scope) == [("pending", 1, "451 come again")]
    assert run_tasks() == []
    assert states(house, scope) == [("sent", 2, None)]
    assert len(mailbox.mails) == 1


def test_a_refused_address_is_not_tried_again_and_admins_are_told(house, scope, mailbox, run_tasks, admin):
    mailbox.answers = ["550 nobody here"]
    wish(house, scope)
    assert run_tasks() == []
    assert states(house, scope) == [("failed", 1, "550 nobody here")]
    with house.work(Scope(tenant_id=scope.tenant_id, role="admin", person_id=admin.id)) as work:
        assert [entry.title for entry in inbox(work)] == ["A message to bob@aurora.example could not be delivered"]
        assert work.session.execute(text("SELECT count(*) FROM inbox_entries")).scalar() == 1


def test_a_server_that_stays_away_is_given_up(house, scope, mailbox, run_tasks, admin):
    mailbox.answers = ["421 closing"] * 20
    wish(house, scope)
    for _ in range(jobs.RETRIES):
        assert len(run_tasks()) == 1
    assert run_tasks() == []
    assert states(house, scope) == [("failed", 9, "given up after 9 tries: 421 closing")]


def test_without_a_mail_server_it_says_what_to_do(house, scope, run_tasks):
    wish(house, scope)
    run_tasks()
    assert states(house, scope) == [("failed", 1, "No mail server is set: give KALENDS_SMTP_URL.")]


def test_the_servers_password_goes_only_to_this_machine_or_over_tls(house, scope, settings, mailbox, run_tasks):
    settings.smtp_url = f"smtp://us%40er:se%20cret@127.0.0.1:{mailbox.port}"
    wish(house, scope)
    run_tasks()
    assert len(mailbox.logins) == 1
    assert mailbox.mails[0]["From"] == "us@er"


def hook(house, scope, url):
    with house.work(scope) as work:
        return add_webhook(work, url=url, label="chat")


def tell(house, scope):
    with house.work(scope) as work:
        return send_webhooks(work, event="batch.published", text="1,000 rows are in.", data={"rows": 1000})


def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(house, scope, receiver, run_tasks, clock):
    added = hook(house, scope, receiver.url)
    (delivery,) = tell(house, scope)
    assert run_tasks() == []
    ((headers, body),) = receiver.posts
    stamp = headers["X-Kalends-Timestamp"]
    assert int(stamp) == clock.now.timestamp()
    expected = hmac.new(added.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Kalends-Signature"] == f"v1={expected}"
    assert orjson.loads(body) == {
        "id": str(delivery),
        "event": "batch.published",
        "text": "1,000 rows are in.",
        "data": {"rows": 1000},
        "at": clock.now.isoformat(),
    }
    with house.work(scope) as work:
        assert added.secret not in work.session.execute(text("SELECT w::text FROM webhooks w")).scalar()


@pytest.mark.parametrize(
    ("status", "ends"), [(500, "pending"), (429, "pending"), (408, "pending"), (404, "failed"), (302, "failed")]
)
def test_a_webhooks_answer_decides_whether_to_try_again(house, scope, receiver, run_tasks, status, ends):
    hook(house, scope, receiver.url)
    receiver.statuses = [status]
    tell(house, scope)
    run_tasks()
    assert [state for state, _, _ in states(house, scope)] == [ends]
    run_tasks()
    assert len(receiver.posts) == (2 if ends == "pending" else 1)


def test_nobody_listening_is_tried_again(house, scope, receiver, run_tasks):
    hook(house, scope, "http://127.0.0.1:9/hook")
    tell(house, scope)
    assert len(run_tasks()) == 1
    assert states(house, scope)[0][0] == "pending"


def test_a_hosted_server_does_not_call_into_its_own_network(house, scope, settings, receiver, run_tasks):
    settings.host = "0.0.0.0"
    hook(house, scope, receiver.url)
    tell(house, scope)
    assert run_tasks() == []
    assert receiver.posts == []
    assert "own network" in states(house, scope)[0][2]


def test_a_removed_webhook_gets_nothing_more(house, scope, receiver, run_tasks):
    added = hook(house, scope, receiver.url)
    tell(house, scope)
    with house.work(scope) as work:
        remove_webhook(work, webhook_id=added.webhook.id)
    assert run_tasks() == []
    assert tell(house, scope) == []
    assert receiver.posts == []


def test_a_worker_that_lost_its_task_does_not_write(house, scope, mailbox):
    """The one that took over has raised the attempt: whatever the first one reports no longer counts."""
    from kalends.base.jobs import JobRun, TaskSupersededError
    from kalends.base.worker import claim

    wish(house, scope)
    with house.work(scope) as work:
        task = work.session.execute(text("SELECT id FROM tasks WHERE kind = 'notify.deliver'")).scalar()
    worker_scope = Scope(tenant_id=scope.tenant_id, role="worker", label="job")
    _, first = claim(house, worker_scope, task)
    claim(house, worker_scope, task)
    assert isinstance(first, JobRun)
    with pytest.raises(TaskSupersededError):
        jobs.deliver.run(first)
    assert mailbox.mails == []


def test_the_real_worker_sends_it(house, scope, mailbox):
    wish(house, scope)
    worker = Worker(house)
    worker.start(alone=True)
    try:
        deadline = time.monotonic() + 20
        while not mailbox.mails and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        worker.stop()
    assert len(mailbox.mails) == 1
    assert states(house, scope) == [("sent", 1, None)]
