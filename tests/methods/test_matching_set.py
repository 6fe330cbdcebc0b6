"""Matching on the labelled set: nine invented companies, each with five calendars that disagree as calendars do."""

import importlib.util
import json
from pathlib import Path

import pytest
from proof import proof

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parent / "matching_set"


def load(name):
    spec = importlib.util.spec_from_file_location(f"matching_set_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


maker, labels = load("maker"), load("labels")


@pytest.fixture(scope="module")
def results():
    rows, pairs = labels.read("entries.jsonl"), labels.read("pairs.jsonl")
    halves = {half: [row for row in rows if row["half"] == half] for half in ("tuning", "held_out")}
    return {half: labels.evaluate(mine, pairs, phrases=maker.PHRASES) for half, mine in halves.items()}


def test_the_committed_set_is_what_its_maker_makes():
    made = [
        json.dumps(maker.said(row), default=str, ensure_ascii=False)
        for half in maker.HALVES
        for row in maker.make(half)
    ]
    assert made == (FOLDER / "entries.jsonl").read_text(encoding="utf-8").splitlines()


def test_the_halves_share_no_company_and_no_name_of_an_event():
    tuning, held_out = set(), set()
    for half in maker.HALVES:
        names = {name for company in half.companies for event in maker.events_of(half, company) for name in event[5]}
        (held_out if half.name == "held_out" else tuning).update({*half.companies, *names})
    # What a moment or a sale is called everywhere is in both.
    common = {name for name in tuning & held_out if name not in maker.PHRASES and name.casefold() not in maker.PHRASES}
    assert common <= {"Black Friday weekend", "Winter sale", "Summer sale", "Saldi estivi"}


def test_there_are_enough_pairs_of_each_kind():
    pairs = labels.read("pairs.jsonl")
    for letters in ("tu", "h"):
        mine = [pair for pair in pairs if pair["a"][0] in letters]
        assert len(mine) >= 600
        assert 0.4 <= sum(pair["same"] for pair in mine) / len(mine) <= 0.6


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_pairs(results, half):
    """Over all pairs of a company, which is stricter than over the labelled ones, and over those."""
    result = results[half]
    whole, (precision, recall, f1) = result.whole, result.labelled
    proof(f"matching, {half}, F1 over all pairs", f"{whole.f1:.4f} (precision {whole.precision:.4f})")
    proof(f"matching, {half}, F1 over labelled pairs", f"{f1:.4f} (precision {precision:.4f}, recall {recall:.4f})")
    proof(f"matching, {half}, share left to a person", f"{result.asked:.4f}")
    assert result.whole.f1 >= 0.95, (result.whole, result.missed)
    assert result.whole.precision >= 0.98, result.wrong
    assert result.whole.b_cubed_f1 >= 0.95
    assert result.labelled[2] >= 0.95
    assert result.asked <= 0.05
