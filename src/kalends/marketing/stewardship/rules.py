"""A tenant's rules about names, groups, conversions and settling: kept in every state that they ever had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from ibis.expr import types as ir
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import func, select, text

from kalends.base.errors import BadInputError, ConflictError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.marketing import renames
from kalends.marketing.settling import SettlingRule
from kalends.marketing.stewardship.counting import ConversionRule, ConversionRules
from kalends.marketing.stewardship.models import RuleSet
from kalends.marketing.stewardship.namevalues import group_of, part_of
from kalends.marketing.stewardship.naming import MOST_RULES, OTHER, USUAL, ChannelGroup, NameRule, Rules

Kind = Literal["channel_groups", "names", "conversions", "settling"]
FORMS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "channel_groups": TypeAdapter(tuple[ChannelGroup, ...]),
    "names": TypeAdapter(tuple[NameRule, ...]),
    "conversions": TypeAdapter(ConversionRules),
    "settling": TypeAdapter(tuple[SettlingRule, ...]),
}
ONE_BY_ONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
SHOWN: Final = 200
"""Names shown at once in a preview."""


class BadRuleError(BadInputError):
    """A rule is not as it should be."""

    code = "bad_rule"


class NothingToUndoError(ConflictError):
    """These rules have never been changed."""

    code = "nothing_to_undo"


@dataclass(frozen=True, slots=True)
class State:
    """One state of one kind of rules."""

    kind: str
    version: int
    rules: list[dict[str, Any]]
    note: str
    made_at: datetime | None


def read_rules(kind: Kind, plain: Any) -> tuple[Any, ...]:
    """Rules out of JSON. Raises BadRuleError, which says where and what."""
    try:
        found: tuple[Any, ...] = FORMS[kind].validate_python(plain)
    except ValidationError as error:
        problems = [{"where": ".".join(map(str, one["loc"])), "what": _said(one)} for one in error.errors()]
        raise BadRuleError(in_words(error), errors=problems) from None
    if len(found) > MOST_RULES:
        raise BadRuleError(f"At most {MOST_RULES} rules can be tried one after the other; these are {len(found)}.")
    return found


_WORDS: Final = {
    "missing": "is missing",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_too_long": "has more than {max_length} characters",
    "too_long": "has more than {max_length} entries",
}


def in_words(error: ValidationError) -> str:
    """What is wrong with rules, for people: 'Rule 1, types: is empty'."""
    return "; ".join(": ".join(filter(None, (_place(one["loc"]), _said(one)))) for one in error.errors())


def _place(loc: tuple[int | str, ...]) -> str:
    """Where it is wrong: which rule of several, and what of it."""
    words = [part for part in loc if isinstance(part, str) and part != "values"]
    return ", ".join([f"Rule {loc[0] + 1}", *words] if loc and isinstance(loc[0], int) else words)


def _said(one: ErrorDetails) -> str:
    known = _WORDS.get(one["type"])
    return known.format_map(one.get("ctx", {})) if known else one["msg"].removeprefix("Value error, ")


def version_of(work: Work, *, as_of: datetime | None = None) -> int:
    """The tenant's newest change of rules, or the newest at `as_of`; 0 before the first."""
    query = select(func.max(RuleSet.version))
    if as_of is not None:
        query = query.where(RuleSet.made_at <= as_of)
    return work.session.execute(query).scalar() or 0


def rules_at(work: Work, *, version: int) -> Rules:
    """All rules as they were after change number `version`."""
    groups, names = (_rows(work, kind=kind, version=version) for kind in ("channel_groups", "names"))
    return Rules(
        groups=read_rules("channel_groups", groups[0].rules) if groups else USUAL,
        names=read_rules("names", names[0].rules) if names else (),
    )


def conversion_rules(work: Work) -> tuple[int, tuple[ConversionRule, ...]]:
    """The rules about conversions that count now, and the change that made them; (0, ()) where there are none."""
    state = state_of(work, kind="conversions")
    return state.version, read_rules("conversions", state.rules)


def settling_rules(work: Work, *, version: int | None = None) -> tuple[SettlingRule, ...]:
    """What is said of how days settle: now, or after change number `version`."""
    rows = _rows(work, kind="settling", version=version_of(work) if version is None else version)
    return FORMS["settling"].validate_python(rows[0].rules) if rows else ()


def history_of(work: Work, *, kind: Kind) -> list[State]:
    """Every state of the rules of a kind, the newest first."""
    return [State(row.kind, row.version, row.rules, row.note, row.made_at) for row in _rows(work, kind=kind)]


def state_of(work: Work, *, kind: Kind) -> State:
    """The rules of a kind that count now."""
    found = history_of(work, kind=kind)
    return found[0] if found else State(kind, 0, _plain(USUAL if kind == "channel_groups" else ()), "", None)


def _rows(work: Work, *, kind: str, version: int | None = None) -> list[RuleSet]:
    query = select(RuleSet).where(RuleSet.kind == kind).order_by(RuleSet.version.desc())
    if version is not None:
        query = query.where(RuleSet.version <= version).limit(1)
    return list(work.session.execute(query).scalars())


def _plain(rules: tuple[BaseModel, ...]) -> list[dict[str, Any]]:
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def alone(work: Work) -> None:
    """Whoever changes rules at the same time waits here until the commit: versions have no gaps and no twins."""
    work.session.execute(ONE_BY_ONE, {"key": f"{work.scope.tenant_id} rules"})


def save(work: Work, *, kind: Kind, rules: tuple[Any, ...], note: str = "") -> State:
    """Let `rules` count from now on; the same again change nothing. Answers as of earlier keep the earlier ones."""
    alone(work)
    before, plain = state_of(work, kind=kind), _plain(rules)
    if before.version and before.rules == plain:
        return before
    made = RuleSet(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        kind=kind,
        version=version_of(work) + 1,
        rules=plain,
        note=note,
        person_id=work.scope.person_id,
        made_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.audit(
        "change_rules", subject_kind=kind, subject_id=made.id, before={"rules": before.rules}, after={"rules": plain}
    )
    return State(kind, made.version, plain, note, made.made_at)


def undo(work: Work, *, kind: Kind) -> State:
    """Go back to the rules before the last change; undoing again goes forward again. Raises NothingToUndoError."""
    found = history_of(work, kind=kind)
    if not found:
        raise NothingToUndoError
    usual = _plain(USUAL) if kind == "channel_groups" else []
    earlier = found[1].rules if len(found) > 1 else usual
    return save(work, kind=kind, rules=read_rules(kind, earlier), note="undone")


# Trying rules out on the names that there are.


@dataclass(frozen=True, slots=True)
class Tried:
    """What rules make of one platform's names: `fits` of `names`, the values with their names' count, and examples."""

    names: int
    fits: int
    values: dict[str, dict[str, int]]
    """Per dimension (`channel_group`, or a part) its values, the commonest first, and how many campaigns have them."""

    examples: list[dict[str, Any]]
    """Campaigns and what was made of them; those that nothing fits come first."""


def try_out(work: Work, *, rules: Rules, kind: Kind) -> Tried:
    """What `rules` would make of every campaign that has data."""
    rows = _campaigns(work)
    if rows is None:
        return Tried(0, 0, {}, [])
    parts = rules.attributes if kind == "names" else ()
    values: dict[str, ir.Value] = {part: part_of(rows, rules.names, part) for part in parts}
    if kind == "channel_groups":
        values["channel_group"] = group_of(rows, rules.groups)
    valued = rows.mutate(**{f"v_{name}": value for name, value in values.items()})
    found: list[dict[str, Any]] = work.warehouse.to_arrow(valued).to_pylist()
    fitting = [row for row in found if _fits(row, values)]
    examples = sorted(found, key=lambda row: (_fits(row, values), row["campaign_name"] or ""))
    return Tried(len(found), len(fitting), {name: _counted(found, f"v_{name}") for name in values}, examples[:SHOWN])


def _fits(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return any(row[f"v_{name}"] not in (None, OTHER) for name in values)


def _counted(rows: list[dict[str, Any]], column: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row[column] or ""] = counts.get(row[column] or "", 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _campaigns(work: Work) -> ir.Table | None:
    """Every campaign of the daily sums, once per name (that of now), platform, channel and type."""
    if not work.warehouse.exists("daily"):
        return None
    daily = work.warehouse.table("daily")
    if work.warehouse.exists(renames.TABLE):
        daily = renames.named_now(daily, "campaign_name", work.warehouse.table(renames.TABLE))
    columns = ["data_source", "channel", "campaign_type", "campaign_name"]
    return daily.aggregate(by=columns, days=daily.date.nunique()).select(*columns)
