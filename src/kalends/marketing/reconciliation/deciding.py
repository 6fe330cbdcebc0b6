"""What people decided: values, sources and strategies for single numbers, and the rules for all others.

Nothing is overwritten: what no longer holds is marked with the instant from which on it does not, so that an answer as
of an earlier instant uses what held then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.identity.service import person_of
from kalends.marketing.mapping.checks import SIGNED
from kalends.marketing.models import Batch, ClaimResolution, ClaimRule
from kalends.marketing.quality.standing import grades
from kalends.marketing.reconciliation.cells import STRATEGIES, Cell, Decision, Rule
from kalends.marketing.reconciliation.engine import RuleOf
from kalends.marketing.reconciliation.sources import METRICS
from kalends.marketing.words import field_name


class BadResolutionError(BadInputError):
    """Choose one of: a value, a source, or a strategy."""

    code = "bad_resolution"


class NoSuchConflictError(NotFoundError):
    """There is no such number, or nobody has decided about it."""

    code = "no_such_conflict"


def cell_of(text: str) -> Cell:
    """The cell that a conflict's id calls. Raises NoSuchConflictError."""
    try:
        cell = Cell.of(text)
    except ValueError:
        raise NoSuchConflictError(conflict_id=text) from None
    if cell.metric not in METRICS:
        raise NoSuchConflictError(conflict_id=text)
    return cell


def decide(work: Work, *, cells: Sequence[Cell], decision: Decision) -> None:
    """Let the decision hold for each of the cells from now on; what held before is kept as history.

    Raises BadResolutionError unless exactly one of value, source and strategy is given, and for what cannot be.
    """
    given = [choice for choice in (decision.value, decision.source, decision.strategy) if choice is not None]
    if len(given) != 1:
        raise BadResolutionError
    if decision.strategy is not None and decision.strategy not in STRATEGIES:
        raise BadResolutionError(f"{decision.strategy!r} is none of {', '.join(STRATEGIES)}.", known=list(STRATEGIES))
    for cell in cells:
        if decision.value is not None and decision.value < 0 and cell.metric not in SIGNED:
            raise BadResolutionError(f"{field_name(cell.metric)} cannot be negative.")
    for cell in dict.fromkeys(cells):
        before = _supersede(work, cell)
        made = ClaimResolution(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            cell=cell.id,
            metric=cell.metric,
            day=cell.day,
            value=None if decision.value is None else Decimal(str(decision.value)),
            source=decision.source,
            strategy=decision.strategy,
            note=decision.note,
            person_id=work.scope.person_id,
            label=acting_name(work),
            resolved_at=work.now,
            superseded_at=None,
        )
        work.session.add(made)
        work.session.flush()
        work.audit("claims.resolve", subject_kind="claim", subject_id=cell.id, before=before, after=_plain(made))


def reopen(work: Work, *, cells: Sequence[Cell]) -> int:
    """Take the decisions about the cells back: the rule chooses again. Gives how many there were."""
    done = 0
    for cell in dict.fromkeys(cells):
        before = _supersede(work, cell)
        if before is not None:
            done += 1
            work.audit("claims.reopen", subject_kind="claim", subject_id=cell.id, before=before)
    return done


def take_back(work: Work, *, at: datetime) -> int:
    """Reopen all that the caller decided at one instant, and let what held before hold again; gives how many."""
    mine = ClaimResolution.person_id.is_not_distinct_from(work.scope.person_id)
    query = select(ClaimResolution).where(_standing(ClaimResolution), ClaimResolution.resolved_at == at, mine)
    found = list(work.session.scalars(query))
    for one in found:
        cell = Cell.of(one.cell)
        earlier = work.session.scalar(
            select(ClaimResolution).where(ClaimResolution.cell == one.cell, ClaimResolution.superseded_at == at)
        )
        reopen(work, cells=[cell])
        if earlier is not None:
            value = None if earlier.value is None else float(earlier.value)
            choice = Decision(value, earlier.source, earlier.strategy, earlier.note)
            decide(work, cells=[cell], decision=choice)
    return len(found)


def _supersede(work: Work, cell: Cell) -> dict[str, Any] | None:
    """End what holds for the cell; gives what it was."""
    query = select(ClaimResolution).where(_standing(ClaimResolution), ClaimResolution.cell == cell.id)
    found = work.session.scalar(query.with_for_update())
    if found is None:
        return None
    found.superseded_at = work.now
    work.session.flush()
    return _plain(found)


def _plain(found: ClaimResolution) -> dict[str, Any]:
    return {"value": found.value, "source": found.source, "strategy": found.strategy, "note": found.note}


def decisions(work: Work, *, first: date, last: date, at: datetime | None = None) -> dict[Cell, Decision]:
    """What people decided about these days, as it stands now or stood at an instant."""
    query = select(ClaimResolution).where(
        ClaimResolution.day >= first, ClaimResolution.day <= last, _standing(ClaimResolution, at)
    )
    return {
        Cell.of(found.cell): Decision(
            value=None if found.value is None else float(found.value),
            source=found.source,
            strategy=found.strategy,
            note=found.note,
            by=found.label,
        )
        for found in work.session.scalars(query)
    }


def _standing(kind: type[ClaimResolution | ClaimRule], at: datetime | None = None) -> ColumnElement[bool]:
    if at is None:
        return kind.superseded_at.is_(None)
    return (kind.resolved_at <= at) & or_(kind.superseded_at.is_(None), kind.superseded_at > at)


def rules(work: Work, *, at: datetime | None = None) -> dict[str, Rule]:
    """The company's rules by metric; '' is for all metrics that have none of their own."""
    found = work.session.scalars(select(ClaimRule).where(_standing(ClaimRule, at)))
    return {one.metric: Rule(one.strategy, tuple(one.sources), tuple(sorted(one.weights.items()))) for one in found}


def rule_of(known: Mapping[str, Rule]) -> RuleOf:
    """Metric -> the rule that holds for it."""
    return lambda metric: known.get(metric) or known.get("") or Rule()


def set_rule(work: Work, *, metric: str, rule: Rule | None) -> None:
    """Settle a metric's disagreements ('' = all others) in another way from now on; None: as is usual.

    Raises BadResolutionError for a strategy or a metric that there is not, and for one that lacks its order or weights.
    """
    if metric and metric not in METRICS:
        raise BadResolutionError(f"{metric!r} is no metric that is compared.", known=list(METRICS))
    if rule is not None:
        check_rule(rule)
    work.session.execute(
        update(ClaimRule).where(_standing(ClaimRule), ClaimRule.metric == metric).values(superseded_at=work.now)
    )
    if rule is not None:
        made = ClaimRule(
            tenant_id=work.scope.tenant_id,
            id=new_id(),
            metric=metric,
            strategy=rule.strategy,
            sources=list(rule.order),
            weights=dict(rule.weights),
            person_id=work.scope.person_id,
            label=acting_name(work),
            resolved_at=work.now,
            superseded_at=None,
        )
        work.session.add(made)
        work.session.flush()
    after = None if rule is None else {"strategy": rule.strategy, "order": rule.order, "weights": dict(rule.weights)}
    work.audit("claims.rule", subject_kind="claim_rule", subject_id=metric or "all", after=after)


def check_rule(rule: Rule) -> None:
    """Refuse a rule that says nothing. Raises BadResolutionError."""
    if rule.strategy not in STRATEGIES:
        raise BadResolutionError(f"{rule.strategy!r} is none of {', '.join(STRATEGIES)}.", known=list(STRATEGIES))
    if rule.strategy == "order" and not rule.order:
        raise BadResolutionError("order: say in which order sources are believed.")
    if rule.strategy == "weights" and not any(weight > 0 for _, weight in rule.weights):
        raise BadResolutionError("weights: give at least one source a weight above 0.")


def acting_name(work: Work) -> str:
    """Who acts: a key's or a program's name, else the person's."""
    if work.scope.label or work.scope.person_id is None:
        return work.scope.label
    return person_of(work, person_id=work.scope.person_id).name


def quality_of(work: Work) -> dict[str, float]:
    """How good each source is now, 0 to 1: its score by quality's checks; before there is one, the share of its files'
    rows that could be used.
    """
    query = select(Batch.data_source, Batch.received, Batch.quarantined).where(
        Batch.state == "published", Batch.kind == "upload", Batch.retracted_by_seq.is_(None)
    )
    read = _shares((row.data_source, row.received, row.quarantined) for row in work.session.execute(query))
    return read | {source: grade.score for source, grade in grades(work).items() if grade.score is not None}


def _shares(counts: Iterable[tuple[str, int | None, int | None]]) -> dict[str, float]:
    sums: dict[str, list[int]] = {}
    for source, received, aside in counts:
        total = sums.setdefault(source, [0, 0])
        total[0] += received or 0
        total[1] += aside or 0
    return {source: 1 - aside / received for source, (received, aside) in sums.items() if received}
