"""The company's warehouse: entered by administrators, tested, read now or every day, forgotten.

Its address and key are sealed with the company's own key and never shown again. One company has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select, text

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import House, Work
from kalends.identity.service import Door
from kalends.messages.intake import imports
from kalends.messages.models import MessageImport, MessageSource
from kalends.messages.source.engines import Access, engine_of, google_place, place
from kalends.messages.source.looking import Look, look
from kalends.messages.source.mapping import USUAL, SourceMapping, read_mapping

READ: Final = "messages.read_source"
PURPOSE: Final = "message source"
EVERY: Final = timedelta(days=1)
POLL_SECONDS: Final = 0.2
LONGEST_WAIT: Final = 600.0


class NoSourceError(NotFoundError):
    """No warehouse is connected for messages: an administrator does that, at /messages-warehouse."""

    code = "no_source"


class OtherDiskError(BadInputError):
    """A file on the server's disk is connected there: kalends messages source connect. Or load it as Parquet."""

    code = "other_disk"


class NotBigQueryError(BadInputError):
    """project_id and dataset are for a company whose connected warehouse is that dataset of BigQuery."""

    code = "not_bigquery"


class SourceFailedError(BadInputError):
    """The warehouse could not be read."""

    code = "source_failed"


@dataclass(frozen=True, slots=True)
class State:
    """How the warehouse is, as anybody who manages it may see it."""

    source: MessageSource
    imports: Sequence[MessageImport]
    """What the latest reading brought."""
    is_reading: bool


def connect(
    work: Work,
    *,
    url: str = "",
    key: str = "",
    mapping: str = "",
    is_daily: bool | None = None,
    is_local: bool = False,
) -> MessageSource:
    """Enter the company's warehouse, or change it; what is left empty stays as it was.

    `is_local`: the owner of this machine's data folder asks, who alone may name a file of the server's own disk.
    Another place or mapping is read from the beginning. Raises BadSourceError, OtherDiskError, BadMappingError.
    """
    found = work.session.scalar(select(MessageSource).with_for_update())
    before = shown(found) if found else None
    known = access_of(work.house, found) if found else Access("")
    access = Access(url.strip() or known.url, key.strip() or ("" if url.strip() else known.key))
    engine = engine_of(access, work.house.settings)
    if engine.is_file and url.strip() and not is_local:
        raise OtherDiskError
    told = mapping if mapping.strip() else found.mapping if found else USUAL
    read_mapping(told)
    if found is None:
        found = MessageSource(
            tenant_id=work.scope.tenant_id, id=new_id(), is_daily=False, created_at=work.now, digests={}, latest=[]
        )
        work.session.add(found)
    elif (found.place, found.mapping) != (place(access.url), told):
        start_anew(found)
    found.engine, found.place, found.mapping = engine.name, place(access.url), told
    found.sealed_access = seal(work.house, found, access)
    found.health, found.problem, found.checked_at = "unknown", None, None
    found.is_daily = found.is_daily if is_daily is None else is_daily
    found.next_read_at = work.now + EVERY if found.is_daily else None
    found.changed_at, found.changed_by = work.now, work.scope.person_id
    work.session.flush()
    work.audit("connect", subject_kind="message_source", subject_id=found.id, before=before, after=shown(found))
    return found


def get(work: Work, *, for_update: bool = False) -> MessageSource:
    """The company's warehouse. Raises NoSourceError."""
    query = select(MessageSource)
    found = work.session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise NoSourceError
    return found


def state(work: Work) -> State:
    """How it is, and what the latest reading brought. Raises NoSourceError."""
    found = get(work)
    ids = [UUID(one) for one in found.latest]
    brought = work.session.scalars(
        select(MessageImport).where(MessageImport.id.in_(ids)).order_by(MessageImport.created_at, MessageImport.id)
    )
    return State(found, list(brought), is_reading=_is_reading(work, found))


def remove(work: Work) -> None:
    """Forget the warehouse, its address and its key; what it brought stays."""
    found = get(work, for_update=True)
    work.audit("remove", subject_kind="message_source", subject_id=found.id, before=shown(found))
    work.session.delete(found)
    work.session.flush()


def start(work: Work) -> UUID:
    """Read it now, in the background; gives the task that does. One that waits already is not started twice."""
    found = get(work, for_update=True)
    waiting = work.session.scalar(
        text("SELECT id FROM tasks WHERE subject_id = :id AND kind = :kind AND state IN ('queued', 'running') LIMIT 1"),
        {"id": found.id, "kind": READ},
    )
    if waiting is not None:
        return UUID(str(waiting))
    if found.is_daily:
        found.next_read_at = work.now + EVERY
    return work.defer(READ, subject_id=found.id, lock=READ, source_id=str(found.id))


def test(door: Door) -> Look:
    """Go there now, and say what can be seen; noted beside the warehouse. No transaction is open meanwhile."""
    with door.work() as work:
        found = get(work)
        access, told = access_of(work.house, found), read_mapping(found.mapping)
        source_id = found.id
    seen = look(access, told, door.house.settings)
    with door.work() as work:
        note_health(work, source_id=source_id, problem=seen.problem)
    return seen


def note_health(work: Work, *, source_id: UUID, problem: str) -> None:
    """Write down whether it answers."""
    found = work.session.get(MessageSource, (work.scope.tenant_id, source_id), with_for_update=True)
    if found is not None:
        found.health, found.problem, found.checked_at = "broken" if problem else "healthy", problem or None, work.now


def start_anew(found: MessageSource) -> None:
    """Have the next reading begin with the oldest message."""
    found.watermark = found.position = None
    found.digests, found.latest = {}, []


def read_whole(work: Work) -> UUID:
    """Read it from the oldest message on, now."""
    start_anew(get(work, for_update=True))
    return start(work)


def access_of(house: House, found: MessageSource) -> Access:
    """How it is reached, opened."""
    told = orjson.loads(house.keys.open_sealed(found.tenant_id, PURPOSE, found.sealed_access, found.id.bytes))
    return Access(**told)


def seal(house: House, found: MessageSource, access: Access) -> bytes:
    """How it is reached, closed with the company's key."""
    plain = orjson.dumps({"url": access.url, "key": access.key})
    return house.keys.seal(found.tenant_id, PURPOSE, plain, found.id.bytes)


def shown(found: MessageSource) -> dict[str, Any]:
    """What may be shown of it, in an audit trail too."""
    return {name: getattr(found, name) for name in ("engine", "place", "mapping", "is_daily")}


def mapping_of(found: MessageSource) -> SourceMapping:
    """Which of its tables and columns are read."""
    return read_mapping(found.mapping)


def as_company(work: Work) -> Work:
    """The same transaction in the hands of the company: an administrator let its own warehouse be read."""
    return replace(work, scope=Scope(tenant_id=work.scope.tenant_id, role="admin", label="warehouse"))


def read_due(work: Work) -> None:
    """Start the reading of a warehouse whose day has come."""
    due = select(MessageSource.id).where(MessageSource.is_daily, MessageSource.next_read_at <= work.now)
    if work.session.scalar(due) is not None:
        start(work)


def read_before_building(door: Door, *, project_id: str | None, dataset: str | None) -> None:
    """Bring in what BigQuery has, and wait for it. Raises NotBigQueryError and SourceFailedError.

    Only the dataset that an administrator connected is read: whoever builds weeks names it, and chooses no other.
    """
    with door.work() as work:
        found = work.session.scalar(select(MessageSource))
        if found is None or found.engine != "BigQuery":
            raise NotBigQueryError(
                "No dataset of BigQuery is connected here: leave project_id and dataset out, or connect it first, at"
                " /messages-warehouse."
            )
        project, own = google_place(found.place)
        if (project_id or project, dataset or own) != (project, own):
            raise NotBigQueryError(f"What is connected is project_id {project}, dataset {own}: name these.")
        start(work)
    wait(door, seconds=LONGEST_WAIT)


def wait(door: Door, *, seconds: float) -> State:
    """How it is once nothing is being read any more. Raises SourceFailedError, also when it takes longer."""
    waited = 0.0
    while True:
        with door.work() as work:
            now = state(work)
            work.session.expunge_all()
        if not now.is_reading:
            break
        if waited >= seconds:
            raise SourceFailedError("The warehouse is still being read; try again when it is done.")
        door.house.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    if now.source.health == "broken":
        raise SourceFailedError(now.source.problem or "The warehouse could not be read.")
    if failed := [one for one in now.imports if one.state == "failed"]:
        raise SourceFailedError(f"{failed[0].file_name}: {(failed[0].error or {}).get('detail', 'not read')}")
    return now


def _is_reading(work: Work, found: MessageSource) -> bool:
    """Whether a reading, or an import that it brought, is under way."""
    return bool(
        work.session.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM tasks WHERE state IN ('queued', 'running')"
                " AND (subject_id = :id AND kind = :read OR kind = :import AND subject_id = ANY(:brought)))"
            ),
            {"id": found.id, "read": READ, "import": imports.READ, "brought": [UUID(one) for one in found.latest]},
        )
    )


def moment_to_read_from(found: MessageSource, told: SourceMapping) -> datetime | None:
    """Where the next part of the history begins: where a reading was cut off, else so many days before its end."""
    if found.position is not None or found.watermark is None:
        return found.position
    return found.watermark - timedelta(days=told.reread_days)
