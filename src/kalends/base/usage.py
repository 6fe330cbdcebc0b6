"""How often whose programs call which room: counted in memory, written down every few minutes.

A request pays for one addition under a lock. What a killed server had not written down yet is lost: these are figures
about use, not a bill.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Call:
    """What is counted: the tenant, its local day in UTC, the label of the key ('' at pages), and the room called."""

    tenant_id: UUID
    day: date
    label: str
    room: str


@dataclass(slots=True)
class Usage:
    """The calls of this process that are not written down yet. Safe to use from many threads."""

    _calls: Counter[Call] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, call: Call) -> None:
        """One more."""
        with self._lock:
            self._calls[call] += 1

    def take(self) -> Counter[Call]:
        """What was counted, which is then no longer here."""
        with self._lock:
            taken, self._calls = self._calls, Counter()
        return taken

    def put_back(self, calls: Counter[Call]) -> None:
        """What could not be written down."""
        with self._lock:
            self._calls.update(calls)


def room_of(module: str) -> str:
    """The room of an endpoint by the module that it stands in: 'kalends.marketing.api.batches' is 'marketing'."""
    return [*module.split("."), "", ""][1] or "base"
