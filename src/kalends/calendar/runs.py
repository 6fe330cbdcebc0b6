"""Consolidations, noted: from what, how well, how long; and read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import get_calendar
from kalends.calendar.consolidation import MasterEvent
from kalends.calendar.models import Consolidation
from kalends.calendar.nearby import Nearby
from kalends.calendar.quality import consolidation_quality


def note_run(work: Work, near: Nearby, held: Sequence[MasterEvent], *, entries: int, seconds: float) -> None:
    """What was consolidated, from which readings of which sources, how well, and how long it took."""
    conflicts = [conflict for event in held for conflict in event.conflicts]
    readings = {spoken.source.name: spoken.source.freshness for spoken in near.said.values()}
    quality = consolidation_quality(held)
    work.session.add(
        Consolidation(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            calendar_id=near.calendar.id,
            sources=dict(sorted(readings.items())),
            entries=entries,
            events=len(held),
            conflicts=len(conflicts),
            settled=sum(conflict.state == "settled" for conflict in conflicts),
            quality_score=quality.score,
            quality=quality.plain(),
            seconds=seconds,
            created_at=work.now,
        )
    )
    work.session.flush()


def list_runs(work: Work, *, calendar_id: UUID | None = None, limit: int = 20) -> Sequence[Consolidation]:
    """The last runs, newest first."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(Consolidation).where(Consolidation.calendar_id == calendar.id)
    return work.session.scalars(query.order_by(Consolidation.id.desc()).limit(limit)).all()


METADATA_COLUMNS: Final = (
    "id", "consolidation_id", "source_calendars", "conflicts_resolved", "quality_score", "created_at",
)  # fmt: skip


def consolidation_metadata(work: Work, *, limit: int = 100) -> list[dict[str, Any]]:
    """The rows of the view `calendar_consolidation_metadata`, newest first."""
    query = text("SELECT * FROM calendar_consolidation_metadata ORDER BY created_at DESC, id DESC LIMIT :most")
    return [dict(row) for row in work.session.execute(query, {"most": limit}).mappings()]
