"""The company's own rules, in YAML: read, checked with every mistake named by its line, and turned into row checks.

A rule names a column and one of pandera's checks of it. pandera writes the condition (through Ibis, so on every
warehouse), and it is asked in the same pass as our own checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Annotated, Any, Final

import duckdb
import ibis
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlglot import expressions as sge
from sqlglot import parse_one

from kalends.base.errors import BadInputError
from kalends.marketing.quality.checks import ROW_CHECKS, Dimension, RowCheck, Severity
from kalends.marketing.records import FACT_SCHEMA, KEY, VALUES

EXAMPLE: Final = """\
# One entry per rule. A row of which the check does not hold is marked; an empty cell passes.
rules:
  - name: roas_ceiling
    says: Nobody earns fifty times what an ad costs.
    column: roas
    check: {le: 50}
    severity: major
    sources: [google_ads, facebook_ads]
  - name: campaign_naming
    says: Campaign names begin with the market.
    column: campaign_name
    check: {str_matches: "^(DE|AT|UK) "}
    severity: minor
    dimension: validity
"""
RATES: Final[Mapping[str, tuple[str, str, int]]] = {
    "cpm": ("spend", "impressions", 1000), "cpc": ("spend", "clicks", 1), "ctr": ("clicks", "impressions", 1),
    "conversion_rate": ("conversions", "clicks", 1), "cost_per_conversion": ("spend", "conversions", 1),
    "roas": ("revenue", "spend", 1), "aov": ("revenue", "conversions", 1),
}  # fmt: skip
"""Columns that are no column: what over what, times what."""
COLUMNS: Final = (*KEY, *VALUES, *RATES)
NOT_NULL: Final = "not_null"
CHECKS: Final = (
    "eq", "ne", "gt", "ge", "lt", "le", "in_range", "isin", "notin", "str_matches", "str_contains", "str_startswith",
    "str_endswith", "str_length", NOT_NULL,
)  # fmt: skip
"""pandera's checks (https://pandera.readthedocs.io, Check) by their short names; and one of ours."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{2,59}")
PATTERNS: Final = ("str_matches", "str_contains")
"""Checks by a regular expression, of the kind without look-around."""
MOST, LONGEST = 200, 100_000
OUTPUT: Final = "holds"


class BadRulesError(BadInputError):
    """The rules cannot be read."""

    code = "bad_rules"


class Rule(BaseModel):
    """One rule of the company."""

    model_config = ConfigDict(extra="forbid")

    name: str
    says: Annotated[str, Field(min_length=3, max_length=300)]
    column: str
    check: dict[str, Any]
    severity: Severity = "major"
    dimension: Dimension = "plausibility"
    sources: Annotated[list[str], Field(max_length=50)] = []
    reports: Annotated[list[str], Field(max_length=50)] = []

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("write it in lower case with underscores, such as roas_ceiling")
        if name in {check.name for check in ROW_CHECKS}:
            raise ValueError(f"{name} is one of the built-in checks; choose another name")
        return name

    @field_validator("column")
    @classmethod
    def _column(cls, column: str) -> str:
        if column not in COLUMNS:
            raise ValueError(
                f"there is no column {column!r}; columns are spend, clicks, campaign_name ... or cpc, roas"
            )
        return column

    @field_validator("check")
    @classmethod
    def _check(cls, check: dict[str, Any]) -> dict[str, Any]:
        if len(check) != 1 or next(iter(check)) not in CHECKS:
            raise ValueError(f"write one check, such as {{le: 50}}; there are {', '.join(CHECKS)}")
        return check


class Rules(BaseModel):
    """All of them."""

    model_config = ConfigDict(extra="forbid")

    rules: Annotated[list[Rule], Field(max_length=MOST)] = []


def read_rules(text: str) -> list[Rule]:
    """The rules of a YAML text. Raises BadRulesError, which names each mistake, its line and what would be right."""
    if len(text) > LONGEST:
        raise BadRulesError(f"The rules are longer than {LONGEST:,} characters.")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise _wrong([(line, f"this is not YAML: {getattr(error, 'problem', None) or error}")]) from error
    try:
        rules = Rules.model_validate({} if told is None else told).rules
    except ValidationError as error:
        raise _wrong([(_line(node, item["loc"]), _words(item)) for item in error.errors()]) from error
    _refuse_twice(rules, node)
    for place, rule in enumerate(rules):
        try:
            _condition(rule, "duckdb")
        except Exception as error:  # pandera and Ibis have a dozen classes for a wrong argument
            line = _line(node, ("rules", place, "check"))
            raise _wrong([(line, f"the check does not fit the column {rule.column}: {_short(error)}")]) from error
    return rules


@lru_cache(maxsize=64)
def own_checks(text: str, engine: str) -> tuple[RowCheck, ...]:
    """The rules as row checks of a warehouse's engine."""
    return tuple(
        RowCheck(rule.name, rule.dimension, rule.severity, rule.says, _fails(rule, engine)) for rule in read_rules(text)
    )


def _fails(rule: Rule, engine: str) -> str:
    scopes = [_among("data_source", rule.sources), _among("report", rule.reports)]
    return " AND ".join([f"NOT ({_condition(rule, engine)})", *filter(None, scopes)])


def _among(column: str, values: list[str]) -> str:
    literals = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({literals})" if values else ""


def _condition(rule: Rule, engine: str) -> str:
    """What holds of a row that is right, as SQL over the record's columns. Null where the cell is empty: it passes."""
    ((name, argument),) = rule.check.items()
    if name in PATTERNS:
        duckdb.execute("SELECT regexp_matches('', $pattern)", {"pattern": str(argument)})
    facts = ibis.table(FACT_SCHEMA, name="facts")
    column = _value(facts, rule.column)
    if name == NOT_NULL:
        holds = column.notnull()
        return _sql(facts.select(**{OUTPUT: holds}), engine)
    table = facts.select(**{OUTPUT: column.cast("float64") if column.type().is_numeric() else column})
    # A second to import, and only for companies that have rules.
    import_module("pandera.backends.ibis.builtin_checks")  # registers them
    from pandera.api.ibis.types import IbisData  # noqa: PLC0415
    from pandera.ibis import Check  # noqa: PLC0415

    make = getattr(Check, name)
    check = make(**argument) if isinstance(argument, dict) else make(argument)
    holds = Check.get_builtin_check_fn(check.name)
    return _sql(holds(IbisData(table, OUTPUT), **check.statistics), engine)


def _value(facts: ibis.Table, column: str) -> Any:
    if column not in RATES:
        return facts[column]
    over, under, times = RATES[column]
    return facts[over].cast("float64") * times / facts[under].cast("float64").nullif(0)


def _sql(query: ibis.Table, engine: str) -> str:
    """The single expression that a query selects, over bare column names."""
    select = parse_one(str(ibis.to_sql(query, dialect=engine)), read=engine)
    expression = _inlined(select)
    for column in expression.find_all(sge.Column):
        column.set("table", None)
    return str(expression.sql(engine))


def _inlined(select: Any) -> Any:
    """The expression of the outermost select, with what inner selects name put in its place."""
    expression = select.expressions[0].unalias()
    inner = select.args.get("from_") or select.args.get("from")
    below = inner.this if inner is not None else None
    while isinstance(below, sge.Subquery):
        named = {each.alias_or_name: each.unalias() for each in below.this.expressions}
        expression = expression.transform(
            lambda part, named=named: (
                named[part.name].copy() if isinstance(part, sge.Column) and part.name in named else part
            )
        )
        source = below.this.args.get("from_") or below.this.args.get("from")
        below = source.this if source is not None else None
    return expression


def _refuse_twice(rules: list[Rule], node: Any) -> None:
    names = [rule.name for rule in rules]
    twice = [(place, name) for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise _wrong([(_line(node, ("rules", place, "name")), f"{name} is there twice") for place, name in twice])


def _wrong(mistakes: list[tuple[int, str]]) -> BadRulesError:
    told = "; ".join(f"line {line}: {words}" for line, words in mistakes)
    return BadRulesError(
        f"The rules were not kept. {told[:1].upper()}{told[1:]}.",
        errors=[{"line": line, "what": words} for line, words in mistakes],
    )


def _words(item: Any) -> str:
    named = ".".join(str(part) for part in item["loc"][2:] if isinstance(part, str)) or "the file"
    what = {"missing": "is missing", "extra_forbidden": "is not known here"}.get(item["type"])
    if what:
        return f"{named} {what}"
    return f"{named}: {str(item['msg']).removeprefix('Value error, ')}"


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__


def _line(node: Any, path: tuple[Any, ...]) -> int:
    """The line of the YAML text where the path leads, as far as it can be followed."""
    for part in path:
        found = next((child for key, child in _children(node) if key == part), None)
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1 if node is not None else 1


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)
