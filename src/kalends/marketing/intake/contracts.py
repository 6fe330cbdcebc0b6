"""What is agreed about the shape of a source's files, and what its last files looked like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.marketing.drift import Drift, Known, Mode, Terms
from kalends.marketing.mapping import canonical_source
from kalends.marketing.models import Batch, Contract, SeenShape
from kalends.notify import service as notify

MODES: Final[tuple[Mode, ...]] = ("evolve", "freeze", "quarantine")
KEPT: Final = 10
"""Batches of each report whose shape is remembered: a column that came with all of them is expected."""


class UnknownModeError(BadInputError):
    """A contract is evolve, freeze or quarantine."""

    code = "unknown_mode"


@dataclass(frozen=True, slots=True)
class Standing:
    """A source's contract, and the columns of its last file of each report."""

    data_source: str
    mode: Mode
    updated_at: datetime | None
    known: tuple[Known, ...]


def terms_of(work: Work, *, data_source: str) -> Terms:
    """What holds for the source's next file."""
    mode = work.session.execute(select(Contract.mode).where(Contract.data_source == data_source)).scalar()
    return Terms(mode=as_mode(mode), known=known_of(work, data_source=data_source))


def as_mode(stored: str | None) -> Mode:
    """A stored mode; evolve where nobody chose."""
    return next((mode for mode in MODES if mode == stored), "evolve")


def known_of(work: Work, *, data_source: str) -> tuple[Known, ...]:
    """What the source's last files looked like, by report."""
    query = select(SeenShape).where(SeenShape.data_source == data_source).order_by(SeenShape.batch_seq)
    by_report: dict[str, list[SeenShape]] = {}
    for shape in work.session.execute(query).scalars():
        by_report.setdefault(shape.report, []).append(shape)
    return tuple(_known(report, shapes) for report, shapes in by_report.items())


def _known(report: str, shapes: list[SeenShape]) -> Known:
    columns: dict[str, str] = {}
    for shape in shapes:
        columns |= {name: kind for name, kind in shape.columns.items() if kind != "empty" or name not in columns}
    always = frozenset.intersection(*(frozenset(shape.columns) for shape in shapes))
    return Known(report=report, columns=columns, always=always, batch_seq=shapes[-1].batch_seq)


def standing(work: Work, *, sources: list[str]) -> list[Standing]:
    """The contract of every source that has one or has sent a file."""
    told = {one.data_source: one for one in work.session.execute(select(Contract)).scalars()}
    return [
        Standing(
            data_source=source,
            mode=as_mode(told[source].mode if source in told else None),
            updated_at=told[source].updated_at if source in told else None,
            known=known_of(work, data_source=source),
        )
        for source in sorted({*sources, *told})
    ]


def settle(work: Work, *, data_source: str, mode: str) -> None:
    """Say what is done when the source's files change their shape. Raises UnknownModeError."""
    if mode not in MODES:
        raise UnknownModeError(f"A contract is {', '.join(MODES)}; not {mode!r}.", mode=mode)
    _write(work, canonical_source(data_source), mode=mode)
    work.audit("contract.set", subject_kind="source", subject_id=data_source, after={"mode": mode})


def _write(work: Work, data_source: str, **columns: Any) -> None:
    fresh = {"tenant_id": work.scope.tenant_id, "id": new_id(), "data_source": data_source, "updated_at": work.now}
    statement = insert(Contract).values({"mode": "evolve"} | fresh | columns)
    if "mode" in columns:
        columns |= {"updated_at": work.now}
    work.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "data_source"], set_=columns))


def note(
    work: Work, *, batch: Batch, mode: Mode, shapes: list[tuple[str, dict[str, str]]], drifts: list[Drift]
) -> None:
    """Remember the shapes of a published batch, and tell the admins of a change, once.

    Where rows that carry a change are set aside the shape stays as it was agreed.
    """
    if mode == "evolve" or not drifts:
        for report, columns in shapes:
            _remember(work, batch, report, columns)
    if drifts:
        _tell(work, batch, drifts)


def _remember(work: Work, batch: Batch, report: str, columns: dict[str, str]) -> None:
    row = {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "data_source": batch.data_source,
        "report": report,
        "batch_seq": batch.seq,
        "columns": columns,
        "seen_at": work.now,
    }
    statement = insert(SeenShape).values(row)
    key = ["tenant_id", "data_source", "report", "batch_seq"]
    work.session.execute(statement.on_conflict_do_update(index_elements=key, set_={"columns": columns}))
    own = (SeenShape.data_source == batch.data_source, SeenShape.report == report)
    newest = select(SeenShape.batch_seq).where(*own).order_by(SeenShape.batch_seq.desc()).limit(KEPT)
    work.session.execute(delete(SeenShape).where(*own, SeenShape.batch_seq.not_in(newest)))


def _tell(work: Work, batch: Batch, drifts: list[Drift]) -> None:
    said = [{name: value for name, value in one.plain().items() if name != "compared_with"} for one in drifts]
    digest = hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]
    told = work.session.execute(select(Contract.told).where(Contract.data_source == batch.data_source)).scalar()
    if told == digest:
        return
    _write(work, batch.data_source, told=digest)
    notify.tell_admins(
        work,
        kind="batch.drift",
        title=f"The files of {batch.data_source} have changed their shape",
        body=" ".join(sentence for one in drifts for sentence in one.sentences())[:2000],
        href=f"/data/batches/{batch.id}",
        also=batch.person_id,
    )
