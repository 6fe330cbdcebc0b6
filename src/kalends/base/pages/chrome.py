"""What stands around every page: who is signed in, which company, where in its fiscal year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Chrome:
    """The page's surroundings; `permit(...)` puts it into `request.state.chrome`.

    `fiscal_place`: "FY 2026 · week 43". `badges`: room name -> how many things wait there.
    `permissions`: what the person may do. `locale`: BCP 47 ("en-GB").
    """

    company: str = ""
    fiscal_place: str = ""
    person: str = ""
    csrf_token: str = ""
    locale: str = "en-GB"
    currency: str = "EUR"
    badges: Mapping[str, int] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in: the navigation is theirs only."""
        return bool(self.person)
