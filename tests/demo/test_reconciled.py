"""The sample company loaded: the product finds in it what was planted."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import text

from kalends.base.scope import Scope
from kalends.base.worker import run_task
from kalends.demo.binding import rates
from kalends.identity.service import Door, create_tenant
from kalends.marketing import jobs, service
from kalends.marketing.reconciliation.answers import Question
from kalends.marketing.reconciliation.service import aggregate
from kalends.marketing.schemas import Rates

assert jobs.apply_batches.kind  # the kind is declared by importing it

END = date(2026, 11, 20)
FIRST, LAST = date(2026, 10, 10), date(2026, 11, 15)


@pytest.fixture
def scope(house, clock):
    """A company of its own on the day after the sample's last, with the rates of its pound."""
    clock.now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    tenant = create_tenant(house, name="Nordlicht GmbH", currency="EUR")
    made = Scope(tenant_id=tenant, role="owner", label="test")
    service.land_rates(
        Door(house=house, scope=made, is_local=True), Rates.model_validate({"rates": list(rates(date(2026, 11, 21)))})
    )
    return made


def load(house, scope, files):
    """Load the files and have them applied."""
    door = Door(house=house, scope=scope, is_local=True)
    for file in files:
        service.land_file(
            door,
            io.BytesIO(file.content),
            data_source=file.data_source,
            file_name=file.name,
            reported_at=file.reported_at,
            options={"date_range": [day.isoformat() for day in file.date_range]},
        )
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task_id in waiting:
        run_task(house, scope.tenant_id, task_id)


def test_orders_are_the_number_analytics_reads_low_and_claims_overlap(house, scope, company):
    last = [
        file
        for file in company.files
        if file.date_range[1] == END and (file.date_range[0] > date(2026, 9, 1) or "analytics" in file.data_source)
    ]
    assert {file.data_source for file in last} >= {"orders", "google_analytics", "google_ads", "facebook_ads"}
    load(house, scope, last)
    with house.work(scope) as work:
        told = aggregate(work, question=Question(first=FIRST, last=LAST, metrics=("conversions",)))
    (cell,) = told.cells
    sold = company.sales.filter(pl.col("date").is_between(FIRST, LAST))
    assert cell.value == cell.low == cell.high == sold.height
    (analytics,) = [one for one in told.sources if one.source == "google_analytics"]
    assert -0.11 < analytics.bias < -0.06
    claims = {one.platform: one for one in cell.claims.claimed}
    assert claims.keys() == {"google_ads", "facebook_ads", "klaviyo"}
    assert claims["google_ads"].over > 0.4
    assert claims["facebook_ads"].over > 1
    assert claims["google_ads"].value < sold.height < cell.claims.claimed_total
