"""Finding what holds: what each strategy promises, and on simulated calendars, that learning pays."""

import importlib.util
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.methods.truth import (
    STRATEGIES,
    UNRESOLVED,
    Claim,
    Learned,
    Losing,
    TakenNameError,
    UnknownStrategyError,
    learn,
    register,
    resolve,
)
from kalends.methods.truth.copying import SURE, dependence
from kalends.methods.truth.robust import weighted_median
from kalends.methods.truth.table import table_of

pytestmark = pytest.mark.unit
NAMES = sorted(STRATEGIES)
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def said(*pairs, item="x", **more):
    """Claims from (source, value) pairs."""
    return [Claim(item, source, value, **more) for source, value in pairs]


def some_claims(max_size=16):
    words = st.builds(
        Claim,
        item=st.tuples(st.integers(0, 6), st.sampled_from(["starts_on", "type"])),
        source=st.sampled_from("abcdef"),
        value=st.sampled_from(["u", "v", "w", date(2026, 11, 27)]),
        support=st.sampled_from([0.4, 1.0, 1.5]),
        priority=st.sampled_from([None, 1, 2]),
        quality=st.sampled_from([None, 0.2, 0.9]),
        freshness=st.sampled_from([None, 5, 7]),
    )
    numbers = st.builds(
        Claim,
        item=st.tuples(st.integers(0, 6), st.just("budget")),
        source=st.sampled_from("abcdef"),
        value=st.sampled_from([100, 101.5, 98.0, 250, 100_000, -3, 0]),
        support=st.just(1.0),
    )
    return st.lists(words | numbers, max_size=max_size)


@given(some_claims(), st.randoms())
def test_the_order_of_claims_does_not_matter_nor_which_run_it_is(claims, random):
    shuffled = random.sample(claims, len(claims))
    known = learn(claims)
    assert known == learn(shuffled)
    for name in NAMES:
        choices = resolve(claims, strategy=name, learned=known)
        assert resolve(shuffled, strategy=name, learned=known) == choices


@given(some_claims())
def test_each_item_is_chosen_for_itself(claims):
    known = learn(claims)
    for name in NAMES:
        together = resolve(claims, strategy=name, learned=known)
        for item in {claim.item for claim in claims}:
            alone = resolve([claim for claim in claims if claim.item == item], strategy=name, learned=known)
            assert alone == {item: together[item]}, name


@given(some_claims(), st.sampled_from(["u", 12, 3.5, date(2026, 1, 1)]), st.sets(st.sampled_from("abcdef"), min_size=1))
def test_what_all_say_holds(claims, value, sources):
    agreed = said(*((source, value) for source in sources), item=("all", "budget"))
    known = learn([*claims, *agreed])
    for name in NAMES:
        choice = resolve([*claims, *agreed], strategy=name, learned=known)["all", "budget"]
        assert (choice.value, choice.confidence, choice.losing) == (value, 1.0, ()), name


@given(some_claims())
def test_nothing_that_was_said_is_lost(claims):
    known = learn(claims)
    for name in NAMES:
        for item, choice in resolve(claims, strategy=name, learned=known).items():
            values = {claim.value for claim in claims if claim.item == item}
            lost = {losing.value for losing in choice.losing}
            assert values <= lost | {choice.value}, name
            assert 0 <= choice.confidence <= 1
            assert choice.reason
            for losing in choice.losing:
                assert set(losing.sources) <= {c.source for c in claims if (c.item, c.value) == (item, losing.value)}


@given(some_claims())
def test_the_same_claim_twice_is_one(claims):
    assert learn([*claims, *claims]) == learn(claims)
    assert resolve([*claims, *claims], learned=Learned()) == resolve(claims, learned=Learned())


@pytest.mark.parametrize("name", NAMES)
def test_two_that_disagree_stay_open_without_a_ground(name):
    claims = said(("a", "u"), ("b", "v"))
    choice = resolve(claims, strategy=name, learned=learn(claims))["x"]
    assert choice.value is UNRESOLVED
    assert not choice.is_resolved
    assert choice.losing == (Losing("u", ("a",)), Losing("v", ("b",)))


@pytest.mark.parametrize(
    ("name", "claims", "value"),
    [
        ("majority", said(("a", "u"), ("b", "u"), ("c", "v")), "u"),
        ("majority", said(("a", "u"), ("b", "u"), ("c", "v"), ("d", "v")), UNRESOLVED),
        ("fixed_priority", [Claim("x", "a", "u", priority=2), Claim("x", "b", "v", priority=1)], "v"),
        ("fixed_priority", [Claim("x", "a", "u", priority=2), Claim("x", "b", "v")], "u"),
        ("fixed_priority", [Claim("x", "a", "u", priority=1), Claim("x", "b", "v", priority=1)], UNRESOLVED),
        ("highest_quality", [Claim("x", "a", "u", quality=0.9), Claim("x", "b", "v", quality=0.8, freshness=9)], "u"),
        (
            "highest_quality",
            [Claim("x", "a", "u", quality=0.9, freshness=1), Claim("x", "b", "v", quality=0.9, freshness=2)],
            "v",
        ),
        ("highest_quality", [Claim("x", "a", "u", freshness=9), Claim("x", "b", "v", quality=0.0)], "v"),
        ("manual", said(("a", "u"), ("b", "u"), ("c", "v")), UNRESOLVED),
        ("intelligent", said(("a", "u"), ("b", "u"), ("c", "v")), "u"),
        ("weighted_average", said(("a", "u"), ("b", "u"), ("c", "v")), "u"),
        # Who says two things has half a voice in each.
        ("intelligent", said(("a", "u"), ("a", "v"), ("b", "w")), "w"),
        ("weighted_average", said(("a", "u"), ("a", "v"), ("b", "w")), "w"),
        # An estimated date counts less than one whose weekday agrees with it.
        ("intelligent", [Claim("x", "a", "u", 0.4), Claim("x", "b", "v", 1.5)], "v"),
        ("weighted_average", [Claim("x", "a", "u", 0.4), Claim("x", "b", "v", 1.5)], "v"),
    ],
)
def test_strategies(name, claims, value):
    assert resolve(claims, strategy=name)["x"].value == value


def history(*rights, items=20):
    """Sources of which the n-th is right on the first rights[n] of some items, and else alone with its own mistake."""
    return [
        Claim(n, f"s{source}", "true" if n < right else f"wrong {source}")
        for source, right in enumerate(rights)
        for n in range(items)
    ]


@pytest.mark.parametrize("name", ["intelligent", "weighted_average"])
def test_who_was_right_elsewhere_is_believed(name):
    known = learn(history(20, 20, 19, 6))
    assert known.trust["s0"] > known.trust["s2"] > known.trust["s3"]
    assert known.weight["s0"] > known.weight["s2"] > known.weight["s3"]
    assert resolve(said(("s0", "u"), ("s3", "v")), strategy=name, learned=known)["x"].value == "u"
    assert resolve(said(("s0", "u"), ("s1", "v")), strategy=name, learned=known)["x"].value is UNRESOLVED


def test_copies_count_once():
    honest = history(18, 17, 16, 19)
    bad = [Claim(n, "s8", "true" if n % 3 else f"slip {n}") for n in range(20)]
    copies = [claim._replace(source=f"s9{name}") for claim in bad for name in "abc"]
    known = learn([*honest, *bad, *copies])
    assert {known.group[f"s9{name}"] for name in "abc"} == {"s8"} == {known.group["s8"]}
    assert all(known.group[f"s{n}"] == f"s{n}" for n in range(4))
    claims = said(("s8", "v"), ("s9a", "v"), ("s9b", "v"), ("s9c", "v"), ("s0", "u"), ("s3", "u"))
    assert resolve(claims, learned=known)["x"].value == "u"
    assert resolve(claims, strategy="majority")["x"].value == "v"


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 5), st.floats(0.75, 0.95))
def test_an_exact_copy_of_a_source_that_errs_changes_no_choice(seed, honest, skill):
    """Four mistakes of its own at least: with fewer, a copy cannot be told from an honest source that agrees."""
    rng = np.random.default_rng(seed)

    def speak(name, right):
        return [
            Claim(n, name, "true" if right[n] else f"{name}{rng.integers(3)}") for n in range(40) if rng.random() < 0.9
        ]

    claims = [claim for n in range(honest) for claim in speak(f"h{n}", rng.random(40) < skill)]
    bad = [Claim(n, "bad", "true" if n >= 12 else f"bad {n}") for n in range(40)]
    copy = [claim._replace(source="copy") for claim in bad]
    before = resolve([*claims, *bad], learned=learn([*claims, *bad]))
    after = resolve([*claims, *bad, *copy], learned=learn([*claims, *bad, *copy]))
    assert {item: choice.value for item, choice in before.items()} == {i: choice.value for i, choice in after.items()}


def test_to_share_what_is_right_is_no_sign_of_copying():
    claims = [Claim(n, f"s{source}", "true") for n in range(500) for source in range(3)]
    table = table_of(claims)
    assert (dependence(table, trust=np.full(3, 0.98), likely=np.ones(500)) < SURE).all()


# Numbers.


def test_a_gross_error_is_put_aside_and_named():
    choice = resolve(said(("a", 1000.0), ("b", 1010.0), ("c", 1_005_000.0), ("d", 990)), strategy="weighted_average")[
        "x"
    ]
    assert choice.value == pytest.approx(1000, rel=0.01)
    assert 0 < choice.standard_error < 20
    assert "c is about 1000 times as much: another unit?" in choice.reason
    assert Losing(1_005_000.0, ("c",)) in choice.losing
    assert choice.confidence == pytest.approx(0.75)


def test_two_numbers_near_each_other_are_averaged_and_others_stay_open():
    assert resolve(said(("a", 100), ("b", 103)))["x"].value == pytest.approx(101.5, abs=0.1)
    assert resolve(said(("a", 100), ("b", 130)))["x"].value is UNRESOLVED
    assert resolve(said(("a", 100), ("b", 100.0)))["x"].value == 100
    # Two camps of two, and three of which none is near another.
    assert resolve(said(("a", 100), ("b", 101), ("c", 200), ("d", 201)))["x"].value is UNRESOLVED
    assert resolve(said(("a", 100), ("b", 200), ("c", 400)))["x"].value is UNRESOLVED


def numbers(noises, *, items=80, seed=1, biases=None):
    rng = np.random.default_rng(seed)
    truth = np.exp(rng.uniform(3, 9, items))
    biases = biases or [0.0] * len(noises)
    return truth, [
        Claim((n, "budget"), f"s{source}", float(truth[n] * np.exp(bias + rng.normal(0, noise))))
        for source, (noise, bias) in enumerate(zip(noises, biases, strict=True))
        for n in range(items)
    ]


def test_noise_and_bias_are_learned_from_the_others():
    _, claims = numbers([0.01, 0.03, 0.03, 0.2, 0.03], biases=[0, 0, 0, 0, 0.08], items=300)
    known = learn(claims)
    assert known.noise["budget", "s0"] == pytest.approx(0.02, abs=0.015)
    assert known.noise["budget", "s3"] == pytest.approx(0.2, rel=0.2)
    assert known.bias["budget", "s4"] == pytest.approx(0.08, abs=0.02)
    assert abs(known.bias["budget", "s1"]) < 0.03


def test_beyond_a_factor_of_two_a_distance_is_no_bias_and_moves_nothing():
    truth, claims = numbers([0.02, 0.02, 0.02, 0.02], biases=[0, 0, 0, -2.0])
    known = learn(claims)
    assert (known.apart, known.bias["budget", "s3"]) == ({("budget", "s3")}, 0)
    choices = resolve(claims, strategy="weighted_average", learned=known)
    assert all(choices[n, "budget"].far == ("s3",) for n in range(len(truth)))
    assert all(choices[n, "budget"].value == pytest.approx(true, rel=0.06) for n, true in enumerate(truth))
    assert not learn(numbers([0.02] * 4, biases=[0, 0, 0, 0.6])[1]).apart
    # Two camps: nobody can say which of them counts the thing.
    _, claims = numbers([0.02, 0.02, 0.02, 0.02], biases=[0, 0.07, 1.8, 2.2])
    known = learn(claims)
    assert len(known.apart) == 4
    assert {choice.value for choice in resolve(claims, learned=known).values()} == {UNRESOLVED}


def test_a_known_bias_is_taken_out():
    truth, claims = numbers([0.005, 0.005, 0.005, 0.005], biases=[0, 0, 0, 0.15])
    known = learn(claims)
    alone = [claim for claim in claims if claim.source in {"s0", "s3"}]
    choices = resolve(alone, strategy="weighted_average", learned=known)
    assert all(choices[n, "budget"].value == pytest.approx(true, rel=0.03) for n, true in enumerate(truth))


def test_precision_weighs_and_the_standard_error_tells_how_far_it_may_be_off():
    truth, claims = numbers([0.01, 0.05, 0.1, 0.3])
    choices = resolve(claims, strategy="weighted_average", learned=learn(claims))
    off = np.array([choices[n, "budget"].value - true for n, true in enumerate(truth)])
    error = np.array([choices[n, "budget"].standard_error for n in range(len(truth))])
    assert np.median(np.abs(off) / truth) < 0.02
    assert 0.5 < np.std(off / error) < 2


@given(st.sampled_from([0.001, 0.5, 3.0, 100.0, 1e6]), st.integers(0, 50))
def test_numbers_in_another_unit_give_the_same_in_that_unit(factor, seed):
    _, claims = numbers([0.01, 0.05, 0.1], items=12, seed=seed)
    scaled = [claim._replace(value=claim.value * factor) for claim in claims]
    before, after = (resolve(c, strategy="weighted_average", learned=learn(c)) for c in (claims, scaled))
    for item, choice in before.items():
        assert after[item].is_resolved == choice.is_resolved
        if choice.is_resolved:
            assert after[item].value == pytest.approx(choice.value * factor, rel=1e-6)
            assert after[item].standard_error == pytest.approx(choice.standard_error * factor, rel=1e-3)


def test_zeros_and_minuses_have_a_scale_too():
    choice = resolve(said(("a", -100.0), ("b", -101.0), ("c", -99.5), ("d", 5.0)))["x"]
    assert choice.value == pytest.approx(-100, rel=0.02)
    assert resolve(said(("a", 0.0), ("b", 0), ("c", 0.0)))["x"].value == 0


def test_weighted_median():
    values = np.array([[1.0, 2.0, 3.0, np.nan], [1.0, 2.0, 9.0, 10.0], [5.0, np.nan, np.nan, np.nan]])
    weights = np.array([[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert weighted_median(values, weights)[:2].tolist() == [2.0, 5.5]
    assert np.isnan(weighted_median(values, weights)[2])
    assert weighted_median(values[:1], np.array([[5.0, 1.0, 1.0, 0.0]])).tolist() == [1.0]


# The registry.


def test_own_strategies_are_known_by_name():
    def first(claims, _):
        return {claim.item: resolve([claim])[claim.item] for claim in sorted(claims, key=lambda c: c.source)[:1]}

    register("first", first)
    try:
        assert resolve(said(("b", "v"), ("a", "u")), strategy="first")["x"].value == "u"
        register("first", first)
        with pytest.raises(TakenNameError, match="first"):
            register("first", STRATEGIES["manual"])
    finally:
        del STRATEGIES["first"]
    with pytest.raises(UnknownStrategyError, match="manual"):
        resolve([], strategy="first")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_said(name):
    assert resolve([], strategy=name, learned=learn([])) == {}


# On simulated calendars: a small share of what benchmarks/truth.py shows.


@pytest.fixture(scope="module")
def simulation():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("truth_benchmark", BENCHMARKS / "truth.py")
        module = importlib.util.module_from_spec(spec)
        # Its dataclass looks its own module up.
        sys.modules["truth_benchmark"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_learning_beats_a_majority_and_an_order_that_is_not_the_best(simulation):
    seeds = [simulation.FIRST_REPORTED + n for n in (100, 101)]
    right = {
        name: np.mean([simulation.outcome(seed, name, events=150)[0] for seed in seeds])
        for name in simulation.STRATEGIES
    }
    for mine in ("intelligent", "weighted_average"):
        assert right[mine] > right["majority"] + 0.03
        assert right[mine] > right["fixed_priority, random order"] + 0.03
    assert right["intelligent"] >= right["weighted_average"]


def test_gross_errors_do_not_reach_the_numbers(simulation):
    for name in ("intelligent", "weighted_average"):
        near, off, _ = simulation.outcome(simulation.FIRST_REPORTED + 102, name, events=150)[3:]
        assert near > 0.6
        assert off <= 0.02


def test_the_simulation_finds_the_copy(simulation):
    _, claims = simulation.simulate(simulation.FIRST_REPORTED + 103, events=150)
    group = learn(claims).group
    assert group["shops"] == group["partner"]
    assert max(set(group.values()), key=list(group.values()).count) == group["shops"]
    assert len(set(group.values())) == len(group) - 1
