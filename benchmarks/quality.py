"""What quality finds, kind by kind, and what scoring costs beside an ingest of the same rows.

    python benchmarks/quality.py [--rows 100000] [--trials 3] [--seed 7] [--groups "blind" ...]

Cost: clean accounts of about `--rows` rows in all are staged and applied as batches are (fingerprints, versions,
rollups), in an encrypted DuckDB; then every account-day of them is scored. What an ingest does before that (reading and
mapping the file) is not counted for it, so the ratio is on the high side. Bound: scoring takes at most as long.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from fault_catalogue import EVERY, GROUPS
from fault_catalogue.clean import make_account
from fault_catalogue.running import HELD_OUT, findings, load, run, warehouse

from bounds import Bound, judge


def cost(rows: int, seed: int) -> tuple[int, int, float, float]:
    """Rows, account-days, seconds of applying them, and of scoring them."""
    rng, parts, number = np.random.default_rng(seed), [], 0
    while sum(part.height for part in parts) < rows:
        parts.append(make_account(rng, number).rows)
        number += 1
    every = pl.concat(parts).with_columns(read_at=pl.max("read_at").over(pl.lit(1)))[:rows]
    days = every.select("account_id", "date_from").n_unique()
    with warehouse() as tenant:
        begin = time.perf_counter()
        load(tenant, every)
        applied = time.perf_counter() - begin
        _, scored = findings(tenant)
    return every.height, days, applied, scored


def main() -> int:
    """Print both tables; the exit code says whether all bounds hold."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--trials", type=int, default=3)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--groups", nargs="+", default=list(GROUPS), choices=GROUPS)
    asked = options.parse_args()
    kinds = [kind for kind in EVERY if kind.group in asked.groups]
    rows, days, applied, scored = cost(asked.rows, asked.seed)
    print(f"{rows:,} rows, {days:,} account-days: applied in {applied:.2f} s, scored in {scored:.2f} s")
    results = run(kinds=kinds, trials=asked.trials, seed=asked.seed)
    by_kind = defaultdict(list)
    for one in results.outcomes:
        by_kind[one.kind].append(one)
    for kind in kinds:
        mine = by_kind[kind.name]
        told = ", ".join(name for name, _ in Counter(name for one in mine for name in one.by).most_common(3))
        marks = f"{'critical' if kind.is_critical else '':9}{kind.group:7}"
        print(f"{kind.name:34}{marks}{sum(one.found for one in mine)}/{len(mine)}  {told}")
    return judge(
        [
            Bound("recall of critical kinds", results.recall(critical=True), at_least=0.95),
            Bound("recall of critical kinds never tuned with", results.recall(HELD_OUT, critical=True), at_least=0.95),
            Bound("recall of all kinds", results.recall(), at_least=0.85),
            Bound("recall of kinds never tuned with", results.recall(HELD_OUT), at_least=0.85),
            Bound("false alarms per clean account-month", results.alarms_a_month, at_most=1),
            Bound("scoring over applying", scored / applied, at_most=1),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
