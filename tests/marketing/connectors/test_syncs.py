"""90 days of every platform, through every fault that it can have, end with exactly what the platform knows.

So do a few days of each of its reports; with KALENDS_PROVE each report goes through the 90 days and the faults.
"""

import os
import random
from datetime import timedelta

import pytest
from proof import proof
from structlog.testing import capture_logs
from syncing import Deadly, aside, batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.demo.standin.registry import STANDINS
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.runs import get_run, start

SHARE = float(os.environ.get("KALENDS_PROVE", "0"))
SEEDS = range(max(1, round(20 * SHARE)))
DAYS, AGAIN = 90, 6
FEW = 4
"""Days: over a month's end, and of those on which X shows its spotlight."""
REPORTS = [(one.data_source, report.name) for one in CONNECTORS.values() for report in one.reports]
FIRST = [(one.data_source, one.reports[0].name) for one in CONNECTORS.values()]


def test_every_connector_has_a_stand_in():
    assert CONNECTORS.keys() == STANDINS.keys()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("data_source", "report"), REPORTS if SHARE else FIRST)
def test_ends_with_the_truth_whatever_happens(house, scope, data_source, report, seed):
    connector, draw = CONNECTORS[data_source], random.Random(f"{data_source}{seed}")
    with capture_logs() as logs, platform(house, data_source) as standin:
        can = standin.can_meet(report)
        connection, run_id = connect(house, scope, standin, reports=[report], history=DAYS)
        # The first calls of the run: each fault once, in any order, sometimes two in a row.
        places = draw.sample(range(standin.calls, standin.calls + 2 * len(can)), len(can))
        standin.faults = dict(zip(sorted(places), draw.sample(can, len(can)), strict=True))
        house.clock = Deadly(house.clock, draw.sample(range(10, 200), 3))
        work_off(house, scope)
        house.clock = house.clock.clock  # a death that has not come by now would meet the test itself
        parts = slices(house, scope, run_id)
        first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
        for _ in range(AGAIN):  # where a quarter needs few calls
            if standin.faults.keys() <= set(range(standin.calls)):
                break
            with house.work(scope) as work:
                start(work, connection_id=connection, first=first, last=last)
            work_off(house, scope)
        today = house.clock().date()

    with house.work(scope) as work:
        assert get_run(work, run_id=run_id).state == "done", [(one.state, one.problem, one.advice) for one in parts]
    assert (last - first).days + 1 == DAYS
    assert last >= today - timedelta(days=connector.lag + 1)
    for batch in batches_of(house, scope):
        assert (batch.state, batch.quarantined) == ("published", 0), aside(house, scope, batch)
    assert exactly(stored(house, scope, standin, report)) == exactly(known(standin, first, last, report))
    assert standin.over_limit == 0, "calls over the declared quota"
    assert sorted(standin.met) == sorted(can), "faults that were never met, or met twice"
    said = repr(logs)
    assert not [secret for secret in standin.secret_texts() if secret in said]
    proof(f"{data_source} {report}, faults survived", len(standin.met))


@pytest.mark.parametrize("data_source", sorted(CONNECTORS))
def test_every_report_ends_with_the_truth(house, scope, data_source):
    connector = CONNECTORS[data_source]
    with platform(house, data_source) as standin:
        names = [report.name for report in connector.reports]
        _, run_id = connect(house, scope, standin, reports=names, history=FEW)
        work_off(house, scope)
        parts = slices(house, scope, run_id)
    assert {(one.state, one.report) for one in parts} == {("landed", name) for name in names}, [
        (one.report, one.problem, one.advice) for one in parts if one.state != "landed"
    ]
    for batch in batches_of(house, scope):
        assert (batch.state, batch.quarantined) == ("published", 0), aside(house, scope, batch)
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    for report in names:
        truth = exactly(known(standin, first, last, report))
        assert truth, report
        assert exactly(stored(house, scope, standin, report)) == truth, report
    assert standin.over_limit == 0
