"""Own channel groups and campaign-name rules: what they mean, the same in every warehouse; and that they are safe."""

import re

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kalends.marketing.stewardship.namevalues import group_of, part_of
from kalends.marketing.stewardship.naming import (
    OTHER,
    USUAL,
    ChannelGroup,
    Condition,
    NameRule,
    rule_of_template,
    template_of,
)

NAMES = [
    "DE_Shoes_Prospecting",
    "fr_Hats_retargeting",
    "DE_Shoes",
    "Brand 2024 | DE",
    "",
    None,
    "x_y_z_w",
    "İ_ß_50%",
    "_a_",
    "a'b_c\\d_e",
]
SOURCES = ["google_ads", "facebook_ads"]
CHANNELS = ["paid_search", "paid_social", None]
TYPES = ["PERFORMANCE_MAX", "Search", None]


def holds(row, condition):
    """The rule in plain Python."""
    text = (row[condition.field] or "").lower()
    values = [value.lower() for value in condition.values]
    match condition.operator:
        case "is":
            return text in values
        case "contains":
            return any(value in text for value in values)
        case "starts_with":
            return any(text.startswith(value) for value in values)
        case "ends_with":
            return any(text.endswith(value) for value in values)
    return any(re.search(value, text, re.IGNORECASE) for value in condition.values)


def group(row, groups):
    return next((one.name for one in groups if all(holds(row, c) for c in one.conditions)), OTHER)


def part(row, rules, name):
    for rule in rules:
        if name not in rule.attributes or rule.data_source not in (None, row["data_source"]):
            continue
        text = row["campaign_name"] or ""
        if rule.pattern:
            found = re.search(rule.pattern, text)
            value = found and found[name]
        else:
            pieces = text.split(rule.delimiter)
            value = pieces[rule.parts.index(name)] if len(pieces) == len(rule.parts) else None
        if value and value.strip():
            return value.strip()
    return None


words = st.sampled_from(["de", "Shoes", "_", "search", "MAX", "50%", "a'b", "paid", "google_ads", "\\d", "|"])
patterns = st.sampled_from([r"^de[_-]", r"(shoes|hats)_", r"\d{2,4}", r"max$", r"[^_]+_[^_]+$", r"\|"])
conditions = st.one_of(
    st.builds(
        Condition,
        field=st.sampled_from(["data_source", "channel", "campaign_type", "campaign_name"]),
        operator=st.sampled_from(["is", "contains", "starts_with", "ends_with"]),
        values=st.lists(words, min_size=1, max_size=2).map(tuple),
    ),
    st.builds(Condition, field=st.just("campaign_name"), operator=st.just("matches"), values=st.tuples(patterns)),
)
groups = st.lists(
    st.builds(
        ChannelGroup,
        name=st.sampled_from(["One", "Two", "It's 3"]),
        conditions=st.lists(conditions, min_size=1, max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)
RULES = [
    rule_of_template("{market}_{product}_{funnel}"),
    rule_of_template("{market}_{*}"),
    NameRule(pattern=r"^(?P<product>[^ ]+) (?P<year>\d{4}) \| (?P<market>\w+)$"),
    rule_of_template("{market}_{product}_{*}", data_source="facebook_ads"),
    rule_of_template("{*}_{market}_{*}_{*}"),
]


def table():
    rows = [
        {"data_source": s, "channel": c, "campaign_type": t, "campaign_name": n}
        for s in SOURCES for c in CHANNELS for t in TYPES for n in NAMES
    ]  # fmt: skip
    schema = dict.fromkeys(rows[0], "string")
    return rows, schema


@pytest.fixture
def names(tenant):
    """A table of names in this engine's warehouse, and its rows."""
    import pyarrow as pa

    rows, schema = table()
    numbered = [{"n": number} | row for number, row in enumerate(rows)]
    made = pa.Table.from_pylist(numbered, schema=pa.schema([("n", pa.int64()), *((k, pa.string()) for k in schema)]))
    return tenant.stage("names", made), rows


def valued(tenant, names, value):
    table_, rows = names
    found = tenant.to_arrow(table_.select("n", value=value).order_by("n")).column("value").to_pylist()
    return list(zip(rows, found, strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=groups)
def test_groups_mean_the_same_in_every_warehouse(tenant, names, groups):
    for row, found in valued(tenant, names, group_of(names[0], groups)):
        assert found == group(row, groups), row


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(st.sampled_from(RULES), max_size=3).map(tuple), name=st.sampled_from(["market", "product", "year"])
)
def test_parts_of_names_mean_the_same_in_every_warehouse(tenant, names, rules, name):
    for row, found in valued(tenant, names, part_of(names[0], rules, name)):
        assert found == part(row, rules, name), row


@pytest.mark.unit
def test_the_usual_groups_know_every_channel():
    channels = [channel for one in USUAL for channel in one.conditions[0].values]
    known = {"paid_search", "paid_social", "display", "video", "email", "sms", "shopping", "app", "crm", "web"}
    assert sorted(channels) == sorted(known)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("template", "parts", "delimiter"),
    [
        ("{market}_{product}_{*}", ("market", "product", ""), "_"),
        ("{ market } - {product}", ("market", "product"), " - "),
        ("{*}|{funnel}", ("", "funnel"), "|"),
    ],
)
def test_a_template_is_what_a_person_writes(template, parts, delimiter):
    rule = rule_of_template(template)
    assert (rule.parts, rule.delimiter) == (parts, delimiter)
    assert rule_of_template(template_of(rule)) == rule


@pytest.mark.unit
@pytest.mark.parametrize(
    "template",
    [
        "",
        "market_product",
        "{market}_{product}-{x}",
        "{market}{product}",
        "x{market}_{product}",
        "{Market}_{x}",
        "{a}_{a}",
        "{*}_{*}",
        "/abc/",
        "/(?P<a>x/",
        "//",
    ],
)
def test_a_template_that_says_nothing_certain_is_refused(template):
    with pytest.raises((ValueError, ValidationError)):
        rule_of_template(template)


@pytest.mark.unit
@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1",
        r"(?=a)",
        r"(?<!a)b",
        r"a+?",
        r"a*+",
        r"(?i)a",
        r"\bword",
        r"\Aword",
        r"(?P<a>x)(?P=a)",
        "a{1,1000}",
        "(",
        r"[\x41]",
        r"(?(1)a|b)",
        "x" * 201,
    ],
)
def test_patterns_that_engines_read_differently_or_slowly_are_refused(pattern):
    with pytest.raises(ValidationError):
        Condition(field="campaign_name", operator="matches", values=(pattern,))


def test_no_pattern_keeps_a_warehouse_busy(tenant):
    """What takes a backtracking engine for ever is a moment here: ten thousand names of two hundred letters."""
    import time

    import pyarrow as pa

    made = tenant.stage("names", pa.table({"campaign_name": ["a" * 200 + "!"] * 10_000, "data_source": ["x"] * 10_000}))
    rule = NameRule(pattern=r"^(?P<market>(a|aa)+)$")
    began = time.monotonic()
    found = tenant.to_arrow(made.aggregate(n=part_of(made, (rule,), "market").count()))
    assert found.column("n")[0].as_py() == 0
    assert time.monotonic() - began < 10
    assert ibis  # the expressions are of this library's
