"""Rows to send, and a worker that can be told to work."""

import json
from datetime import date, timedelta

from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import jobs, service

# What the European Central Bank publishes, in its shape.
ECB = b"""Date,USD,JPY,GBP,
2026-01-12,1.25,160.5,0.8,
2026-01-09,1.20,N/A,0.85,
"""
FIRST = date(2026, 1, 10)
assert jobs.apply_batches  # the kind is declared by importing it


def meta_rows(count=12, *, ads=4, **changes):
    """Ad-level rows of Meta, `ads` a day."""
    return [
        {
            "account_id": "act_1",
            "account_currency": "EUR",
            "campaign_id": f"c{place % 2}",
            "adset_id": "s1",
            "ad_id": f"ad{place % ads}",
            "ad_name": f"Ad {place % ads}",
            "date_start": (FIRST + timedelta(days=place // ads)).isoformat(),
            "date_stop": (FIRST + timedelta(days=place // ads)).isoformat(),
            "spend": f"{10 + place}.50",
            "impressions": str(1000 + place),
            "clicks": str(20 + place),
            "actions": [{"action_type": "purchase", "value": "2"}],
        }
        | changes
        for place in range(count)
    ]


def lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Company:
    """A company's data room as a program and as its worker see it."""

    def __init__(self, house, scope):
        self.house, self.scope = house, scope
        self.door = Door(house=house, scope=scope, is_local=True)

    def work_off(self):
        """Run the waiting tasks as the worker would."""
        with self.house.work(self.scope) as work:
            query = text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")
            waiting = work.session.execute(query).scalars().all()
        for task_id in waiting:
            run_task(self.house, self.scope.tenant_id, task_id)

    def load(self, rows, *, source="facebook_ads", **told):
        import io

        raw = rows if isinstance(rows, bytes) else lines(rows)
        batch = service.land_file(self.door, io.BytesIO(raw), data_source=source, file_name="ads.ndjson", **told)
        self.work_off()
        return self.batch(batch)

    def batch(self, batch_id):
        with self.house.work(self.scope) as work:
            return service.describe(work, batch_id=batch_id)

    def facts(self, table="facts"):
        with self.house.warehouse.tenant(self.scope.tenant_id) as warehouse:
            if not warehouse.exists(table):
                return []
            return warehouse.to_arrow(
                warehouse.table(table).order_by(["date_from", "key_hash", "batch_seq"])
            ).to_pylist()
