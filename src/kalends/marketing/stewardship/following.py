"""What goes when the numbers of old days go: what was found on those days, and what was decided about them.

Quality and reconciliation offer it here; retention knows neither by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work

AccountDay = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class Gone:
    """Days before `before` have no numbers any more, but those that are held."""

    warehouse: TenantWarehouse
    before: date
    held_sources: frozenset[str]

    def of(self, days: Iterable[AccountDay]) -> set[AccountDay]:
        """Those of the account-days whose numbers are gone."""
        old = {one for one in days if one[2] < self.before and one[0] not in self.held_sources}
        left = self._left() if old else []
        return {
            (source, account, day)
            for source, account, day in old
            if not any((source, account) == left_one[:2] and left_one[2] <= day <= left_one[3] for left_one in left)
        }

    def days(self, days: Iterable[date]) -> set[date]:
        """Those of the days of which nobody's numbers are left."""
        old = {day for day in days if day < self.before}
        left = self._left() if old else []
        return {day for day in old if not any(one[2] <= day <= one[3] for one in left)}

    def _left(self) -> list[tuple[str, str, date, date]]:
        """What is held of the old days: source, account, first and last day. There is seldom any."""
        if not self.warehouse.exists("facts"):
            return []
        found = self.warehouse.execute(
            "SELECT DISTINCT data_source, account_id, date_from, date_to FROM facts WHERE date_from < $before",
            {"before": self.before},
        )
        return [tuple(row.values()) for row in found.to_pylist()]


Follower = Callable[[Work, Gone], None]
FOLLOWERS: Final[list[Follower]] = []


def goes_with_days(follower: Follower) -> Follower:
    """Let `follower` remove what is left of days that have gone. Declare it with `@goes_with_days`."""
    FOLLOWERS.append(follower)
    return follower


def clear_after(work: Work, gone: Gone) -> None:
    """Have all of it removed. It may be repeated."""
    for follower in FOLLOWERS:
        follower(work, gone)
