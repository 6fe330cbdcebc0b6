"""Channel groups and campaign-name rules over HTTP: read, try out, change, undo."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing.stewardship import rules, typesseen
from kalends.marketing.stewardship.naming import MOST_RULES, Rules

router = APIRouter(prefix="/marketing/rules", tags=["rules"])

Kind = Literal["channel_groups", "names", "conversions"]
"""How days settle is said at an address of its own."""

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]


class RulesIn(BaseModel):
    """Rules of one kind, in their order: `{name, conditions}` for channel groups, `{delimiter, parts}` or `{pattern}`
    for names, `{data_source, account_id, types, window}` for conversions: the first of the types that a row has counts,
    and of a thing that came under several attribution windows the `window`.
    """

    rules: list[dict[str, Any]] = Field(max_length=MOST_RULES)
    note: str = Field(default="", max_length=200)


class RulesOut(BaseModel):
    """Rules in one state. Version 0: the usual ones, which nobody has changed."""

    kind: str
    version: int
    rules: list[dict[str, Any]]
    note: str
    made_at: datetime | None


class TriedOut(BaseModel):
    """What rules make of the campaigns that there are: how many `names` fit, each value's campaigns, and examples."""

    names: int
    fits: int
    values: dict[str, dict[str, int]]
    examples: list[dict[str, Any]]


class SeenTypeOut(BaseModel):
    """One type of conversions of one account."""

    account_id: str
    type: str
    count: float | None
    value: float | None


class SeenOut(BaseModel):
    """A platform's types in its last thirty days, and what counts as conversions now."""

    data_source: str
    first: date
    last: date
    conversions: float | None
    types: list[SeenTypeOut]


class EffectOut(BaseModel):
    """A platform's conversions in its last thirty days by the rules of now and by those that were asked about; `after`
    is null where only reading the files again can tell.
    """

    data_source: str
    first: date
    last: date
    before: float | None
    after: float | None


@router.get("/conversions/types")
def list_types(work: Reader) -> list[SeenOut]:
    """The types of conversions that each platform has told, with how often in its last thirty days."""
    return [SeenOut(**asdict(one)) for one in typesseen.seen(work)]


@router.post("/conversions/preview")
def preview_conversions(body: RulesIn, work: Reader) -> list[EffectOut]:
    """What these rules would make of each platform's conversions, once its files are read by them; nothing is kept."""
    _, now = rules.conversion_rules(work)
    told = rules.read_rules("conversions", body.rules)
    return [EffectOut(**asdict(one)) for one in typesseen.effects(work, rules=told, now=now)]


@router.get("/{kind}")
def get_rules(kind: Kind, work: Reader) -> RulesOut:
    """The rules that count now."""
    return RulesOut(**asdict(rules.state_of(work, kind=kind)))


@router.get("/{kind}/history")
def get_history(kind: Kind, work: Reader) -> list[RulesOut]:
    """Every state of them, the newest first."""
    return [RulesOut(**asdict(state)) for state in rules.history_of(work, kind=kind)]


@router.post("/{kind}/preview")
def preview_rules(kind: Literal["channel_groups", "names"], body: RulesIn, work: Reader) -> TriedOut:
    """What these rules would make of every campaign that has data; nothing is kept."""
    return TriedOut(**asdict(rules.try_out(work, rules=as_rules(kind, body.rules), kind=kind)))


@router.put("/{kind}")
def put_rules(kind: Kind, body: RulesIn, work: Writer) -> RulesOut:
    """Let these rules count from now on; answers as of earlier keep the earlier ones."""
    read = rules.read_rules(kind, body.rules)
    return RulesOut(**asdict(rules.save(work, kind=kind, rules=read, note=body.note)))


@router.post("/{kind}/undo")
def undo_rules(kind: Kind, work: Writer) -> RulesOut:
    """Go back to the rules before the last change."""
    return RulesOut(**asdict(rules.undo(work, kind=kind)))


def as_rules(kind: Kind, plain: list[dict[str, Any]]) -> Rules:
    """Rules of one kind alone."""
    read = rules.read_rules(kind, plain)
    return Rules(groups=read) if kind == "channel_groups" else Rules(names=read)
