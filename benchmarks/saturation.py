"""Does the saturation score see fatigue, and only fatigue? On simulated audiences, whose fatigue is known.

    python benchmarks/saturation.py [--pages 300]

Every parameter of the audiences is in kalends.messages.simulator, the kinds of pages in tests/support/audiences.py. The
seeds begin at 10,000; those below 200 were looked at while the score was made. Rivals: the raw trend of the purchase
rate and of earnings per recipient, and the number of messages sent of late. Bounds: rank correlation with the truth of
0.85 and AUC for 'tired' (60 % of purchases lost) of 0.9 at least, also under holidays and price rises, where at most
3 % more pages than else may be called tired that are not; 60 ms for the analysis of a page among 100,000 messages.
'short' and 'steady' show what the score cannot know; they have no bound.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import numpy as np
import polars as pl
from audiences import HELD_OUT, KINDS, study, verdict

from bounds import Bound, judge
from kalends.messages.analysis import PageFacts, analyze_page
from kalends.messages.simulator import simulate


def speed(*, pages=12, messages=100_000):
    """Milliseconds of `analyze_page` per page: wall and processor time at the 50th and 95th percentile."""
    made = [simulate(seed=HELD_OUT + n, weeks=78, page_id=f"page-{n}") for n in range(pages)]
    own = pl.concat([one.history for one in made])
    others = [
        own.with_columns(pl.col("page_id") + f"-{n}", pl.col("message_id") + f"-{n}")
        for n in range(max(messages - 1, 0) // own.height)
    ]
    history = pl.concat([own, *others])
    wall, processor = [], []
    for one in made * 5:
        facts = PageFacts(one.page_id, one.audience.zone_name, "USD")
        began, used = time.perf_counter(), time.process_time()
        analyze_page(history, facts, as_of=one.as_of, captions=one.captions, moments=one.moments)
        wall.append(1e3 * (time.perf_counter() - began))
        processor.append(1e3 * (time.process_time() - used))
    print(f"{history.height:,} messages, {pages} pages; load of the machine {os.getloadavg()[0]:.1f}")
    for name, taken in (("wall", wall), ("processor", processor)):
        print(f"analysis, {name}: p50 {np.percentile(taken, 50):.0f} ms, p95 {np.percentile(taken, 95):.0f} ms")
    return float(np.percentile(wall, 95))


def main():
    """Print the table and the bounds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=300, help="of each kind")
    pages = options.parse_args().pages
    verdicts = {}
    print(f"{'':16}{'rank corr.':>11}{'AUC':>7}{'false':>7}{'missed':>8}{'known':>7}{'in 80 %':>9}")
    for kind in KINDS:
        verdicts[kind] = one = verdict([study(HELD_OUT + n, kind) for n in range(pages)])
        print(
            f"{kind:16}{one.spearman:11.3f}{one.auc:7.3f}{one.false:7.3f}{one.missed:8.3f}{one.known:7.2f}"
            f"{one.covered:9.2f}",
            flush=True,
        )
        for name, (correlation, area) in one.rivals.items():
            print(f"    {correlation:23.3f}{area:7.3f}  {name}")
    base = verdicts["no holiday"].false
    bounds = [
        *(Bound(f"{kind}: rank correlation", verdicts[kind].spearman, at_least=0.85) for kind in KINDS[:6]),
        *(Bound(f"{kind}: AUC", verdicts[kind].auc, at_least=0.9) for kind in KINDS[:6]),
        Bound("holiday: falsely tired", verdicts["holiday"].false, at_most=base + 0.03),
        Bound("price rise: falsely tired", verdicts["price rise"].false, at_most=base + 0.03),
        Bound("analysis of a page, p95 in ms", speed(), at_most=60),
    ]
    return judge(bounds)


if __name__ == "__main__":
    sys.exit(main())
