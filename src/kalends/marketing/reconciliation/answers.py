"""One number per cell with its interval, who said what, and where they disagree: asked of the published data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import workspace
from kalends.marketing.batches import data_version, refuse_forgotten, version_at
from kalends.marketing.reconciliation import deciding
from kalends.marketing.reconciliation.behind import Behind, behind
from kalends.marketing.reconciliation.cells import Outcome, Rule
from kalends.marketing.reconciliation.engine import Context, Reconciled
from kalends.marketing.reconciliation.overlap import Seen
from kalends.marketing.reconciliation.reading import CUTS, Heard, Wanted, read, read_seen
from kalends.marketing.reconciliation.sources import METRICS, OVERLAPPING
from kalends.marketing.reconciliation.summing import PERIODS, Total, reconcile_all, summed
from kalends.marketing.records import EARLIEST, LATEST

LEARNED_DAYS: Final = 120
"""Days up to the last one asked for, from which biases and noise are learned: a quarter and a month, in which habits
hold and enough is said."""
LONGEST: Final = 3 * 366
STATES: Final = ("open", "settled", "decided")


class TooManyDaysError(BadInputError):
    """Ask for three years at most."""

    code = "too_many_days"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Cuts and a period come in `group_by`; `rule` instead of the company's; `at`: as known then."""

    first: date
    last: date
    metrics: tuple[str, ...]
    group_by: tuple[str, ...] = ()
    platforms: frozenset[str] = frozenset()
    currency: str | None = None
    rule: Rule | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The totals that were asked for, and all that stands behind them."""

    question: Question
    currency: str
    version: int
    totals: Sequence[Total]
    found: Reconciled
    heard: Heard
    quality: Mapping[str, float]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    behind: Behind = field(default_factory=Behind)

    def conflicts(self, states: Sequence[str] = STATES) -> list[Outcome]:
        """The numbers of the asked days on which sources disagree; what waits for a person first, then the newest."""
        asked = self.question
        found = [
            one
            for one in self.found.outcomes.values()
            if one.is_conflict and one.state in states and asked.first <= one.cell.day <= asked.last
        ]
        return sorted(found, key=lambda one: (STATES.index(one.state), -one.cell.day.toordinal(), one.cell))


def ask(work: Work, question: Question) -> Answer:
    """The answer from one published state of the data. Raises BadInputError for what cannot be asked, NotKnownYetError
    for an instant of which the versions are no longer kept.
    """
    _check(question)
    version = version_at(work, instant=question.at) if question.at else data_version(work)
    refuse_forgotten(work, version=version)
    wanted = Wanted(
        first=min(question.first - timedelta(days=1), question.last - timedelta(days=LEARNED_DAYS)),
        last=question.last + timedelta(days=1),
        metrics=question.metrics,
        cuts=frozenset(question.group_by) & frozenset(CUTS),
        currency=question.currency or workspace(work).currency,
        platforms=question.platforms,
        version=version if question.at else None,
    )
    heard = read(work.warehouse, wanted) if version else Heard()
    told = behind(work, first=wanted.first, last=wanted.last, version=wanted.version) if version else Behind()
    rules = deciding.rules(work, at=question.at)
    given = question.rule
    context = Context(
        rule_of=deciding.rule_of(rules) if given is None else lambda _: given,
        quality=deciding.quality_of(work),
        decisions=deciding.decisions(work, first=wanted.first, last=wanted.last, at=question.at),
        lacking=told.lacking | heard.unpriced,
    )
    found = reconcile_all(heard.counted, context)
    totals = summed(
        found,
        heard.claimed,
        first=question.first,
        last=question.last,
        group_by=question.group_by,
        seen=_seen(work, question, wanted, heard),
    )
    return Answer(question, wanted.currency, version, totals, found, heard, context.quality, rules, told)


def _seen(work: Work, question: Question, wanted: Wanted, heard: Heard) -> dict[str, dict[str, Seen]]:
    """For an answer of all days and channels: what others count for each platform's campaigns."""
    if not {"platform"}.issuperset(question.group_by) or not heard.claimed:
        return {}
    own = Wanted(question.first, question.last, (), frozenset(), wanted.currency, version=wanted.version)
    told = {cell.metric for cell, _, _ in heard.claimed} & set(OVERLAPPING)
    return {metric: read_seen(work.warehouse, own, metric) for metric in sorted(told)}


def check_days(*days: date) -> None:
    """Refuse days of which there can be no data. Raises BadInputError."""
    if any(not EARLIEST <= day <= LATEST for day in days):
        raise BadInputError(f"Ask for days from {EARLIEST} to {LATEST}.")


def _check(question: Question) -> None:
    check_days(question.first, question.last)
    if question.last < question.first:
        raise BadInputError(f"date_range_end {question.last} is before date_range_start {question.first}.")
    if (question.last - question.first).days >= LONGEST:
        raise TooManyDaysError
    unknown = sorted(set(question.metrics) - set(METRICS))
    if unknown:
        raise BadInputError(
            f"{', '.join(unknown)}: not among the metrics that add up and can be compared: {', '.join(METRICS)}.",
            known=list(METRICS),
        )
    if len(set(question.group_by) & set(PERIODS)) > 1:
        raise BadInputError("group_by: name one of day, week and month.")
    if question.rule is not None:
        deciding.check_rule(question.rule)
