"""A row's channel group and the parts of its campaign's name, as Ibis expressions."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr import types as ir

from kalends.marketing.stewardship.naming import OTHER, ChannelGroup, Condition, NameRule, groups_of, plain_pattern


def group_of(rows: ir.Table, groups: tuple[ChannelGroup, ...]) -> ir.StringValue:
    """The first group whose conditions hold; OTHER where none does. Reads the four columns of FIELDS."""
    branches = [(reduce(and_, [_holds(rows, one) for one in group.conditions]), group.name) for group in groups]
    return ibis.cases(*branches, else_=OTHER) if branches else ibis.literal(OTHER)


def _holds(rows: ir.Table, condition: Condition) -> ir.BooleanValue:
    """An unknown text is as an empty one: it is, begins with and has nothing."""
    text = rows[condition.field].fill_null("").lower()
    if condition.operator == "is":
        return text.isin([value.lower() for value in condition.values])
    if condition.operator == "matches":
        return reduce(or_, [_fits(text, value) for value in condition.values])
    how = {"contains": text.contains, "starts_with": text.startswith, "ends_with": text.endswith}[condition.operator]
    return reduce(or_, [how(value.lower()) for value in condition.values])


def _fits(text: ir.StringValue, pattern: str) -> ir.BooleanValue:
    return text.re_search(f"(?i){plain_pattern(pattern)}")


def part_of(rows: ir.Table, rules: tuple[NameRule, ...], part: str) -> ir.StringValue:
    """The part of the campaign's name by the first rule that fits it; null where none does."""
    values = [_by_rule(rows, rule, part) for rule in rules if part in rule.attributes]
    return ibis.coalesce(*values) if values else ibis.null("string")


def _by_rule(rows: ir.Table, rule: NameRule, part: str) -> ir.StringValue:
    name = rows.campaign_name.fill_null("")
    if rule.pattern is not None:
        place = groups_of(rule.pattern)[part]
        found = name.re_extract(plain_pattern(rule.pattern), place)
    else:
        assert rule.delimiter is not None
        # A name with another number of parts was not built by this rule: its parts would be somebody else's.
        pieces = name.split(rule.delimiter)
        found = (pieces.length() == len(rule.parts)).ifelse(pieces[rule.parts.index(part)], ibis.null("string"))
    found = found.strip().nullif("")
    if rule.data_source is None:
        return found
    return (rows.data_source == rule.data_source).ifelse(found, ibis.null("string"))
