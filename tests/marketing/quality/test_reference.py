"""The page of checks is the one that the checks write; rules that are wrong are answered with their line."""

from pathlib import Path

import pytest

from kalends.marketing.quality.reference import every_check, reference
from kalends.marketing.quality.rules import EXAMPLE, BadRulesError, own_checks, read_rules

pytestmark = pytest.mark.unit
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "quality.md"


def test_the_page_is_what_the_checks_say():
    assert PAGE.read_text() == reference(), (
        "run: python -m kalends.marketing.quality.reference > docs/reference/quality.md"
    )


def test_every_check_has_a_name_of_its_own_and_says_something():
    checks = [check for _, check in every_check()]
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.says.endswith((".", "?")) for check in checks)


def test_the_example_is_right_on_every_engine():
    for engine in ("duckdb", "postgres"):
        assert [check.name for check in own_checks(EXAMPLE, engine)] == ["roas_ceiling", "campaign_naming"]


RULE = "rules:\n  - name: {name}\n    says: It is wrong.\n    column: {column}\n    check: {check}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "Line 1: this is not YAML"),
        (RULE.format(name="Upper", column="spend", check="{le: 1}"), "Line 2: name: write it in lower case"),
        (
            RULE.format(name="negative", column="spend", check="{le: 1}"),
            "Line 2: name: negative is one of the built-in",
        ),
        (RULE.format(name="abc", column="spent", check="{le: 1}"), "Line 4: column: there is no column 'spent'"),
        (RULE.format(name="abc", column="spend", check="{at_most: 1}"), "Line 5: check: write one check"),
        (RULE.format(name="abc", column="spend", check="{le: much}"), "Line 5: the check does not fit"),
        (RULE.format(name="abc", column="campaign_name", check="{str_matches: '('}"), "Line 5: the check does not fit"),
        (RULE.format(name="abc", column="spend", check="{le: 1}") * 1 + "  - {name: abc}\n", "Line 6: says is missing"),
    ],
)
def test_a_wrong_rule_is_answered_with_its_line(text, said):
    with pytest.raises(BadRulesError) as refused:
        read_rules(text)
    assert said in refused.value.message


def test_a_rule_cannot_leave_its_literal():
    hostile = RULE.format(name="abc", column="campaign_name", check="""{ne: "x') OR 1=1 --"}""")
    (check,) = own_checks(hostile, "duckdb")
    assert "''" in check.fails or "x') OR" not in check.fails.replace("''", "")
