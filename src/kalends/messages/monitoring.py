"""Every five minutes: look how the building of weeks goes, tell administrators, and set the figures of /metrics.

The figures are sums over all companies of the house: nothing about any one of them leaves it unasked.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Gauge

from kalends.base.chores import frequent_chore
from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.messages.health import Health, watch

BUILDS: Final = Gauge("kalends_message_builds", "Weeks of messages built in seven days, by how it ended.", ["status"])
SECONDS: Final = Gauge("kalends_message_build_seconds", "Mean time to build a week, over seven days; NaN: none.")
LAST: Final = Gauge("kalends_message_last_build_timestamp_seconds", "When the last week was built; 0: never.")
DUE: Final = Gauge("kalends_message_pages_due", "Pages whose next week begins within 48 hours without a schedule.")
ERRORS: Final = Gauge("kalends_message_errors", "Weeks that failed to be built or taken out in the last hour.")


@frequent_chore
def watch_builds(house: House) -> None:
    """Look at every company."""
    found = []
    for tenant_id in house.tenants():
        with house.work(Scope(tenant_id=tenant_id, role="worker", label="chore")) as work:
            found.append(watch(work))
    show(found)


def show(found: list[Health]) -> None:
    """Set the figures."""
    failed = sum(one.failed for one in found)
    BUILDS.labels("success").set(sum(one.runs for one in found) - failed)
    BUILDS.labels("failed").set(failed)
    timed = [(one.runs - one.failed, one.mean_seconds) for one in found if one.mean_seconds is not None]
    count = sum(builds for builds, _ in timed)
    SECONDS.set(sum(builds * seconds for builds, seconds in timed) / count if count else float("nan"))
    LAST.set(max((one.last_at.timestamp() for one in found if one.last_at), default=0.0))
    DUE.set(sum(one.due for one in found))
    ERRORS.set(sum(one.errors_last_hour for one in found))
