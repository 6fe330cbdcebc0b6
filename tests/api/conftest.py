"""A company with a little of everything in it, so that every address has something to answer with."""

import json
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.identity.service import create_key

ROWS = [
    {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": f"c{place % 2}", "adset_id": "s1",
        "ad_id": f"ad{place}", "date_start": "2026-02-10", "date_stop": "2026-02-10", "spend": f"{10 + place}.50",
        "impressions": "1000", "clicks": "20", "actions": [{"action_type": "purchase", "value": "2"}],
    }
    for place in range(4)
]  # fmt: skip
REFUSED = {**ROWS[0], "ad_id": "ad9", "spend": "-3"}
PERIOD = {"date_range_start": "2026-02-10", "date_range_end": "2026-02-10"}


@dataclass(frozen=True)
class Furnished:
    """How to be let in as the owner's program, and the ids that exist, by the path's own word for them."""

    headers: dict[str, str]
    ids: dict[str, str]
    handle: str
    """The lineage of an answer."""


def work_off(house, scope):
    """Run the waiting tasks as the worker would."""
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task_id in waiting:
        run_task(house, scope.tenant_id, task_id)


@pytest.fixture
def furnished(house, scope, anonymous, signed_in):
    """The company of `scope` with facts, quarantine, an event, a webhook, an invitation, a key and a second person."""
    signed_in("viewer")
    with house.work(scope) as work:
        secret = create_key(work, label="contract", role="owner").secret
    anonymous.headers["authorization"] = f"Bearer {secret}"

    def made(path, body):
        answer = anonymous.post(f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    lines = "\n".join(map(json.dumps, [*ROWS, REFUSED]))
    batch = anonymous.post(
        "/api/v1/marketing/ingest",
        params={"data_source": "facebook_ads"},
        content=lines,
        headers={"content-type": "application/x-ndjson"},
    ).json()
    event = made("/calendar/events", {"name": "Spring sale", "start": "2026-02-10", "end": "2026-02-12"})
    ids = {
        "batch_id": batch["id"],
        "event_id": event["id"],
        "comment_id": made(f"/calendar/events/{event['id']}/comments", {"body": "Looks good"})["id"],
        "on": "2026-02-10",
        "calendar_id": event["calendar_id"],
        "which": event["calendar_id"],
        "hook_id": made("/webhooks", {"url": "https://hooks.example/in", "label": "Ops"})["id"],
        "invite_id": made("/invites", {"email": "new@aurora.example", "role": "viewer"})["id"],
        "key_id": made("/keys", {"label": "spare", "role": "viewer"})["id"],
        "person_id": anonymous.get("/api/v1/people").json()["people"][0]["id"],
        "year": "2026",
    }
    work_off(house, scope)
    handle = made("/marketing/insights", {"metrics": ["spend"], **PERIOD})["lineage"]
    return Furnished(headers={"authorization": f"Bearer {secret}"}, ids=ids, handle=handle)
