"""Who acts, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """One tenant, and the person, key or job that acts inside it. Made only at the edge, from proven facts."""

    tenant_id: UUID
    role: str
    person_id: UUID | None = None
    label: str = ""
    """What acts, for audit and metrics: a key's label, a job's name, or nothing for a person at a page."""
