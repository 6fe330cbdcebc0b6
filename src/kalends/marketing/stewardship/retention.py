"""How long each class of data is kept: rules, holds, a plan that says exactly what would go, and its carrying out.

A plan fixes its horizons, and is void once rules or holds are others. No more goes than it lists: what came since it
was made stays, and what was held then stays even if it is let go of in between.

What is confirmed is a batch like any other: it is applied in its turn, gives the data a new version, and stands in the
list of files. The audit trail is not among the classes: the program itself cannot cut it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work
from kalends.marketing import batches
from kalends.marketing.models import Batch, DataState
from kalends.marketing.stewardship import clearing
from kalends.marketing.stewardship.clearing import Doomed, Holds
from kalends.marketing.stewardship.following import Gone, clear_after
from kalends.marketing.stewardship.knownnames import code_of, sources_that_came
from kalends.marketing.stewardship.models import LegalHold, RetentionRule, RetentionRun, UsageDay
from kalends.marketing.words import CLASS_NAMES

CLASSES: Final[Mapping[str, str]] = CLASS_NAMES
ENDS: Final[Mapping[str, str]] = {
    "payloads": "These files can no longer be read line by line, loaded again or read by new rules.",
    "versions": (
        "Answers as of before {day} end: they say “known only since {day}”. Files loaded before can be neither taken"
        " back nor read again."
    ),
    "facts": (
        "Days before {day} have no data any more, in every answer and as of any time. What was found on them and what"
        " was decided about them goes too."
    ),
    "quarantine": "These rows can no longer be downloaded and mended.",
    "usage": "The counts of these days are gone.",
}
"""What ends with each class, in the words of the page."""
MOST_MONTHS: Final = 1200


class UnknownClassError(BadInputError):
    """There is no such class of data."""

    code = "unknown_data_class"


class BadMonthsError(BadInputError):
    """Give a number of months from 1 to 1200, or none to keep it for ever."""

    code = "bad_months"


class NoSuchRunError(NotFoundError):
    """There is no such plan."""

    code = "no_such_plan"


class NotPlannedError(ConflictError):
    """This plan was confirmed already."""

    code = "not_planned"


class PlanVoidError(ConflictError):
    """Rules or holds have changed since this plan was made, so nothing was removed. Look again what would go."""

    code = "plan_void"


class NothingHeldError(BadInputError):
    """There is no such file or source to hold."""

    code = "nothing_to_hold"


class NoSuchHoldError(NotFoundError):
    """There is no such hold, or it was lifted."""

    code = "no_such_hold"


def rules_of(work: Work) -> dict[str, int | None]:
    """How many months each class is kept; None: for ever, which is so until somebody says otherwise."""
    said = {rule.data_class: rule.months for rule in work.session.execute(select(RetentionRule)).scalars()}
    return {name: said.get(name) for name in CLASSES}


def set_rule(work: Work, *, data_class: str, months: int | None) -> None:
    """Keep a class for so many months, or for ever. Nothing goes before somebody has confirmed a plan."""
    if data_class not in CLASSES:
        raise UnknownClassError(f"{data_class!r} is no class of data. There are: {', '.join(CLASSES)}.")
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise BadMonthsError(months=months)
    before = rules_of(work)[data_class]
    if before == months:
        return
    said = {"months": months, "person_id": work.scope.person_id, "changed_at": work.now}
    work.session.execute(
        insert(RetentionRule)
        .values(tenant_id=work.scope.tenant_id, id=new_id(), data_class=data_class, **said)
        .on_conflict_do_update(index_elements=["tenant_id", "data_class"], set_=said)
    )
    told = {"before": {"months": before}, "after": {"months": months}}
    work.audit("set_retention", subject_kind="data_class", subject_id=data_class, **told)


# Holds.


def place_hold(work: Work, *, subject_kind: str, subject: str, reason: str) -> LegalHold:
    """Let nothing of a file (by its number) or of a source (by its code or name) go until the hold is lifted.

    Raises NothingHeldError.
    """
    subject = _file(work, subject) if subject_kind == "batch" else _source(work, subject)
    hold = LegalHold(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        subject_kind=subject_kind,
        subject=subject,
        reason=reason,
        person_id=work.scope.person_id,
        placed_at=work.now,
    )
    work.session.add(hold)
    work.audit("place_hold", subject_kind=subject_kind, subject_id=subject, after={"reason": reason})
    return hold


def _file(work: Work, number: str) -> str:
    found = select(Batch.seq).where(Batch.seq == int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None or work.session.execute(found).scalar() is None:
        raise NothingHeldError(f"There is no file {number!r}.")
    return str(int(number))


def _source(work: Work, said: str) -> str:
    came = sources_that_came(work)
    if (source := code_of(said, came)) is None:
        raise NothingHeldError(f"Of {said!r} nothing has come. There are: {', '.join(came) or 'no sources yet'}.")
    return source


def lift_hold(work: Work, *, hold_id: UUID) -> None:
    """Lift it. Raises NoSuchHoldError."""
    found = work.session.execute(select(LegalHold).where(LegalHold.id == hold_id, LegalHold.lifted_at.is_(None)))
    hold = found.scalar_one_or_none()
    if hold is None:
        raise NoSuchHoldError
    hold.lifted_at = work.now
    work.audit("lift_hold", subject_kind=hold.subject_kind, subject_id=hold.subject, before={"reason": hold.reason})


def list_holds(work: Work) -> list[LegalHold]:
    """The holds that stand, the newest first."""
    query = select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.placed_at.desc())
    return list(work.session.execute(query).scalars())


def _holds(work: Work, *, version: int, planned: Collection[str] = ()) -> Holds:
    """What must stay: what is held now, what the holds of a plan held, and every batch behind its `version`."""
    query = select(LegalHold).where(or_(LegalHold.lifted_at.is_(None), LegalHold.id.in_(planned)))
    standing = list(work.session.execute(query).scalars())
    sources = frozenset(hold.subject for hold in standing if hold.subject_kind == "source")
    own = {int(hold.subject) for hold in standing if hold.subject_kind == "batch"}
    others = select(Batch.seq).where(or_(Batch.data_source.in_(sources), Batch.seq > version))
    held = frozenset({*own, *work.session.execute(others).scalars()})
    words = work.session.execute(select(Batch.seq).where(Batch.seq.in_(held), batches.brings_words(Batch))).scalars()
    return Holds(held, sources, frozenset(words))


# The plan.


@dataclass(frozen=True, slots=True)
class Entry:
    """What would go of one class: everything before `before`. `ends`: what can no longer be done or asked then."""

    data_class: str
    months: int
    before: str
    """A day (UTC); what is older goes."""

    count: int
    bytes: int
    oldest: str | None
    newest: str | None
    ends: str
    version: int
    """The data that was looked at."""

    holds: list[str]
    """Those that stood, by id."""


def months_before(now: datetime, months: int) -> date:
    """The day so many months before; of a shorter month, its last day.

    >>> months_before(datetime(2026, 3, 31, tzinfo=UTC), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for day in range(now.day, 0, -1):
        try:
            return date(max(year, 1), month + 1, day)
        except ValueError:
            continue
    raise AssertionError  # every month has a first day


def plan(work: Work) -> RetentionRun:
    """Look what would go by the rules as they are now, and keep the list. Nothing is removed."""
    version, standing = batches.data_version(work), _standing(work)
    holds = _holds(work, version=version)
    entries = []
    for name, months in rules_of(work).items():
        if months is None:
            continue
        before = months_before(work.now, months)
        doomed = _LOOK[name](work, before, holds)
        if doomed.count:
            oldest, newest = (str(at) if at is not None else None for at in (doomed.oldest, doomed.newest))
            ends = ENDS[name].format(day=before)
            entries.append(
                Entry(name, months, str(before), doomed.count, doomed.bytes, oldest, newest, ends, version, standing)
            )
    run = RetentionRun(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        state="planned",
        plan=[asdict(entry) for entry in entries],
        person_id=work.scope.person_id,
        made_at=work.now,
    )
    work.session.add(run)
    work.session.flush()
    return run


def list_runs(work: Work, *, limit: int = 20) -> list[RetentionRun]:
    """Plans and clearings, the newest first."""
    return list(work.session.execute(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(limit)).scalars())


def get_run(work: Work, *, run_id: UUID) -> RetentionRun:
    """One of them. Raises NoSuchRunError."""
    found = work.session.execute(select(RetentionRun).where(RetentionRun.id == run_id)).scalar_one_or_none()
    if found is None:
        raise NoSuchRunError
    return found


def is_void(work: Work, run: RetentionRun) -> bool:
    """Whether rules or holds are others than those that the plan was made by."""
    changed = select(func.count()).select_from(RetentionRule).where(RetentionRule.changed_at > run.made_at)
    standing = _standing(work)
    return bool(work.session.execute(changed).scalar()) or any(one.get("holds") != standing for one in run.plan)


def _standing(work: Work) -> list[str]:
    return sorted(str(hold.id) for hold in list_holds(work))


def confirm(work: Work, *, run_id: UUID) -> Batch:
    """Carry the plan out: gives the batch that does. Raises NotPlannedError and PlanVoidError."""
    run = get_run(work, run_id=run_id)
    if run.state != "planned":
        raise NotPlannedError(state=run.state)
    if is_void(work, run):
        raise PlanVoidError
    run.state = "confirmed"
    batch = batches.record(
        work,
        kind="clearing",
        data_source="retention",
        file_name="Cleared by retention rules",
        reported_at=work.now,
        options={"run": str(run.id)},
    )
    work.audit("confirm_retention", subject_kind="retention_run", subject_id=run.id, after={"plan": run.plan})
    return batch


def midnight(day: date) -> datetime:
    """The first instant of a day in UTC."""
    return datetime.combine(day, time(), UTC)


# What each class is: how it is looked at.


def _payloads(before: date, holds: Holds) -> Any:
    """Batches whose payload may go. A payload that was read again is kept for as long as its youngest reading is."""
    other = aliased(Batch)
    kept = select(other.file_id).where(other.file_id.is_not(None), not_(_may_go(other, before, holds)))
    return select(Batch).where(Batch.file_id.is_not(None), Batch.file_id.not_in(kept)).order_by(Batch.seq)


def _may_go(batch: type[Batch], before: date, holds: Holds) -> ColumnElement[bool]:
    """Whether a batch needs its payload no more. One that brought words besides facts does: taking another file back
    reads it again.
    """
    is_free = and_(batch.state.in_(("published", "failed")), batch.seq.not_in(holds.batches))
    return and_(batch.received_at < midnight(before), is_free, not_(batches.brings_words(batch)))


def _look_at_payloads(work: Work, before: date, holds: Holds) -> Doomed:
    found = list(work.session.execute(_payloads(before, holds)).scalars())
    if not found:
        return Doomed()
    return Doomed(len(found), sum(one.size for one in found), found[0].received_at, found[-1].received_at)


def _look_at_versions(work: Work, before: date, holds: Holds) -> Doomed:
    version = batches.version_at(work, instant=midnight(before))
    return clearing.old_versions(work.warehouse, version=version, holds=holds)


def _look_at_facts(work: Work, before: date, holds: Holds) -> Doomed:
    return clearing.old_days(work.warehouse, before=before, holds=holds)


def _look_at_rows_aside(work: Work, before: date, holds: Holds) -> Doomed:
    return clearing.old_rows_aside(work.warehouse, before=midnight(before), holds=holds)


_BYTES_A_COUNT: Final = 120
"""A row of PostgreSQL with a day, two short texts and a number, and its place in two indexes."""


def _look_at_usage(work: Work, before: date, _: Holds) -> Doomed:
    query = select(func.count(), func.min(UsageDay.day), func.max(UsageDay.day)).where(UsageDay.day < before)
    count, oldest, newest = work.session.execute(query).one()
    return Doomed(count, count * _BYTES_A_COUNT, oldest, newest)


_LOOK: Final[Mapping[str, Callable[[Work, date, Holds], Doomed]]] = {
    "payloads": _look_at_payloads,
    "versions": _look_at_versions,
    "facts": _look_at_facts,
    "quarantine": _look_at_rows_aside,
    "usage": _look_at_usage,
}


# And how it goes. Each may be repeated: what is gone is not there again.


def clear(work: Work, *, entry: Mapping[str, Any], warehouse: TenantWarehouse) -> int:
    """Remove what an entry of a plan lists, but what is held since; gives how much there was."""
    before = date.fromisoformat(entry["before"])
    holds = _holds(work, version=entry["version"], planned=entry["holds"])
    match entry["data_class"]:
        case "payloads":
            return _clear_payloads(work, before, holds)
        case "versions":
            return _clear_versions(work, before, holds, warehouse)
        case "facts":
            removed = clearing.forget_days(warehouse, before=before, holds=holds)
            clear_after(work, Gone(warehouse, before, holds.sources))
            return removed
        case "quarantine":
            return clearing.forget_rows_aside(warehouse, before=midnight(before), holds=holds)
    gone = work.session.execute(delete(UsageDay).where(UsageDay.day < before).returning(UsageDay.id))
    return len(gone.all())


def _clear_payloads(work: Work, before: date, holds: Holds) -> int:
    found = list(work.session.execute(_payloads(before, holds)).scalars())
    for batch in found:
        assert batch.file_id is not None
        # First the file: killed between the two, the batch is found again. It keeps the SHA-256 of what it was.
        work.house.files.delete(work.scope.tenant_id, batch.file_id)
        batch.file_id = None
    return len(found)


def move_horizon(work: Work, *, before: date) -> None:
    """Say that versions before the day are not kept. It must be known before the first of them goes: from then on
    nobody is given an answer of which a part is missing.
    """
    version = batches.version_at(work, instant=midnight(before))
    known = {"known_since": midnight(before), "known_since_seq": version}
    work.session.execute(update(DataState).where(DataState.known_since_seq < version).values(known))


def _clear_versions(work: Work, before: date, holds: Holds, warehouse: TenantWarehouse) -> int:
    version = batches.version_at(work, instant=midnight(before))
    return clearing.forget_versions(warehouse, version=version, holds=holds)


def finish(work: Work, *, run_id: UUID, removed: dict[str, int]) -> None:
    """Write down what went."""
    run = get_run(work, run_id=run_id)
    run.state, run.removed, run.finished_at = "done", removed, work.now
    work.audit("clear_by_retention", subject_kind="retention_run", subject_id=run.id, after={"removed": removed})
