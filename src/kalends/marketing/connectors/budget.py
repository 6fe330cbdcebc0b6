"""How many calls a platform allows: counted before each call, kept in the database, so that no restart forgets.

A window slides: in any `seconds` there are at most `calls`. Calls are counted in slots of a sixteenth of the window,
and a slot counts as long as any part of it is inside: at most a sixteenth of the window is lost, and never is there
one call too many, whatever moment inside its slot it was made in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from kalends.marketing.connectors.declared import Quota

SLOTS = 16
Counts = dict[str, int]
"""Slot (its number since 1970, as text: it is kept as JSON) -> calls made in it."""


def slot_of(quota: Quota, now: float) -> int:
    """The number of the slot that `now` (Unix seconds) lies in."""
    return math.floor(now * SLOTS / quota.seconds)


def living(quota: Quota, counts: Mapping[str, int], now: float) -> dict[int, int]:
    """The slots that may still have a part in the window that ends now."""
    oldest = slot_of(quota, now) - SLOTS
    return {int(slot): calls for slot, calls in counts.items() if int(slot) >= oldest}


def wait_of(quota: Quota, counts: Mapping[str, int], now: float) -> float:
    """Seconds until one more call is allowed; 0 where it is now."""
    slots = living(quota, counts, now)
    over = sum(slots.values()) + 1 - quota.calls
    if over <= 0:
        return 0.0
    for slot in sorted(slots):
        over -= slots[slot]
        if over <= 0:
            # The slot leaves the window when its own end is `seconds` ago.
            return max(0.0, (slot + 1 + SLOTS) * quota.seconds / SLOTS - now)
    return float(quota.seconds)


def taken(quota: Quota, counts: Mapping[str, int], now: float) -> Counts:
    """The counts with one call more."""
    slots = living(quota, counts, now)
    here = slot_of(quota, now)
    slots[here] = slots.get(here, 0) + 1
    return {str(slot): calls for slot, calls in slots.items()}


def used(quota: Quota, counts: Mapping[str, int], now: float) -> int:
    """How many calls of the window are used."""
    return sum(living(quota, counts, now).values())


def quotas_named(quotas: Sequence[Quota], name: str) -> list[Quota]:
    """The limits that hold for calls of a kind; those without a name hold for every call."""
    return [quota for quota in quotas if quota.name in {"", name}]
