"""What it costs to make facts of platforms' answers: rows in envelopes, ten thousand and more in a line, with names
behind them.

Rival, in the same run and in turns: DuckDB in a fresh process with two threads, `CREATE TABLE` with UNNEST of the same
file, by SQL written by hand for each platform, unencrypted. It takes the envelope off and no more; ours also lands the
payload, encrypts, maps, checks, hashes, versions, rolls up and reads the names, by one definition of the envelope for
all ways to read. Compared are seconds of the processor, the server's and the rival's process', so that others on the
machine do not matter. Bounds: see `AT_MOST`; where the same answers come again 0 rows are written; and over a page of
100,000 rows in one line, the most that our connector asks for, the server's peak memory is 1.5 GB at most.

`python benchmarks/answers.py [--rows N] [--runs N]`.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import sys
import tempfile
from pathlib import Path

import answers_maker as maker
from bounds import Bound, judge
from ingest import python, server

PAGE_ROWS = 100_000
AGAIN = ", again"
AT_MOST = {"google_analytics": (5, 3), "snapchat_ads": (5, 3), "twitter_ads": (12, 8)}
"""Times the rival's, first and again: of X's arrays, DuckDB makes columns without making rows."""
RIVAL = """
import duckdb, sys
con = duckdb.connect(sys.argv[2], config={"threads": 2})
read = f"read_json('{sys.argv[1]}', format='newline_delimited', maximum_object_size=67108864)"
con.execute("CREATE TABLE facts AS " + sys.argv[3].replace("ANSWERS", read))
con.execute("CHECKPOINT")
"""
UNNEST = {
    "google_analytics": "SELECT "
    + ", ".join(f"row.dimensionValues[{place}].value AS d{place}" for place in (1, 2, 3))
    + "".join(f", row.metricValues[{place}].value AS {name}" for place, name in enumerate(maker.TRAFFIC, start=1))
    + " FROM (SELECT unnest(response.rows) AS row FROM ANSWERS)",
    "snapchat_ads": "SELECT id, step.start_time AS day, unnest(step.stats) FROM (SELECT thing.id AS id, "
    "unnest(thing.timeseries) AS step FROM (SELECT "
    "unnest(response.timeseries_stats[1].timeseries_stat.breakdown_stats.ad) AS thing FROM ANSWERS))",
    "twitter_ads": f"SELECT id, DATE '{maker.FIRST_DAY}' + CAST(unnest(range({maker.DAYS})) AS INT) AS day, "
    + ", ".join(f"unnest(m.{name}) AS {name}" for name in maker.ARRAYS)
    + "".join(
        f", unnest(m.conversion_{event}.{part}) AS {event}_{part}" for event in maker.EVENTS for part in maker.PARTS
    )
    + " FROM (SELECT entity.id AS id, entity.id_data[1].metrics AS m FROM "
    "(SELECT unnest(response.data) AS entity FROM ANSWERS WHERE response.data_type = 'stats'))",
}
MAKERS = {"google_analytics": maker.google_analytics, "snapchat_ads": maker.snapchat_ads,
          "twitter_ads": maker.twitter_ads}  # fmt: skip


def used_by_children() -> float:
    """Seconds of the processor that ended processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def used_by(pid: int) -> float:
    """Seconds of the processor that a running process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def rival(file: Path, source: str) -> float:
    """DuckDB's seconds for the file."""
    target, begin = file.with_suffix(".duckdb"), used_by_children()
    try:
        python(RIVAL, file, target, UNNEST[source])
        return used_by_children() - begin
    finally:
        target.unlink(missing_ok=True)


def one_run(file: Path, source: str) -> dict[str, float]:
    """Seconds of one fresh workspace and of the rival: first load, and the same answers again."""
    figures: dict[str, float] = {}
    with server(file.parent) as running:
        for variant in ("", AGAIN):
            figures[f"rival{variant}"] = rival(file, source)
            begin = used_by(running.process.pid)
            _, batch = running.ingest(file, source=source)
            figures[f"ours{variant}"] = used_by(running.process.pid) - begin
            figures[f"rows written{variant}"] = batch["loaded"]
    return figures


def peak_of_a_page(folder: Path) -> float:
    """The server's peak memory, in MB, over a page in one line."""
    file = folder / "page.ndjson"
    size = maker.write(file, maker.google_analytics(PAGE_ROWS, random.Random(1), page=PAGE_ROWS))
    with server(folder) as running:
        _, batch = running.ingest(file, source="google_analytics")
        print(
            f"a line of {size >> 20} MB: {batch['received']:,} rows, peak {running.peak_megabytes():.0f} MB", flush=True
        )
        return running.peak_megabytes()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3)
    asked = options.parse_args()
    bounds = []
    with tempfile.TemporaryDirectory(prefix="kalends-bench-") as name:
        folder = Path(name)
        # PostgreSQL runs as another user than root, who must be able to reach the homes in here.
        folder.chmod(0o711)
        for source, make in MAKERS.items():
            file = folder / f"{source}.ndjson"
            size = maker.write(file, make(asked.rows, random.Random(1)))
            runs = [one_run(file, source) for _ in range(asked.runs)]
            median = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
            for variant, most in zip(("", AGAIN), AT_MOST[source], strict=True):
                ours, theirs = median[f"ours{variant}"], median[f"rival{variant}"]
                print(f"{source}{variant}, {size >> 20} MB: {ours:.2f} s, rival {theirs:.2f} s", flush=True)
                bounds.append(Bound(f"{source}{variant}", ours / theirs, at_most=most))
            bounds.append(Bound(f"{source}: rows written again", median[f"rows written{AGAIN}"], at_most=0))
            file.unlink()
        bounds.append(Bound("peak of server and worker over one page, MB", peak_of_a_page(folder), at_most=1500))
    return judge(bounds)


if __name__ == "__main__":
    sys.exit(main())
