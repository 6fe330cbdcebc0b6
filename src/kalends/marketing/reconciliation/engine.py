"""From what sources say of many cells to one number per cell: pure, and the same in whatever order it is said.

Per metric and platform: (i) what is in another unit or a day late is mended (semantics.py); (ii) the bias and noise of
each source are learned from all days (methods/truth); (iii) the rule's strategy chooses, and the shop's orders, where
they are whole, are the number; (iv) what a person decided goes before. Whatever lost is kept with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np

from kalends.marketing.reconciliation.cells import NORMAL, Cell, Decision, Outcome, Reading, Rule, Said, decided
from kalends.marketing.reconciliation.semantics import Mended, mend
from kalends.marketing.reconciliation.sources import ANCHORS, is_biased
from kalends.methods.truth import UNRESOLVED, Choice, Claim, Learned, how_far, learn_numbers, resolve
from kalends.methods.truth.robust import GATE, NOISE

NAMED: Final = {"order": "fixed_priority"}
"""Our word for a strategy -> that of the methods, where they differ."""
ELSE: Final = "Put aside: it counts something else, far more or far less than the others on all days."

LEARNING: Final = ("intelligent",)
"""Strategies that take known biases out."""
RuleOf = Callable[[str], Rule]


@dataclass(frozen=True, slots=True)
class Context:
    """What else decides: the rule of each metric, how good each source's rows are (0 to 1), and what people chose."""

    rule_of: RuleOf = lambda _: Rule()
    quality: Mapping[str, float] = field(default_factory=dict)
    decisions: Mapping[Cell, Decision] = field(default_factory=dict)
    lacking: frozenset[date] = frozenset()
    """Days of which who knows best may not have told all."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The outcome of every cell, and how each source reads each metric."""

    outcomes: Mapping[Cell, Outcome]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """One metric of one platform: what is compared with each other."""

    metric: str
    platform: str
    mended: Mapping[str, Mended]
    learned: Learned
    anchor: str | None

    def compared(self, source: str, value: float) -> float:
        """The number without the source's known bias, as it is compared with others."""
        return value * math.exp(-self.learned.bias.get((self.metric, source), 0.0)) if value > 0 else value

    def heard(self, values: Mapping[str, float], strategy: str) -> dict[str, float]:
        """What is said of the thing itself: a strategy that learns knows who counts something else."""
        apart = self.learned.apart if strategy in LEARNING else frozenset[tuple[str, str]]()
        return {source: value for source, value in values.items() if (self.metric, source) not in apart}

    def noise(self, source: str) -> float:
        return self.learned.noise.get((self.metric, source), NOISE)

    def typical(self) -> float:
        return float(np.median(list(self.learned.noise.values()))) if self.learned.noise else NOISE

    def is_far(self, source: str, value: float, chosen: float) -> bool:
        """Whether a number is further from what was chosen than noise explains."""
        if value <= 0 or chosen <= 0:
            return value != chosen
        off = abs(math.log(self.compared(source, value) / chosen))
        return off > GATE * (self.noise(source) + self.typical())


def reconcile(said: Iterable[tuple[Cell, str, float]], context: Context) -> Reconciled:
    """One outcome per cell of which anything is said; `said`: (cell, source, number), each pair once."""
    groups: dict[tuple[str, str], dict[str, dict[Cell, float]]] = {}
    for cell, source, value in sorted(said):
        groups.setdefault((cell.metric, cell.platform), {}).setdefault(source, {})[cell] = value
    outcomes: dict[Cell, Outcome] = {}
    readings: list[Reading] = []
    for (metric, platform), values in sorted(groups.items()):
        group = _learn(metric, platform, values)
        by_cell: dict[Cell, dict[str, float]] = {}
        for source, mended in sorted(group.mended.items()):
            for cell, value in mended.values.items():
                by_cell.setdefault(cell, {})[source] = value
        outcomes.update(_outcomes(group, by_cell, context))
        readings += [_reading(group, source, values) for source in sorted(values)]
    return Reconciled(outcomes, tuple(readings))


def _learn(metric: str, platform: str, values: Mapping[str, Mapping[Cell, float]]) -> _Group:
    anchor = ANCHORS.get(metric)
    anchor = anchor if anchor in values else None
    mended = mend(values, anchor=anchor)
    claims = [
        Claim((*cell, metric), source, value) for source, one in mended.items() for cell, value in one.values.items()
    ]
    return _Group(metric, platform, mended, learn_numbers(claims, anchor=anchor), anchor)


def _outcomes(
    group: _Group, by_cell: Mapping[Cell, Mapping[str, float]], context: Context
) -> Iterable[tuple[Cell, Outcome]]:
    """Each cell by its rule, or by the strategy or source or value that a person chose for it."""
    plain: dict[str, list[Cell]] = {}
    rules = {"": context.rule_of(group.metric)}
    for cell in by_cell:
        decision = context.decisions.get(cell)
        strategy = decision.strategy if decision and decision.strategy else ""
        if strategy:
            rules[strategy] = replace(rules[""], strategy=strategy)
        plain.setdefault(strategy, []).append(cell)
    for strategy, cells in plain.items():
        rule = rules[strategy]
        choices = _choices(group, {cell: by_cell[cell] for cell in cells}, rule, context)
        for cell in cells:
            outcome = _outcome(group, cell, by_cell[cell], choices[cell], rule.strategy)
            decision = context.decisions.get(cell)
            yield cell, _as_decided(group, outcome, decision) if decision else outcome


def _choices(
    group: _Group, cells: Mapping[Cell, Mapping[str, float]], rule: Rule, context: Context
) -> Mapping[Cell, Choice]:
    """What the rule chooses for each cell."""
    if rule.strategy in {"weighted_average", "weights"}:
        given = dict(rule.weights) if rule.strategy == "weights" else context.quality
        otherwise = 0.0 if rule.strategy == "weights" else 1.0
        return {cell: _weighted(group, values, given, otherwise) for cell, values in cells.items()}
    place = {source: at for at, source in enumerate(rule.order)}
    claims = [
        Claim((*cell, group.metric), source, value, priority=place.get(source), quality=context.quality.get(source))
        for cell, values in cells.items()
        for source, value in group.heard(values, rule.strategy).items()
    ]
    strategy = NAMED.get(rule.strategy, rule.strategy)
    found = resolve(claims, strategy=strategy, learned=group.learned)
    exact = {cell for cell in cells if rule.strategy in LEARNING and cell.day not in context.lacking}
    return {
        cell: _anchored(group, values, found.get((*cell, group.metric), NOBODY), is_exact=cell in exact)
        for cell, values in cells.items()
    }


def _weighted(group: _Group, values: Mapping[str, float], weights: Mapping[str, float], otherwise: float) -> Choice:
    """The mean by weights that somebody gave, or by the quality of the sources' rows."""
    share = {source: max(weights.get(source, otherwise), 0.0) for source in values}
    total = sum(share.values())
    if not total:
        return resolve([Claim("cell", source, value) for source, value in values.items()], strategy="manual")["cell"]
    mean = sum(share[source] * value for source, value in values.items()) / total
    error = math.sqrt(sum((share[source] * value * group.noise(source)) ** 2 for source, value in values.items()))
    used = ", ".join(source for source in sorted(values) if share[source])
    return Choice(mean, 1.0, f"The mean of {used} by weight.", standard_error=error / total)


NOBODY: Final = Choice(UNRESOLVED, 0.0, "Those who speak count different things, and nothing tells which is meant.")


def _anchored(group: _Group, values: Mapping[str, float], choice: Choice, *, is_exact: bool) -> Choice:
    """Who knows holds: where it has told all, as it is; else where others disagree with it."""
    if group.anchor is None or group.anchor not in values or (choice.is_resolved and not is_exact):
        return choice
    value = values[group.anchor]
    if is_exact:
        return Choice(value, 1.0, "The shop knows what was sold.", standard_error=0.0)
    return Choice(value, 0.5, "The shop knows best what was sold.", standard_error=value * group.noise(group.anchor))


def _outcome(group: _Group, cell: Cell, values: Mapping[str, float], choice: Choice, strategy: str) -> Outcome:
    """The choice as the outcome of a cell, with everything that was said of it."""
    if not choice.is_resolved:
        said = tuple(_said(group, source, value, is_used=False, note="") for source, value in sorted(values.items()))
        return Outcome(
            cell, "open", None, min(values.values()), max(values.values()), None, choice.reason, said, strategy
        )
    heard = group.heard(values, strategy)
    outcome = _merged(group, cell, heard, choice, strategy)
    aside = [_said(group, source, value, is_used=False, note=ELSE)
             for source, value in values.items() if source not in heard]  # fmt: skip
    if not aside:
        return outcome
    return replace(outcome, state="settled", said=tuple(sorted((*outcome.said, *aside), key=lambda one: one.source)))


def _merged(group: _Group, cell: Cell, values: Mapping[str, float], choice: Choice, strategy: str) -> Outcome:
    """The choice as the outcome of those who speak of the same. It lies among what they say, unless one who knows has
    shown on other days how far they are off.
    """
    if len(values) == 1 and group.anchor not in values:
        return _single(group, cell, values, strategy)
    value = float(choice.value)  # type: ignore[arg-type]
    if strategy in LEARNING and group.anchor is None:
        used = [one for source, one in values.items() if source not in choice.far]
        value = min(max(value, min(used)), max(used))
    far = {source for source, one in values.items() if source in choice.far or group.is_far(source, one, value)}
    if strategy == "intelligent" and group.anchor not in values:
        far = set(choice.far)
    said = tuple(
        _said(group, source, one, is_used=source not in far, note=_note(group, source, one, value, far))
        for source, one in sorted(values.items())
    )
    error = _error(group, values, choice)
    low, high = bounds(value, error)
    state = "settled" if far else "agreed" if len(values) > 1 else "single"
    return Outcome(cell, state, value, low, high, error, choice.reason, said, strategy)


def _single(group: _Group, cell: Cell, values: Mapping[str, float], strategy: str) -> Outcome:
    """What one source alone says; where who knows has shown on other days that it is biased, without the bias."""
    [(source, value)] = values.items()
    key = (group.metric, source)
    is_sure = strategy in LEARNING and group.anchor is not None and is_biased(group.learned.bias_range.get(key))
    taken = group.compared(source, value) if is_sure else value
    error = None
    if len(group.mended) > 1:
        left = 0.0 if is_sure else group.learned.bias.get(key, 0.0)
        error = abs(taken) * math.hypot(group.noise(source), group.learned.bias_error.get(key, 0.0), left)
    reason = "One source says so; the bias that it shows elsewhere is taken out." if is_sure else "One source says so."
    low, high = bounds(taken, error)
    said = (_said(group, source, value, is_used=True, note=""),)
    return Outcome(cell, "single", taken, low, high, error, reason, said, strategy)


def _error(group: _Group, values: Mapping[str, float], choice: Choice) -> float | None:
    """The standard error; of a number that a source was taken for, that source's noise."""
    if choice.standard_error is not None:
        return choice.standard_error
    value = float(choice.value)  # type: ignore[arg-type]
    own = {group.learned.twin.get((group.metric, source), source) for source, one in values.items() if one == value}
    precision = sum(group.noise(source) ** -2 for source in own)
    return abs(value) / math.sqrt(precision) if precision else None


def bounds(value: float, error: float | None) -> tuple[float | None, float | None]:
    """The 95 % interval, by ratios where the number is positive."""
    if error is None:
        return None, None
    if value <= 0:
        return value - NORMAL * error, value + NORMAL * error
    reach = math.exp(NORMAL * error / value)
    return value / reach, value * reach


def _note(group: _Group, source: str, value: float, chosen: float, far: set[str]) -> str:
    if source in far:
        return f"Put aside: {how_far(group.compared(source, value), chosen)}."
    return ""


def _said(group: _Group, source: str, value: float, *, is_used: bool, note: str) -> Said:
    mended = group.mended[source]
    return Said(source, value * mended.factor, group.compared(source, value), is_used, note)


def _as_decided(group: _Group, outcome: Outcome, decision: Decision) -> Outcome:
    """What a person chose. A source that says nothing any more leaves the cell as the rule has it."""
    if decision.strategy:
        reason = f"{decision.by or 'Somebody'} chose this strategy. {outcome.reason}"
        return replace(outcome, state="decided" if outcome.value is not None else "open", reason=reason)
    value = decision.value
    if decision.source:
        value = next((said.value / group.mended[said.source].factor for said in outcome.said
                      if said.source == decision.source), None)  # fmt: skip
    if value is None:
        return outcome
    said = tuple(
        replace(one, is_used=one.source == decision.source,
                note="" if one.source == decision.source else "Another value was chosen.")
        for one in outcome.said
    )  # fmt: skip
    return decided(outcome.cell, value, said, by=decision.by, note=decision.note)


def _reading(group: _Group, source: str, values: Mapping[str, Mapping[Cell, float]]) -> Reading:
    key = (group.metric, source)
    low, high = group.learned.bias_range.get(key, (None, None))
    # Of two sources, neither of which is the measure, nobody can say which is biased.
    is_known = len(values) > 2 or (group.anchor is not None and source != group.anchor)
    is_apart = is_known and key in group.learned.apart and key in group.learned.bias_range
    bias = sum(group.learned.bias_range[key]) / 2 if is_apart else group.learned.bias.get(key, 0.0)
    return Reading(
        metric=group.metric,
        platform=group.platform,
        source=source,
        days=len({cell.day for cell in values[source]}),
        bias=bias if is_known else 0.0,
        low=low if is_known else None,
        high=high if is_known else None,
        noise=group.learned.noise.get(key) if len(values) > 1 else None,
        bias_error=group.learned.bias_error.get(key, 0.0),
        twin_of=group.learned.twin.get(key, ""),
        peers=len(values) - 1,
        is_measure=source == group.anchor,
        is_apart=is_apart,
        notes=group.mended[source].notes,
    )
