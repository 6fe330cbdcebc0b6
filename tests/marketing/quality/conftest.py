"""A company with some weeks of Meta ads, scored."""

import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import jobs, service
from kalends.marketing.quality import jobs as quality_jobs

assert jobs.apply_batches.kind
assert quality_jobs.score_batch.kind  # the kinds are declared by importing them
WEEKS = 10
LAST = "2026-03-01"
"""Yesterday, by the clock of every test."""


def row(day, campaign, *, spend, **other):
    """A row of Meta's insights."""
    said = {
        "account_id": "act_318840275519406", "account_currency": "EUR", "campaign_id": f"238511904428601{campaign}",
        "campaign_name": f"Campaign {campaign}", "date_start": day.isoformat(), "date_stop": day.isoformat(),
        "spend": f"{spend:.2f}", "impressions": str(int(spend * 100)), "clicks": str(int(spend * 2)),
        "actions": [{"action_type": "purchase", "value": str(int(spend / 10))}],
        "action_values": [{"action_type": "purchase", "value": f"{spend * 3:.2f}"}],
    }  # fmt: skip
    return said | other


def spend_on(day, campaign):
    """A believable spend: by weekday, with some unrest, never twice the same."""
    unrest = (day.toordinal() * 2654435761 + campaign * 40503) % 1000 / 1000
    return (100 + 40 * campaign) * (1.2 if day.weekday() < 5 else 0.8) * (0.93 + 0.14 * unrest)


@pytest.fixture
def rows(clock):
    """Three campaigns on each day of ten weeks up to yesterday."""
    days = [(clock() - timedelta(days=back)).date() for back in range(1, 7 * WEEKS + 1)]
    return [row(day, campaign, spend=spend_on(day, campaign)) for day in sorted(days) for campaign in (1, 2, 3)]


@pytest.fixture
def subscribed(house):
    house.subscriptions = {"marketing.batch_published": ["marketing.score_batch"]}


@pytest.fixture
def work_off(house, scope):
    """Run the waiting tasks (of a kind) as the worker would, also those that they start."""

    def run(kind="%"):
        while True:
            with house.work(scope) as work:
                query = text("SELECT id FROM tasks WHERE state = 'queued' AND kind LIKE :kind ORDER BY id")
                waiting = work.session.execute(query, {"kind": kind}).scalars().all()
            if not waiting:
                return
            for task_id in waiting:
                run_task(house, scope.tenant_id, task_id)

    return run


@pytest.fixture
def land(house, scope, subscribed):
    """Land rows as a file that nobody has read yet; gives the batch's id."""

    def land_rows(rows):
        raw = io.BytesIO("\n".join(json.dumps(each) for each in rows).encode())
        door = Door(house=house, scope=scope, is_local=True)
        return service.land_file(door, raw, data_source="facebook_ads", file_name="ads.ndjson")

    return land_rows


@pytest.fixture
def load(land, work_off):
    """Load rows as a file and let everything follow; gives the batch's id."""

    def load_rows(rows):
        batch = land(rows)
        work_off()
        return batch

    return load_rows


@pytest.fixture
def tenant(company):
    """The company itself; the engines' own tenants belong to the tests of versions."""
    return company
