"""Conversion rules: which of a platform's types count as *the* conversion, per platform and, where wished, account.

One event comes under several names (Meta's `purchase`, `omni_purchase` and `offsite_conversion.fb_pixel_purchase` are
the same sales), so the types of a rule are an **order and never a sum**: a row's conversions are those of the first
type that it has. Where each row is an event of one name (Mixpanel, Amplitude), each name of the rule counts.

Platforms that were asked to count within further attribution windows may have one of these count instead of the
account's own setting: its rows are marked when they are read (`kalends.marketing.attribution`).

A rule decides how files are read, not how answers are made: new files are read by it, earlier ones when they are read
again (`intake.replays`), as a version of their own; what was known before stays known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kalends.marketing.attribution import OFFERED
from kalends.marketing.mapping import MAPPINGS, canonical_source

MOST_TYPES: Final = 30
How = Literal["lists", "columns", "events"]
"""A row has lists of types with counts; a column for each type; or is itself an event of one name."""
Type = Annotated[str, Field(min_length=1, max_length=200)]


def how_told(data_source: str) -> How | None:
    """How a platform tells types of conversions apart; None where it gives one number only."""
    mapping = MAPPINGS.get(data_source)
    if mapping is None:
        return None
    return "lists" if mapping.actions else "events" if mapping.events else "columns" if mapping.typed else None


def declared_types(data_source: str) -> tuple[str, ...]:
    """The types that columns of the platform's reports give, beside those that a company names itself there (the
    mapping's `typed_like`); () where all types are free texts.
    """
    is_declared = how_told(data_source) == "columns"
    return tuple(sorted({one.type for one in MAPPINGS[data_source].typed})) if is_declared else ()


def usual_types(data_source: str) -> tuple[str, ...]:
    """What counts where nobody has made a rule; () where the platform's own number does."""
    mapping = MAPPINGS[data_source]
    if mapping.actions:
        return mapping.actions.conversions
    return tuple(sorted(mapping.events.conversions)) if mapping.events else ()


SOURCES: Final = tuple(sorted(source for source in MAPPINGS if how_told(source)))
"""The platforms of which rules can be made."""


class ConversionRule(BaseModel):
    """Of `data_source`, and of `account_id` alone where that is given, the first of `types` that a row has counts.
    `window`: the attribution window, of those that connections ask for, whose rows count for all of its accounts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_source: Annotated[str, Field(max_length=100)]
    account_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    window: Annotated[str, Field(max_length=100)] = ""
    types: tuple[Type, ...] = Field(default=(), max_length=MOST_TYPES, validate_default=True)

    @field_validator("data_source")
    @classmethod
    def _can_choose(cls, given: str) -> str:
        source = canonical_source(given)
        if source not in SOURCES:
            raise ValueError(f"{given!r} does not tell types of conversions apart; these do: {', '.join(SOURCES)}")
        return source

    @model_validator(mode="before")
    @classmethod
    def _plain_account(cls, given: Any) -> Any:
        """Meta's accounts are kept without the 'act_' that its own pages show."""
        account = given.get("account_id") if isinstance(given, dict) else None
        return {**given, "account_id": account.removeprefix("act_")} if isinstance(account, str) else given

    @field_validator("types")
    @classmethod
    def _says_something(cls, given: tuple[Type, ...], told: ValidationInfo) -> tuple[Type, ...]:
        if not given and not told.data.get("window"):
            raise PydanticCustomError("too_short", "is empty")
        return given

    @model_validator(mode="after")
    def _known_window(self) -> ConversionRule:
        if self.window and self.account_id is not None:
            raise ValueError("a window counts for all accounts of a platform: name none beside it")
        offered = OFFERED.get(self.data_source, ())
        if self.window and self.window not in offered:
            none = "it is asked for no other than its own"
            told = f"these can be asked for: {', '.join(offered)}" if offered else none
            raise ValueError(f"{self.data_source} has no window {self.window!r}; {told}")
        return self

    @model_validator(mode="after")
    def _known_types(self) -> ConversionRule:
        known = declared_types(self.data_source)
        is_closed = known and not MAPPINGS[self.data_source].typed_like
        unknown = [one for one in self.types if is_closed and one not in known]
        if unknown:
            raise ValueError(f"{self.data_source} has no type {unknown[0]!r}; it has {', '.join(known)}")
        twice = [one for place, one in enumerate(self.types) if one in self.types[:place]]
        if twice:
            raise ValueError(f"the type {twice[0]!r} comes twice: name each once")
        return self


def _one_each(rules: tuple[ConversionRule, ...]) -> tuple[ConversionRule, ...]:
    places = [(rule.data_source, rule.account_id) for rule in rules]
    if len(set(places)) < len(places):
        raise ValueError("there are two rules for the same platform and account")
    return rules


ConversionRules = Annotated[tuple[ConversionRule, ...], AfterValidator(_one_each)]


def of_source(rules: Iterable[ConversionRule], data_source: str) -> tuple[ConversionRule, ...]:
    """The rules of one platform, in an order that says nothing."""
    own = [rule for rule in rules if rule.data_source == canonical_source(data_source)]
    return tuple(sorted(own, key=lambda rule: rule.account_id or ""))


def plain(rules: Sequence[ConversionRule]) -> list[dict[str, Any]]:
    """Rules as JSON."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def told_of(report: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The rules that a batch was read by, out of its report; [] of one that was read by the usual ones."""
    found: list[dict[str, Any]] = ((report or {}).get("conversions") or {}).get("rules", [])
    return found


def choice(rules: Sequence[ConversionRule]) -> dict[str, Any]:
    """The rules of one platform as `StageOptions` take them."""
    everywhere = next((rule.types for rule in rules if rule.account_id is None), ())
    by_account = {rule.account_id: rule.types for rule in rules if rule.account_id is not None}
    return {"conversions": everywhere, "conversions_by_account": by_account, "window": window_of(rules)}


def window_of(rules: Iterable[ConversionRule]) -> str:
    """The attribution window that counts by the rules of one platform; '' for the accounts' own settings."""
    return next((rule.window for rule in rules if rule.window), "")
