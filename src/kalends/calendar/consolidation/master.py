"""Many calendars in, one out: match, find conflicts, resolve, and keep everything that was not chosen.

Each step is a pure function that can be called alone; `consolidate` calls them all. The order of the sources does not
matter, and running again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from kalends.calendar.consolidation.answered import matched
from kalends.calendar.consolidation.claims import (
    GROUPS,
    WORDING,
    Claims,
    Severity,
    claims_about,
    disagree,
    group_fields,
    preferred,
    severity_of,
)
from kalends.calendar.consolidation.ruled import ruled, ruling_for
from kalends.calendar.consolidation.shown import as_html
from kalends.calendar.consolidation.sources import (
    SourceCalendar,
    Spoken,
    comparable,
    spoken_by_id,
)
from kalends.calendar.consolidation.tables import Dated, Tables, label_of
from kalends.calendar.events import EventFields, canonical_fields
from kalends.methods.matching import Answers, Ask, stable_ids
from kalends.methods.truth import UNRESOLVED, Choice, Claim, resolve

State = Literal["settled", "open", "waiting"]
"""settled: by a strategy or a person; open: nothing gave a ground to choose; waiting: critical, wants an approval."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a company resolves conflicts: a strategy, and others for single groups of fields."""

    strategy: str = "intelligent"
    by_group: Mapping[str, str] = field(default_factory=dict)

    def of(self, group: str) -> str:
        """The strategy for a group of fields."""
        return self.by_group.get(group, self.strategy)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that differ about one group of an event's fields: what each says, what was chosen, and why."""

    event_id: str
    group: str
    values: tuple[tuple[str, str], ...]
    """(source, what it says as canonical JSON), by source."""
    choice: str
    """What holds now: the choice, or while it is open the value of the preferred source."""
    strategy: str
    reason: str
    confidence: float
    severity: Severity
    state: State


@dataclass(frozen=True, slots=True)
class MasterEvent:
    """An event that holds: its fields, which source each came from, and the entries that it was made of."""

    id: str
    fields: EventFields
    provenance: Mapping[str, str]
    members: tuple[str, ...]
    conflicts: tuple[Conflict, ...] = ()


Decisions = Mapping[tuple[str, str], str]
"""(event id, group) -> the value that a person chose."""


def hold(
    event_id: str,
    said: Sequence[Spoken],
    *,
    claims: Claims,
    choices: Mapping[Any, Choice],
    policy: Policy,
    decisions: Decisions | None = None,
    ruling: Dated | None = None,
) -> MasterEvent:
    """One event from its entries and what they claim. What was written by hand wins field by field; `choices` settles
    the rest. `ruling`: what a table says of its days, told beside the choice.
    """
    by_hand = {name: value for spoken in said if spoken.is_by_hand for name, value in spoken.fields.items()}
    others = [spoken for spoken in said if not spoken.is_by_hand]
    values: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    conflicts: list[Conflict] = []
    impact = by_hand.get("impact") or max((s.fields.get("impact") or "" for s in others), key=_rank, default="")
    for group, found in claims.items():
        chosen, conflict = _chosen(group, found, choices, policy, impact, (decisions or {}).get((event_id, group)))
        values |= group_fields(group, str(chosen.value))
        provenance |= dict.fromkeys(group_fields(group, str(chosen.value)), chosen.source)
        if conflict is not None and not set(GROUPS[group]) <= by_hand.keys():
            conflicts.append(_explained(conflict, ruling) if ruling and group == "days" else conflict)
    values |= by_hand
    provenance |= dict.fromkeys(by_hand, "manual")
    return MasterEvent(event_id, _fitting(values), provenance, tuple(sorted(s.id for s in said)), tuple(conflicts))


def _explained(conflict: Conflict, ruling: Dated) -> Conflict:
    """The conflict with what the table says, where it has it from and how sure that is."""
    return replace(conflict, reason=f"{conflict.reason.replace(ruling.source, label_of(ruling.source))} {ruling.told}")


def _rank(impact: str) -> int:
    return ("", "low", "medium", "high", "critical").index(impact)


def _fitting(values: dict[str, Any]) -> EventFields:
    """The fields as an event; times, and then exceptions of a rule, that no longer fit what they are joined with go."""
    for dropped in ((), GROUPS["times"]):
        try:
            return EventFields.model_validate({k: v for k, v in values.items() if k not in dropped})
        except ValueError:
            continue
    without = (*GROUPS["times"], *GROUPS["recurrence"])
    return EventFields.model_validate({k: v for k, v in values.items() if k not in without})


def _chosen(
    group: str,
    claims: Sequence[Claim],
    choices: Mapping[Any, Choice],
    policy: Policy,
    impact: str,
    decided: str | None,
) -> tuple[Claim, Conflict | None]:
    """The claim that holds, and the conflict behind it where there is one."""
    first = preferred(claims)
    if not disagree(group, claims):
        return first, None
    choice = choices.get(first.item)
    severity = severity_of(group, impact=impact)
    state: State = "settled"
    strategy, reason, confidence = policy.of(group), "", 1.0
    if decided is not None:
        held, strategy, reason = _claim_of(claims, decided, first), "person", "A person chose it."
    elif group in WORDING:
        held, strategy, reason = first, "wording", f"{first.source} comes first; the others word it differently."
    elif choice is None or choice.value is UNRESOLVED:
        held, state, confidence = first, "open", 0.0
        reason = choice.reason if choice else "Nothing gave a ground to choose."
    else:
        held = _claim_of(claims, str(choice.value), first)
        reason, confidence = choice.reason, choice.confidence
    if severity == "critical" and state == "settled" and decided is None:
        state = "waiting"
    values = tuple(sorted((claim.source, str(claim.value)) for claim in claims))
    return held, Conflict(
        event_id=str(first.item[0]) if isinstance(first.item, tuple) else "",
        group=group,
        values=values,
        choice=str(held.value),
        strategy=strategy,
        reason=reason,
        confidence=confidence,
        severity=severity,
        state=state,
    )


def _claim_of(claims: Sequence[Claim], value: str, first: Claim) -> Claim:
    """The preferred claim among those that say `value`; a value that nobody says is a person's own."""
    saying = [claim for claim in claims if claim.value == value]
    return preferred(saying) if saying else Claim(item=first.item, source="manual", value=value)


def identify_conflicts(claims: Iterable[Claims]) -> list[Claim]:
    """Every claim about something on which an event's sources differ; `claims`: those of each event."""
    return [
        claim
        for event in claims
        for group, found in event.items()
        if group not in WORDING and disagree(group, found)
        for claim in found
    ]


def choose(claims: Sequence[Claim], *, policy: Policy) -> dict[Any, Choice]:
    """A choice for each conflict, by the policy's strategy for its group."""
    found: dict[Any, Choice] = {}
    groups = sorted({claim.item[1] for claim in claims if isinstance(claim.item, tuple)})
    for strategy in sorted({policy.of(group) for group in groups}):
        mine = [c for c in claims if isinstance(c.item, tuple) and policy.of(c.item[1]) == strategy]
        found |= resolve(mine, strategy=strategy)
    return found


@dataclass(frozen=True, slots=True)
class MasterCalendar:
    """What everybody agrees on, what nobody could settle, and how it came about."""

    events: tuple[MasterEvent, ...]
    asks: tuple[Ask, ...]
    sources: tuple[str, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every conflict of every event."""
        return tuple(conflict for event in self.events for conflict in event.conflicts)

    def __str__(self) -> str:
        """In three lines."""
        open_ = sum(conflict.state != "settled" for conflict in self.conflicts)
        entries = sum(len(event.members) for event in self.events)
        return (
            f"Master calendar of {len(self.sources)} sources: {len(self.events):,} events from {entries:,} entries.\n"
            f"{len(self.conflicts):,} conflicts: {len(self.conflicts) - open_:,} settled, {open_:,} for a person.\n"
            f"{len(self.asks):,} pairs may be one event: a person should look."
        )

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        return as_html(self)


def consolidate(
    sources: Sequence[SourceCalendar],
    *,
    policy: Policy | None = None,
    previous: Mapping[str, Sequence[str]] | None = None,
    decisions: Decisions | None = None,
    answers: Answers | None = None,
    tables: Tables | None = None,
    new_id: Callable[[], str] = lambda: str(uuid4()),
) -> MasterCalendar:
    """One calendar from many. `previous`: event id -> its entries' ids, from the run before, so that ids stay.

    `decisions`: what people chose; `answers`: pairs of entries -> whether people called them one event; `tables`: the
    markets whose moments and public holidays speak, too (None: they do not). Raises ValueError when two sources have
    one name.
    """
    rules, said = policy or Policy(), spoken_by_id(sources)
    matching = matched([comparable(spoken) for spoken in said.values()], answers=answers)
    members = stable_ids(matching.clusters, previous or {}, new_id=new_id)
    grouped = {event_id: [said[entry] for entry in entries] for event_id, entries in members.items()}
    rulings = {event_id: ruling_for(entries, tables=tables) for event_id, entries in grouped.items()} if tables else {}
    claims = {
        event_id: ruled(claims_about(event_id, entries), rulings.get(event_id)) for event_id, entries in grouped.items()
    }
    choices = choose(identify_conflicts(claims.values()), policy=rules)
    events = [
        hold(
            event_id,
            entries,
            claims=claims[event_id],
            choices=choices,
            policy=rules,
            decisions=decisions,
            ruling=rulings.get(event_id),
        )
        for event_id, entries in grouped.items()
    ]
    events.sort(key=lambda event: (event.fields.starts_on, event.fields.name, event.members))
    return MasterCalendar(tuple(events), matching.asks, tuple(sorted(source.name for source in sources)))


def plain_master_event(event: MasterEvent) -> dict[str, Any]:
    """An event as JSON values."""
    return {
        "id": event.id,
        **canonical_fields(event.fields),
        "provenance": dict(event.provenance),
        "members": list(event.members),
    }
