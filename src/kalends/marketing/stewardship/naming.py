"""Own channel groups and campaign-name rules: what a tenant makes of channels and of the names that it gives.

A **channel group** is a name and conditions on platform, channel, campaign type and campaign name. Groups are tried in
their order and the first whose conditions all hold is a row's group, as in GA4; where none does, it is OTHER.

A **name rule** takes a campaign's name apart: at a delimiter (`{market}_{product}_{funnel}`), or by a pattern with
named groups. Each part is a dimension of its own. Where several rules give the same part, the first that fits counts.

Conditions compare texts without regard to case; a name rule's pattern minds it. Patterns are the subset of regular
expressions that DuckDB (RE2, linear in time) and PostgreSQL read alike: no look-around, no back-references, nothing
lazy, no inline flags.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as codes  # type: ignore[attr-defined]  # the parser's own names; Python has no other
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

OTHER: Final = "Other"
FIELDS: Final = ("data_source", "channel", "campaign_type", "campaign_name")
MOST_RULES, MOST_VALUES, MOST_PATTERN, MOST_REPEATS = 50, 50, 200, 100
"""Each rule is an expression in the query; these are more than anybody has read through."""
PART: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_TAKEN: Final = re.compile(r"\{([^{}]*)\}")

Text = Annotated[str, Field(min_length=1, max_length=MOST_PATTERN)]


class _Value(BaseModel):
    """Frozen, so that rules are part of a query's shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Value):
    """One of `values` is what the field is, begins with, ends with, has in it, or fits as a pattern."""

    field: Literal["data_source", "channel", "campaign_type", "campaign_name"]
    operator: Literal["is", "contains", "starts_with", "ends_with", "matches"] = "is"
    values: tuple[Text, ...] = Field(min_length=1, max_length=MOST_VALUES)

    @model_validator(mode="after")
    def _patterns(self) -> Condition:
        for value in self.values if self.operator == "matches" else ():
            checked_pattern(value)
        return self


class ChannelGroup(_Value):
    """A group and what must hold for a row to be in it."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    conditions: tuple[Condition, ...] = Field(min_length=1, max_length=10)


class NameRule(_Value):
    """How names are built: `delimiter` and `parts` ('' for a part that is of no interest), or a `pattern`.

    `data_source`: of one platform alone.
    """

    data_source: str | None = Field(default=None, max_length=100)
    delimiter: Annotated[str, Field(min_length=1, max_length=5)] | None = None
    parts: tuple[str, ...] = Field(default=(), max_length=20)
    pattern: Text | None = None

    @field_validator("parts")
    @classmethod
    def _names(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [part for part in parts if part and not PART.fullmatch(part)]
        if wrong:
            raise ValueError(f"{wrong[0]!r}: call a part with small letters, digits and underscores, like 'market'")
        named = [part for part in parts if part]
        if len(set(named)) < len(named):
            raise ValueError("the same part comes twice")
        return parts

    @model_validator(mode="after")
    def _one_way(self) -> NameRule:
        if (self.pattern is None) == (self.delimiter is None):
            raise ValueError("give a delimiter with parts, or a pattern with named groups")
        if self.pattern is not None and not groups_of(self.pattern):
            raise ValueError("name at least one group of the pattern: (?P<market>[^_]+)")
        if self.delimiter is not None and not any(self.parts):
            raise ValueError("name at least one part")
        return self

    @property
    def attributes(self) -> tuple[str, ...]:
        """The parts that it gives."""
        return tuple(groups_of(self.pattern)) if self.pattern else tuple(part for part in self.parts if part)


class Rules(_Value):
    """A tenant's rules in one state."""

    groups: tuple[ChannelGroup, ...] = Field(default=(), max_length=MOST_RULES)
    names: tuple[NameRule, ...] = Field(default=(), max_length=MOST_RULES)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The own dimensions that names give, each once."""
        return tuple(dict.fromkeys(part for rule in self.names for part in rule.attributes))


def checked_pattern(pattern: str) -> Any:
    """The pattern taken apart. Raises ValueError with what an engine would not read, or not alike."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = parser.parse(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from None
    if tree.state.flags & ~re.UNICODE:
        raise ValueError("flags such as (?i) are not read alike; write [Dd] for either")
    if re.search(r"\\[^dDwWsS\W]", pattern):
        raise ValueError(r"of the letters after a backslash only \d, \w and \s (and \D, \W, \S) are read alike")
    _refuse(tree)
    return tree


_ALLOWED: Final = frozenset(
    {codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN, codes.BRANCH, codes.AT, codes.SUBPATTERN, codes.MAX_REPEAT,
     codes.RANGE, codes.CATEGORY, codes.NEGATE}
)  # fmt: skip


def _refuse(tree: Any) -> None:
    for code, argument in tree:
        if code not in _ALLOWED:
            raise ValueError("look-around, back-references and lazy or possessive repeats are not read alike")
        if code is codes.MAX_REPEAT:
            least, most, inner = argument
            if least > MOST_REPEATS or (most is not codes.MAXREPEAT and most > MOST_REPEATS):
                raise ValueError(f"at most {MOST_REPEATS} repeats can be counted")
            _refuse(inner)
        elif code is codes.SUBPATTERN:
            _refuse(argument[3])
        elif code is codes.BRANCH:
            for branch in argument[1]:
                _refuse(branch)


def groups_of(pattern: str) -> dict[str, int]:
    """The named groups of a pattern and their numbers. Raises ValueError."""
    found: dict[str, int] = dict(checked_pattern(pattern).state.groupdict)
    wrong = [name for name in found if not PART.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r}: call a part with small letters, digits and underscores, like 'market'")
    return found


def plain_pattern(pattern: str) -> str:
    """The pattern with its groups unnamed, as every engine reads it; numbers stay the same."""
    return re.sub(r"\(\?P<[^>]+>", "(", pattern)


def rule_of_template(template: str, *, data_source: str | None = None) -> NameRule:
    """The rule that a person writes: `{market}_{product}_{*}`, or a pattern between slashes.

    Raises ValueError where the parts are not divided by one and the same text.
    """
    if len(template) > 2 and template.startswith("/") and template.endswith("/"):
        return NameRule(data_source=data_source, pattern=template[1:-1])
    parts = tuple(part.strip() if part.strip() != "*" else "" for part in _TAKEN.findall(template))
    between = set(_TAKEN.sub("\0", template).strip("\0").split("\0"))
    delimiters = {text for text in between if text} if len(parts) > 1 else {" "}
    if len(delimiters) != 1 or not parts or _TAKEN.split(template)[0] or _TAKEN.split(template)[-1]:
        raise ValueError("write the parts in braces with one and the same sign between them, as {market}_{product}_{*}")
    return NameRule(data_source=data_source, delimiter=delimiters.pop(), parts=parts)


def template_of(rule: NameRule) -> str:
    """The rule as a person writes it."""
    if rule.pattern is not None:
        return f"/{rule.pattern}/"
    return (rule.delimiter or "").join(f"{{{part or '*'}}}" for part in rule.parts)


def _usual(name: str, *channels: str) -> ChannelGroup:
    return ChannelGroup(name=name, conditions=(Condition(field="channel", values=channels),))


USUAL: Final = (
    _usual("Paid search", "paid_search"),
    _usual("Paid shopping", "shopping"),
    _usual("Paid social", "paid_social"),
    _usual("Display and video", "display", "video"),
    _usual("Email and SMS", "email", "sms"),
    _usual("Apps", "app"),
    _usual("Web", "web"),
    _usual("Sales", "crm"),
)
"""The groups of a tenant that has made none."""
