"""How long does it take to find the same events among many sources, all at once and after one edit?

    python benchmarks/matching.py [--entries 2000 10000 40000] [--runs 3]

Rival: what one writes first, a loop over all pairs of entries whose dates are near, with rapidfuzz's token_set_ratio
for the titles; on the smallest set only, as it is quadratic. Both are given the same entries: 20 sources that each hold
two thirds of a company's events over two years, under names and on days that differ a little.
Bounds: 40,000 entries in 3 s, an edit among them in 0.1 s, the rival takes at least 4 times as long on 2,000.
"""

import argparse
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

from rapidfuzz import fuzz

from bounds import Bound, judge
from kalends.methods.matching import ASK, Entry, match, rematch

SEED, SOURCES, DAYS, SHARE = 20_260, 20, 730, 2 / 3
START = date(2025, 1, 1)
MARKETS = ("DE", "FR", "GB", "US", "ES", "IT", "NL", "SE")
TYPES = ("promotional_period", "product_launch", "content_campaign", "trade_show", "pr_event")
SUBJECTS = ("spring", "summer", "autumn", "winter", "members", "kids", "garden", "travel", "home", "running", "kitchen",
            "office", "outdoor", "beauty", "denim", "sneaker", "camping", "bike", "coffee", "lamp", "audio", "wellness",
            "baby", "pets", "books", "games", "tools", "furniture", "jewellery", "swim", "ski", "yoga")  # fmt: skip
KINDS = ("sale", "launch", "newsletter", "webinar", "collection", "pop-up", "contest", "giveaway", "tour", "workshop")
NAMES = ("Aurora", "Boreal", "Cobalt", "Delta", "Ember", "Fjord", "Garnet", "Halo", "Indigo", "Juniper", "Kestrel",
         "Lumen", "Meridian", "Nimbus", "Onyx", "Pallas", "Quartz", "Rowan", "Sable", "Tundra")  # fmt: skip
WRITTEN = (
    "{t}",
    "{t} {y}",
    "{u}",
    "🎉 {t}",
    "{t} - {m}",
    "{s}",
    "[{m}] {t}",
    "{t} campaign",
    "the {t}!",
    "{t} (final)",
)
MOMENTS = {11: "black_friday", 12: "christmas", 2: "valentines_day", 5: "mothers_day"}


def make(*, entries, seed=SEED):
    """That many entries; every parameter is above."""
    rng = random.Random(seed)
    pool = [_event(rng) for _ in range(round(entries / SOURCES / SHARE))]
    held = [(n, source) for source in range(SOURCES) for n in range(len(pool)) if rng.random() < SHARE]
    return [_entry(rng, pool[n], f"{source}-{n}", source) for n, source in held]


def _event(rng):
    title = f"{rng.choice(NAMES)} {rng.choice(SUBJECTS)} {rng.choice(KINDS)}"
    first = START + timedelta(days=rng.randrange(DAYS))
    last = first + timedelta(days=rng.choice((0, 0, 0, 1, 2, 4, 6, 13)))
    moment = MOMENTS.get(first.month) if rng.random() < 0.2 else None
    return title, first, last, rng.choice(TYPES), rng.choice(MARKETS), moment


def _entry(rng, event, key, source):
    title, first, last, kind, market, moment = event
    shift = timedelta(days=rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, -1)))
    slip = rng.randrange(1, len(title) - 1)
    written = rng.choice(WRITTEN).format(
        t=title, y=first.year, u=title.upper(), m=market, s=title[:slip] + title[slip + 1 :]
    )
    said = kind if rng.random() < 0.7 else None
    markets = frozenset({market} if rng.random() < 0.8 else ())
    return Entry(
        key, f"source {source}", written, first + shift, last + shift, type=said, markets=markets, moment=moment
    )


def by_loop(entries):
    """Pairs of near entries with like titles, the first way that comes to mind."""
    found = []
    for at, a in enumerate(entries):
        for b in entries[at + 1 :]:
            if a.source != b.source and abs((a.first - b.first).days) <= 3:
                alike = fuzz.token_set_ratio(a.title.casefold(), b.title.casefold()) / 100
                if alike >= ASK:
                    found.append((a.id, b.id, alike))
    return found


def timed(task, sets):
    """The median over sets of entries in seconds of one processor (not of others' work), and the last result."""
    took = []
    for entries in sets:
        began = time.process_time()
        result = task(entries)
        took.append(time.process_time() - began)
    return statistics.median(took), result


def edited(matching):
    """One entry in the middle, under another name."""
    entries = matching.state.entries
    return rematch(matching, [replace(entries[len(entries) // 2], title="Aurora summer sale, moved")])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--entries", type=int, nargs="+", default=[2_000, 10_000, 40_000])
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'entries':>9}{'match s':>9}{'edit s':>8}{'clusters':>10}{'questions':>11}")
    seconds = edit = 0.0
    for count in given.entries:
        # Every run has entries of its own, so that no title has been seen before.
        sets = [make(entries=count, seed=SEED + run) for run in range(given.runs)]
        seconds, matching = timed(match, sets)
        edit, _ = timed(edited, [matching] * given.runs)
        row = f"{len(sets[-1]):>9,}{seconds:>9.2f}{edit:>8.3f}{len(matching.clusters):>10,}{len(matching.asks):>11,}"
        print(row)
    few = [make(entries=given.entries[0], seed=SEED - 1 - run) for run in range(given.runs)]
    ours, _ = timed(match, few)
    theirs, _ = timed(by_loop, few)
    print(f"{given.entries[0]:,} entries: ours {ours:.3f} s, the loop {theirs:.2f} s")
    largest = f"{given.entries[-1]:,} entries"
    return judge(
        [
            Bound(f"{largest}, s", seconds, at_most=3.0),
            Bound(f"one edit among {largest}, s", edit, at_most=0.1),
            Bound(f"the loop's time to ours, {given.entries[0]:,} entries", theirs / ours, at_least=4),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
