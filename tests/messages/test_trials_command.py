"""Trials at the command line: what is printed, and which pages take part."""

import pytest
import typer

from kalends.cli.trials import chosen_pages, power_lines, result_lines

PAGES = [{"id": "1", "name": "Luna", "is_active": True}, {"id": "2", "name": "Nova", "is_active": False}]


def test_all_active_pages_or_those_that_are_named():
    assert chosen_pages(PAGES, None) == ["1"]
    assert chosen_pages(PAGES, ["nova"]) == ["2"]
    with pytest.raises(typer.BadParameter, match="Stella"):
        chosen_pages(PAGES, ["Luna", "Stella"])


def test_an_answer_with_its_interval_or_without_a_bound():
    result = {"answer": "worse", "blocks": 6, "planned": 6, "is_carry_seen": True,
              "effect": {"estimate": -0.2, "low": -0.25, "high": None}}  # fmt: skip
    assert result_lines(result) == [
        "worse (6 of 6 pairs known)",
        "-20.0 % of a usual week, 95 % interval -25.0 % to no bound",
        "Careful: the week before still shows in a week's earnings. Compare pages instead.",
    ]
    assert result_lines(result | {"effect": None, "is_carry_seen": False, "answer": "not finished"}) == [
        "not finished (6 of 6 pairs known)"
    ]
    assert power_lines({"blocks": 2, "detectable": None}) == ["2 pairs: too few to find anything, however large."]
    assert power_lines({"blocks": 9, "detectable": 0.123}) == [
        "9 pairs find a true difference of 12 % four times in five."
    ]
