"""How often is what each strategy chooses true? On simulated calendars, whose truth is known.

    python benchmarks/truth.py [--seeds 30] [--events 300]

Rivals in the same run: a majority vote, and the user's order of sources (in the best order that there is, and in a
random one). Seven sources speak about events' first days, types and budgets; every parameter is below. The seeds that
are reported begin at 1000; below 100 they were used while the methods were made.
Bounds: `intelligent` and `weighted_average` are right more often than a majority and than a random order, on dates and
types; at most 2 % of the numbers are more than 10 % off; 40,000 claims are learned from and decided in 1 s.
"""

import argparse
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta

from bounds import Bound, judge
from kalends.methods.truth import Claim, learn, resolve

FIRST_REPORTED = 1000
START, DAYS = date(2026, 1, 1), 365
TYPES = ("promotional_period", "product_launch", "content_campaign", "trade_show", "pr_event", "holiday")


@dataclass(frozen=True)
class Source:
    """One calendar's habits; shares are probabilities."""

    name: str
    speaks: float
    """Of an item."""
    right: float
    """Where it says something of its own."""
    copies: str = ""
    """The source from which it takes most of what that one says, errors and all."""
    late: float = 0.0
    """A day late: midnight in another time zone."""
    estimates: float = 0.0
    """Guesses the date, and says so; a guess is right with `GUESS`."""
    weekdays: float = 0.0
    """Writes the weekday beside the date."""
    noise: float = 0.02
    """Standard deviation of its budgets, in natural logarithms."""
    gross: float = 0.02
    """A budget in another unit: times 1000, 100, 10 or their inverse."""


SOURCES = (
    Source("plan", speaks=0.8, right=0.93, weekdays=0.3, noise=0.01),
    Source("agency", speaks=0.7, right=0.85, weekdays=0.5, noise=0.03),
    Source("press", speaks=0.6, right=0.80, estimates=0.3, noise=0.05),
    Source("shops", speaks=0.8, right=0.60, noise=0.10, gross=0.05),
    Source("partner", speaks=0.8, right=0.60, copies="shops", noise=0.10, gross=0.05),
    Source("abroad", speaks=0.7, right=0.85, late=0.4, weekdays=0.3, noise=0.03),
    Source("rumours", speaks=0.5, right=0.50, estimates=0.2, noise=0.30, gross=0.05),
)
JITTER = 0.07
"""Each seed's sources are this much better or worse than above, evenly."""
COPIED = 0.9
"""Of what the original says."""
GUESS = 0.5
MISDATED = ((1, 0.25), (-1, 0.15), (7, 0.15), (-7, 0.1), (-364, 0.2), (0, 0.15))
"""Days by which a wrong date is off, and how often; 0: some other day within a month."""
KNOWS_WEEKDAY = 0.95
"""The weekday that somebody writes is that of the event; else it was worked out from the date that they wrote."""
ESTIMATED, CONFIRMED, CONTRADICTED = 0.4, 1.5, 0.3
"""Support of an estimated date, of one whose weekday agrees with it, and of one whose weekday does not."""
STRATEGIES = ("majority", "fixed_priority, best order", "fixed_priority, random order", "highest_quality",
              "weighted_average", "intelligent")  # fmt: skip


def simulate(seed, *, events=300):
    """(truth by item, claims) of a year of events; the claims carry the best order of sources as their priority."""
    rng = random.Random(seed)
    skill = {source.name: min(0.98, max(0.4, source.right + rng.uniform(-JITTER, JITTER))) for source in SOURCES}
    order = sorted(skill, key=lambda name: -skill[name])
    freshness = {source.name: rng.randrange(100) for source in SOURCES}
    truth, claims = {}, []
    for event in range(events):
        day = START + timedelta(days=rng.randrange(DAYS))
        facts = {"starts_on": day, "type": rng.choice(TYPES), "budget": round(10 ** rng.uniform(3, 6))}
        said = {}
        for source in SOURCES:
            for field, true in facts.items():
                truth[event, field] = true
                value, support = _says(rng, source, skill[source.name], field, true, said)
                if value is None:
                    continue
                said[source.name, field] = value
                claims.append(
                    Claim((event, field), source.name, value, support, order.index(source.name), source.speaks,
                          freshness[source.name])
                )  # fmt: skip
    rng.shuffle(claims)
    return truth, claims


def _says(rng, source, skill, field, true, said):
    """(value, support) of what a source says of a field; the value is None where it says nothing."""
    copied = said.get((source.copies, field))
    if copied is not None and rng.random() < COPIED:
        return copied, 1.0
    if rng.random() >= source.speaks:
        return None, 1.0
    if field == "budget":
        factor = rng.choice((1000, 100, 10, 0.1, 0.01, 0.001)) if rng.random() < source.gross else 1
        return round(true * factor * rng.lognormvariate(0, source.noise), 2), 1.0
    is_right = rng.random() < skill
    if field == "type":
        return (true if is_right else rng.choice([kind for kind in TYPES if kind != true])), 1.0
    return _date(rng, source, true, is_right=is_right)


def _date(rng, source, true, *, is_right):
    """A date that somebody wrote down, and how much it counts."""
    is_guess = rng.random() < source.estimates
    if is_guess:
        is_right = rng.random() < GUESS
    written = true if is_right else true + timedelta(days=_off(rng))
    is_late = rng.random() < source.late
    if is_late:
        written += timedelta(days=1)
    if is_guess:
        return written, ESTIMATED
    if rng.random() >= source.weekdays:
        return written, 1.0
    # A calendar in another zone shows the weekday of the day that it shows.
    weekday = true.weekday() if rng.random() < KNOWS_WEEKDAY and not is_late else written.weekday()
    return written, CONFIRMED if weekday == written.weekday() else CONTRADICTED


def _off(rng):
    """Days by which a wrong date is off."""
    days = rng.choices([days for days, _ in MISDATED], [share for _, share in MISDATED])[0]
    return days or rng.choice([off for off in range(-30, 31) if abs(off) > 1])


def outcome(seed, name, *, events=300):
    """Shares of dates and types that are right, wrong and open, and of numbers that are near, far off and open."""
    truth, claims = simulate(seed, events=events)
    strategy, _, kind = name.partition(", ")
    if kind == "random order":
        rng = random.Random(seed + 1)
        places = rng.sample(range(len(SOURCES)), len(SOURCES))
        order = {source.name: place for source, place in zip(SOURCES, places, strict=True)}
        claims = [Claim(c.item, c.source, c.value, c.support, order[c.source]) for c in claims]
    choices = resolve(claims, strategy=strategy, learned=learn(claims))
    words = [(choice, truth[item]) for item, choice in choices.items() if item[1] != "budget"]
    numbers = [(choice, truth[item]) for item, choice in choices.items() if item[1] == "budget"]
    right = sum(choice.is_resolved and choice.value == true for choice, true in words)
    still = sum(not choice.is_resolved for choice, _ in words)
    off = sum(choice.is_resolved and not 0.9 < choice.value / true < 1.1 for choice, true in numbers)
    near = sum(choice.is_resolved and 0.98 < choice.value / true < 1.02 for choice, true in numbers)
    waiting = sum(not choice.is_resolved for choice, _ in numbers)
    return (
        right / len(words), 1 - (right + still) / len(words), still / len(words),
        near / len(numbers), off / len(numbers), waiting / len(numbers),
    )  # fmt: skip


def speed():
    """Seconds of one processor to learn from 40,000 claims about 5,000 items and decide them."""
    rng = random.Random(5)
    fields = [("starts_on", "type", "budget")[n % 3] for n in range(5_000)]
    claims = [
        Claim(
            (n, field),
            f"source {s}",
            100 * rng.lognormvariate(0, 0.02) if field == "budget" else f"v{rng.randrange(4)}",
        )
        for n, field in enumerate(fields)
        for s in range(8)
    ]
    began = time.process_time()
    resolve(claims, strategy="intelligent", learned=learn(claims))
    return time.process_time() - began


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=30)
    options.add_argument("--events", type=int, default=300)
    options.add_argument("--first", type=int, default=FIRST_REPORTED)
    given = options.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    print(f"{'':30}{'dates and types':>27}{'numbers':>30}")
    print(f"{'strategy':30}{'right':>9}{'wrong':>9}{'open':>9}{'within 2%':>12}{'>10% off':>9}{'open':>9}")
    right, far = {}, {}
    for name in STRATEGIES:
        rows = [outcome(seed, name, events=given.events) for seed in seeds]
        means = [statistics.mean(column) for column in zip(*rows, strict=True)]
        right[name], far[name] = [row[0] for row in rows], means[4]
        shares = "".join(f"{mean:>{12 if at == 3 else 9}.1%}" for at, mean in enumerate(means))
        print(f"{name:30}{shares}")
    bounds = []
    for name in ("intelligent", "weighted_average"):
        for rival in ("majority", "fixed_priority, random order"):
            gain = [mine - theirs for mine, theirs in zip(right[name], right[rival], strict=True)]
            bounds.append(Bound(f"{name} over {rival}, percentage points", 100 * statistics.mean(gain), at_least=0.5))
            bounds.append(Bound("    seeds won, %", 100 * sum(g > 0 for g in gain) / len(gain), at_least=75))
    bounds.append(Bound("numbers more than 10% off, intelligent, %", 100 * far["intelligent"], at_most=2))
    bounds.append(Bound("numbers more than 10% off, weighted_average, %", 100 * far["weighted_average"], at_most=2))
    return judge([*bounds, Bound("40,000 claims, s", speed(), at_most=1.0)])


if __name__ == "__main__":
    sys.exit(main())
