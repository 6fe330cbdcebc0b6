"""Drafts: an uploaded file lies encrypted in the file store while somebody looks at how it would be read.

Loading turns the draft into a batch over the same stored bytes. What nobody loads is removed after a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import select

from kalends.base.errors import NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import Door
from kalends.marketing import batches
from kalends.marketing.models import Batch, Draft

KEPT = timedelta(days=1)


class NoSuchDraftError(NotFoundError):
    """This upload is no longer here: it was loaded, discarded, or older than a day. Upload the file again."""

    code = "no_such_draft"


def land(door: Door, source: BinaryIO, *, file_name: str, reported_at: datetime | None) -> UUID:
    """Store an uploaded file to look at; gives the draft's id. No transaction is held while the body comes in."""
    file_id, tenant_id, files = new_id(), door.scope.tenant_id, door.house.files
    stored = files.write(tenant_id, file_id, source)
    if not stored.size:
        files.delete(tenant_id, file_id)
        raise batches.EmptyPayloadError(f"{file_name or 'The file'} is empty: there is nothing to read.")
    with door.work() as work:
        sweep(work)
        draft = Draft(
            tenant_id=tenant_id,
            id=new_id(),
            person_id=work.scope.person_id,
            file_name=file_name,
            file_id=file_id,
            size=stored.size,
            sha256=stored.sha256,
            data_source="",
            options={},
            reported_at=batches.when_reported(reported_at, now=work.now),
            created_at=work.now,
        )
        work.session.add(draft)
        return draft.id


def get(work: Work, draft_id: UUID, *, is_locked: bool = False) -> Draft:
    """The draft, or NoSuchDraftError. `is_locked`: nobody else loads or discards it before the transaction ends."""
    draft = work.session.get(Draft, (work.scope.tenant_id, draft_id), with_for_update=is_locked or None)
    if draft is None or draft.created_at <= work.now - KEPT:
        raise NoSuchDraftError
    return draft


def waiting(work: Work) -> list[Draft]:
    """Drafts that can still be loaded, newest first."""
    query = select(Draft).where(Draft.created_at > work.now - KEPT).order_by(Draft.created_at.desc()).limit(20)
    return list(work.session.execute(query).scalars())


def change(
    work: Work, *, draft_id: UUID, data_source: str, options: dict[str, Any], reported_at: datetime | None = None
) -> Draft:
    """Say from where the file is, how to read it, and when it was exported."""
    draft = get(work, draft_id, is_locked=True)
    draft.data_source, draft.options = data_source, options
    draft.reported_at = min(reported_at or draft.reported_at, work.now)
    return draft


def batch_of(work: Work, draft_id: UUID) -> Batch | None:
    """The batch that the draft became, if it did."""
    return batches.find_by_key(work, _key(draft_id))


def load(work: Work, *, draft_id: UUID) -> Batch:
    """Make a batch of the draft. A second call (a double click) gives the batch that the first one made."""
    if known := batch_of(work, draft_id):
        return known
    draft = get(work, draft_id)
    batch = batches.record(
        work,
        kind="upload",
        data_source=draft.data_source,
        file_name=draft.file_name,
        file_id=draft.file_id,
        size=draft.size,
        sha256=draft.sha256,
        options=draft.options,
        idempotency_key=_key(draft_id),
        reported_at=draft.reported_at,
    )
    work.session.delete(draft)
    work.audit("upload", subject_kind="batch", subject_id=batch.id, after={"seq": batch.seq, "file": batch.file_name})
    return batch


def discard(work: Work, *, draft_id: UUID) -> None:
    """Remove the draft and its file."""
    _remove(work, get(work, draft_id))


def sweep(work: Work) -> int:
    """Remove the tenant's drafts that are older than a day; gives how many."""
    expired = work.session.execute(select(Draft).where(Draft.created_at <= work.now - KEPT)).scalars().all()
    for draft in expired:
        _remove(work, draft)
    return len(expired)


def _key(draft_id: UUID) -> str:
    return f"draft:{draft_id}"


def _remove(work: Work, draft: Draft) -> None:
    """The row first: should the transaction fail, a later sweep finds it again, and a missing file is no obstacle."""
    work.session.delete(draft)
    work.session.flush()
    work.house.files.delete(work.scope.tenant_id, draft.file_id)
