"""Bandits on made-up worlds whose truth is known: a small share of what benchmarks/bandits.py shows."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from kalends.methods.bandits import ChernoffUCB, Thompson, doubly_robust, normalised

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("bandits_benchmark", BENCHMARKS / "bandits.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_the_order_of_chapelle_and_li(benchmark):
    dice_of_rates = np.random.default_rng(2)
    regret = {
        (policy, delay): benchmark.run_arms(
            policy, rates=dice_of_rates.beta(4, 4, (30, 10)), horizon=4000, seed=3, replaced=1e-3, delay=delay,
            checkpoints=(4000,),
        ).mean()
        for policy in (Thompson(), ChernoffUCB())
        for delay in (1, 1000)
    }  # fmt: skip
    for delay in (1, 1000):
        assert regret[ChernoffUCB(), delay] > 1.5 * regret[Thompson(), delay]
    for policy in (Thompson(), ChernoffUCB()):
        assert regret[policy, 1000] > 1.5 * regret[policy, 1]


def test_thompson_earns_most_with_captions(benchmark):
    pages = range(benchmark.FIRST_REPORTED + 500, benchmark.FIRST_REPORTED + 512)
    earned = {
        name: np.mean([benchmark.caption_year(page, *benchmark.RIVALS[name], weeks=40)[0].sum() for page in pages])
        for name in ("thompson", "greedy", "epsilon-greedy 0.1", "ucb1", "round robin")
    }
    assert max(earned, key=earned.get) == "thompson", earned


def test_the_log_ranks_policies_as_the_truth_does(benchmark):
    truth, logs, predicted, promised = benchmark.logged(7, benchmark.JUDGED, decisions=150, draws=200)
    true = np.array([truth[name] for name in logs])
    for estimates in (
        [normalised(log) for log in logs.values()],
        [doubly_robust(log, predicted=predicted, promised=promised[name]) for name, log in logs.items()],
    ):
        assert benchmark.spearman(np.array([one.value for one in estimates]), true) > 0.8
        assert np.mean([one.low <= value <= one.high for one, value in zip(estimates, true, strict=True)]) >= 0.7
