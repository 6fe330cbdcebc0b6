"""Which policy earns most, and can the log of one judge the others? On made-up worlds, whose truth is known.

    python benchmarks/bandits.py [--share 1.0] [--part arms renewal captions log speed]

1. *Arms* (Chapelle and Li 2011, figure 1): K in {10, 100} Bernoulli arms, the best 0.5, the others 0.5 - e, e in {0.1,
   0.02}; regret by step, beside the bound of Lai and Robbins.
2. *Renewal* (their table 1): 10 arms with Beta(4, 4) rates, one exchanged every 1,000 steps or so, rewards known every
   d steps.
3. *Captions*: a year of a page's captions with prices, wear, drift and moods; beliefs as Kalends forms them.
4. *Log*: eight policies judged from the log of Thompson sampling with a slice, against their true values.
5. *Speed*: one choice, 40 of 2,000.
Only the order is compared with the paper, which leaves details open. Every parameter is in bandit_worlds.py.
"""

import argparse
import os
import sys
import time

import numpy as np

from bandit_worlds import caption_year, logged, run_arms
from bounds import Bound, judge
from kalends.methods.bandits import (
    UCB1,
    Beliefs,
    ChernoffUCB,
    Greedy,
    RoundRobin,
    Thompson,
    Uniform,
    choose,
    doubly_robust,
    normalised,
    sample_scores,
    weighted,
)

PARTS = ("arms", "renewal", "captions", "log", "speed")
FIRST_REPORTED = 1000
RIVALS = {
    "thompson": (Thompson(), 0.0),
    "ucb (their bound)": (ChernoffUCB(), 0.0),
    "ucb1": (UCB1(), 0.0),
    "greedy": (Greedy(), 0.0),
    "epsilon-greedy 0.1": (Greedy(), 0.1),
    "round robin": (RoundRobin(), 0.0),
}
PAPER = {1: (9_105, 24_145), 10: (9_049, 25_662), 100: (11_550, 37_141), 1000: (59_256, 226_220)}
"""Their table 1: regret of Thompson and of UCB at 1,000,000 steps, by delay."""
SETTINGS = ((10, 0.1, 100_000), (10, 0.02, 1_000_000), (100, 0.1, 300_000), (100, 0.02, 2_000_000))
"""Arms, distance to the best, and steps: where theirs begin to differ clearly. They made up to 10,000,000."""
JUDGED = {
    "thompson": Thompson(),
    "reshaped 0.5": Thompson(reshaping=0.5),
    "reshaped 4": Thompson(reshaping=4.0),
    "optimistic": Thompson(optimistic=True),
    "greedy": Greedy(),
    "ucb1": UCB1(),
    "round robin": RoundRobin(),
    "uniform": Uniform(),
}


def mean_and_error(values):
    values = np.asarray(values, dtype=float)
    return values.mean(), values.std(ddof=1) / np.sqrt(values.size)


def arms(share):
    """Regret curves; Thompson's regret under that of every rival at the end, in each of the four settings."""
    bounds = []
    for count, epsilon, horizon in SETTINGS:
        runs = max(2, round((20 if count == 10 else 8) * min(1, share)))
        points = sorted({int(horizon * part) for part in (0.001, 0.01, 0.1, 0.3, 1)})
        rates = np.full((runs, count), 0.5 - epsilon)
        rates[:, 0] = 0.5
        low = 0.5 - epsilon
        distance = low * np.log(low / 0.5) + (1 - low) * np.log((1 - low) / 0.5)
        print(f"\nK = {count}, e = {epsilon}: regret at step {'':7}" + "".join(f"{point:>12,}" for point in points))
        least = [(count - 1) * epsilon / distance * np.log(point) for point in points]
        print(f"{'Lai and Robbins, in the limit':40}" + "".join(f"{one:12.1f}" for one in least))
        ends = {}
        for name, (policy, slice_) in RIVALS.items():
            regret = run_arms(policy, rates=rates, horizon=horizon, seed=1, epsilon=slice_, checkpoints=points)
            ends[name] = mean_and_error(regret[:, -1])
            print(f"{name:32}{'':8}" + "".join(f"{one:12.1f}" for one in regret.mean(axis=0))
                  + f"  +- {ends[name][1]:.1f}", flush=True)  # fmt: skip
        bounds += [
            Bound(f"K = {count}, e = {epsilon}: regret of {name} over Thompson's", ends[name][0] / ends["thompson"][0],
                  at_least=1.0)
            for name in ("ucb (their bound)", "ucb1", "round robin")
        ]  # fmt: skip
    return bounds


def renewal(share):
    """Their table 1: Thompson's regret is less than half of UCB's at any delay, and both grow with it."""
    horizon, runs, bounds, found = max(4000, int(100_000 * min(1, share))), 20, [], {}
    print(f"\nregret per 1,000,000 steps ({horizon:,} made){'':9}thompson{'':14}ucb{'':8}ratio   paper: ratio")
    for delay, (theirs, their_ucb) in PAPER.items():
        rates = np.random.default_rng(2).beta(4, 4, (runs, 10))
        for name, policy in (("thompson", Thompson()), ("ucb", ChernoffUCB())):
            regret = run_arms(
                policy, rates=rates, horizon=horizon, seed=3, replaced=1e-3, delay=delay, checkpoints=(horizon,)
            )
            found[name, delay] = mean_and_error(regret[:, 0] * 1e6 / horizon)
        (mine, error), (ucb, ucb_error) = found["thompson", delay], found["ucb", delay]
        print(f"d = {delay:<6,}{mine:35,.0f} +- {error:5,.0f}{ucb:12,.0f} +- {ucb_error:6,.0f}{ucb / mine:8.2f}"
              f"{theirs:10,} {their_ucb:8,} {their_ucb / theirs:6.2f}", flush=True)  # fmt: skip
        bounds.append(Bound(f"d = {delay}: UCB's regret over Thompson's", ucb / mine, at_least=2.0))
    for name in ("thompson", "ucb"):
        growth = found[name, 1000][0] / found[name, 1][0]
        bounds.append(Bound(f"{name}: regret at delay 1,000 over none", growth, at_least=2.0))
    return bounds


def captions(share):
    """Thompson earns more than every rival, with 95 % of certainty."""
    seeds = range(FIRST_REPORTED, FIRST_REPORTED + max(8, int(100 * share)))
    pairs = [name for name in RIVALS if name != "ucb (their bound)"]
    earned = {name: np.array([caption_year(seed, *RIVALS[name])[0].sum() for seed in seeds]) for name in pairs}
    best = np.array([caption_year(seed, Thompson(), 0.0)[1].sum() for seed in seeds])
    print(f"\na year of captions, {len(seeds)} pages{'':6}earned   of the best   Thompson's lead       pages won")
    bounds = []
    for name, mine in earned.items():
        lead = 100 * (earned["thompson"] / mine - 1)
        mean, error = mean_and_error(lead)
        print(f"{name:32}{mine.mean():9.1f}{np.mean(mine / best):12.1%}"
              f"{mean:12.1f} % +- {1.96 * error:.1f}{np.mean(lead > 0):12.0%}")  # fmt: skip
        if name != "thompson":
            bounds.append(Bound(f"Thompson's lead on {name}, less its 95 % error, %", mean - 1.96 * error, at_least=0))
    return bounds


def log(share):
    """From one log: ranks agree with the truth, intervals cover it."""
    rounds, ranks, covered = max(2, int(20 * share)), {}, {}
    for number in range(rounds):
        truth, logs, predicted, promised = logged(FIRST_REPORTED + number, JUDGED)
        rows = {
            name: {
                "weighted": weighted(one),
                "normalised": normalised(one),
                "doubly robust": doubly_robust(one, predicted=predicted, promised=promised[name]),
            }
            for name, one in logs.items()
        }
        true = np.array([truth[name] for name in JUDGED])
        for way in ("weighted", "normalised", "doubly robust"):
            said = [rows[name][way] for name in JUDGED]
            ranks.setdefault(way, []).append(spearman(np.array([one.value for one in said]), true))
            hits = [one.low <= value <= one.high for one, value in zip(said, true, strict=True)]
            covered.setdefault(way, []).extend(hits)
        if not number:
            print(f"\nfrom one log of 400 decisions{'':6}truth   weighted          normalised        doubly robust")
            for name, ways in rows.items():
                told = "".join(f"{one.value:10.3f} +- {1.96 * one.error:.3f}" for one in ways.values())
                print(f"{name:32}{truth[name]:8.3f}{told}   {ways['weighted'].effective:.0f} effective picks")
    bounds = []
    for way, found in ranks.items():
        print(f"{way:32} Spearman {np.mean(found):.3f} (least {min(found):.3f}), covered {np.mean(covered[way]):.1%}")
        bounds.append(Bound(f"{way}: mean rank correlation with the truth", float(np.mean(found)), at_least=0.9))
        bounds.append(Bound(f"{way}: intervals that cover, %", 100 * float(np.mean(covered[way])), at_least=90))
    return bounds


def spearman(left, right):
    """Rank correlation; values are all different."""
    return float(np.corrcoef(left.argsort().argsort(), right.argsort().argsort())[0, 1])


def speed(_):
    """Milliseconds of processor for 40 of 2,000, with and without propensities."""
    dice = np.random.default_rng(4)
    wins, losses = dice.uniform(1, 20, 2000), dice.uniform(200, 3000, 2000)
    trials = wins + losses
    values = dice.uniform(5, 50, 2000)
    beliefs = Beliefs(wins, losses, values, trials, wins, np.ones(2000), trials.sum(keepdims=True))

    def best(run):
        times = []
        for _ in range(40):
            began = time.process_time()
            run()
            times.append(time.process_time() - began)
        return 1000 * min(times)

    alone = best(lambda: np.argsort(-sample_scores(Thompson(), beliefs, picks=40, dice=dice))[:40])
    whole = best(lambda: choose(Thompson(), beliefs, picks=40, dice=dice))
    print(f"\n40 of 2,000: {alone:.2f} ms, with propensities {whole:.2f} ms")
    return [Bound("40 of 2,000, ms", alone, at_most=10), Bound("with propensities, ms", whole, at_most=10)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--share", type=float, default=float(os.environ.get("KALENDS_PROVE", "1")))
    options.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    given = options.parse_args()
    bounds = []
    for part in given.part:
        bounds += globals()[part](given.share)
    print()
    return judge(bounds)


if __name__ == "__main__":
    sys.exit(main())
