"""What the calendar page shows and what is switched off: by type, source, market and status. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from kalends.calendar.events import EventFields

EVERYWHERE: Final = "everywhere"
"""The market of an event that names none."""
MOMENTS, HOLIDAYS = "moments", "holidays"
"""The types of what nobody has planned."""
MOST: Final = 200
_SWITCH: Final = re.compile(r"^(type|source|market|status):[\w.-]{1,80}$")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is switched off, as "type:trade_show"; everything is shown by default."""

    hidden: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return ",".join(sorted(self.hidden))

    def shows(self, what: str, code: str) -> bool:
        """Whether a switch is on."""
        return f"{what}:{code}" not in self.hidden

    def passes(self, fields: EventFields, *, sources: Collection[str]) -> bool:
        """Whether an event is shown: by its type and status, and by any of its markets and any of its sources."""
        return (
            self.shows("type", fields.type)
            and self.shows("status", fields.status)
            and any(self.shows("market", market) for market in fields.markets or (EVERYWHERE,))
            and any(self.shows("source", source) for source in sources)
        )


def filters_of(text: str) -> Filters:
    """What an address says is switched off; what is no switch is left out, so that an old address still opens."""
    pieces = (piece.strip() for piece in text.split(",")[:MOST])
    return Filters(frozenset(piece for piece in pieces if _SWITCH.match(piece)))
