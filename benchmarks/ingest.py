"""How fast an ingest is, from the command to the moment the data is visible, against two named rivals in the same run.

* DuckDB: a fresh process, two threads, `CREATE TABLE` from the same file and `CHECKPOINT`, unencrypted. Ours also lands
  the payload, encrypts, maps, checks, hashes, versions and rolls up. Bounds: first run 2.5x, the same rows shuffled and
  re-serialised 1.5x (0 rows written), one row in a thousand changed 1.5x; the server's peak memory 1.5 GB.
* dlt's normal path (dicts into DuckDB) over 100,000 rows. Bound: ours at least 20x.

As many rows of Google Ads (objects in rows) and of Klaviyo (objects in rows, which lie in the answers of its API, a
day in each, as our connector keeps them) have the same bounds. Rows of Klaviyo as somebody may write them down without
the answers, 318 bytes each, are printed beside them: see docs/decisions/0008.

Runs alternate, rival and ours, and medians are printed; dlt takes most of a minute and runs once, ours three times.
`python benchmarks/ingest.py [--rows N] [--runs N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ingest_maker
from bounds import Bound, judge

KALENDS = Path(sys.executable).with_name("kalends")
AT_MOST = {"plain": 2.5, "shuffled": 1.5, "changed": 1.5}
"""Times what DuckDB takes to make a table of the same file."""
VARIANTS = tuple(AT_MOST)
GROWTH = (10_000, 100_000)
OTHER_SHAPES = {"google": "google_ads", "klaviyo": "klaviyo", "klaviyo_rows": "klaviyo"}
UNBOUND = frozenset({"klaviyo_rows"})
DLT_ROWS = 100_000
DLT_RUNS = 3
WARM_UP_SECONDS = 3
"""A started server imports in the background what its first requests would; this is about ingests, not starts."""
EMAIL, PASSWORD = "a@bench.example", "long enough a secret"

RIVAL = """
import duckdb, sys
con = duckdb.connect(sys.argv[2], config={"threads": 2})
con.execute(f"CREATE TABLE facts AS SELECT * FROM read_json('{sys.argv[1]}', format='newline_delimited')")
con.execute("CHECKPOINT")
"""

DLT = """
import dlt, orjson, sys
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(sys.argv[2]), pipelines_dir=sys.argv[3])
rows = (orjson.loads(line) for line in open(sys.argv[1], "rb"))
pipeline.run(rows, table_name="facts")
"""


def timed(run: Callable[[], object]) -> float:
    """Wall seconds that `run` takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def python(code: str, *arguments: object) -> None:
    """Run `code` in a fresh process."""
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True)


def rival(file: Path, folder: Path) -> float:
    """DuckDB's seconds for the file."""
    target = folder / f"rival-{time.monotonic_ns()}.duckdb"
    try:
        return timed(lambda: python(RIVAL, file, target))
    finally:
        target.unlink(missing_ok=True)


def dlt_rival(file: Path, folder: Path) -> float:
    """dlt's seconds for the file."""
    return timed(lambda: python(DLT, file, folder / "dlt.duckdb", folder / "dlt"))


class Server:
    """A running server with an empty workspace."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str], address: str) -> None:
        self.process, self.environment, self.address = process, environment, address

    def command(self, *arguments: object) -> dict:
        """A `kalends` command's JSON answer."""
        asked = [str(KALENDS), *map(str, arguments), "--json"]
        done = subprocess.run(asked, env=self.environment, capture_output=True, text=True, check=False)
        if not done.stdout:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)

    def ingest(self, file: Path, *, source: str = "facebook_ads") -> tuple[float, dict]:
        """Seconds until the file is visible, and its batch."""
        begin = time.perf_counter()
        batch = self.command("ingest", file, "--source", source)
        return time.perf_counter() - begin, batch

    def peak_megabytes(self) -> float:
        """The most memory that the server (which is the worker too) ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0


def iter_until(lines: Iterable[str], last: str) -> Iterator[str]:
    """The lines up to the one that holds `last`."""
    for line in lines:
        yield line
        if last in line:
            return


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A fresh server; ended at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir=folder))
    home.chmod(0o711)
    environment = {**os.environ, "KALENDS_HOME": str(home), "KALENDS_PORT": "0"}
    process = subprocess.Popen([str(KALENDS), "up"], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said = list(iter_until(process.stdout, "Ctrl-C"))
        made = Server(process, environment, re.search(r"http://\S+", said[0])[0])
        made.command("init", "--name", "Bench", "--email", EMAIL, "--password", PASSWORD)
        time.sleep(WARM_UP_SECONDS)
        yield made
    finally:
        process.terminate()
        process.wait(30)


def one_run(files: dict[str, Path], folder: Path, *, source: str = "facebook_ads") -> dict[str, float]:
    """Ratios of one fresh workspace: first load, the same rows shuffled, one in a thousand changed."""
    figures: dict[str, float] = {}
    with server(folder) as running:
        for variant, file in files.items():
            theirs = rival(file, folder)
            ours, batch = running.ingest(file, source=source)
            figures |= {variant: ours / theirs, f"{variant} s": ours, f"{variant} rival s": theirs}
            figures[f"{variant} rows written"] = batch["loaded"]
        figures["peak MB"] = running.peak_megabytes()
    return figures


def other_shapes(folder: Path, *, count: int, times: int) -> Iterator[Bound]:
    """The same ratios for rows as Google Ads and Klaviyo give them, medians too, printed and with their bounds."""
    for shape, source in OTHER_SHAPES.items():
        files = {variant: folder / f"{shape}-{variant}.ndjson" for variant in VARIANTS}
        for variant, file in files.items():
            ingest_maker.write(file, count=count, variant=variant, shape=shape)
        runs = [one_run(files, folder, source=source) for _ in range(times)]
        found = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
        ratios = ", ".join(f"{variant} {found[variant]:.2f}x ({found[f'{variant} s']:.2f} s)" for variant in VARIANTS)
        again = found["shuffled rows written"]
        print(f"{shape}, {count:,} rows: {ratios}; rows written again {again:.0f}; peak {found['peak MB']:.0f} MB")
        for variant in VARIANTS if shape not in UNBOUND else ():
            yield Bound(f"{shape}: {variant}", found[variant], at_most=AT_MOST[variant])
        for file in files.values():
            file.unlink()


def first_load(file: Path, folder: Path) -> float:
    """Our seconds for the file on a fresh server."""
    with server(folder) as running:
        return running.ingest(file)[0]


def growth(folder: Path, *, files: dict[int, Path]) -> None:
    """Print how a first load grows with its rows."""
    for rows, file in files.items():
        seconds = first_load(file, folder)
        print(f"{rows:>9,} rows: {seconds:6.2f} s, {rows / seconds:>9,.0f} rows/s")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kalends-bench-") as name:
        folder = Path(name)
        # PostgreSQL runs as another user than root, who must be able to reach the homes in here.
        folder.chmod(0o711)
        files = {variant: folder / f"{variant}.ndjson" for variant in VARIANTS}
        for variant, file in files.items():
            ingest_maker.write(file, count=asked.rows, variant=variant)
        runs = [one_run(files, folder) for _ in range(asked.runs)]
        median = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
        for figure, value in median.items():
            values = [run[figure] for run in runs]
            print(f"{figure:>22}: median {value:10.2f}  ({min(values):.2f} to {max(values):.2f})", flush=True)
        small = {rows: folder / f"{rows}.ndjson" for rows in GROWTH}
        for rows, file in small.items():
            ingest_maker.write(file, count=rows)
        growth(folder, files={**small, asked.rows: files["plain"]})
        others = list(other_shapes(folder, count=asked.rows, times=asked.runs))
        theirs = dlt_rival(small[DLT_ROWS], folder)
        ours = statistics.median(first_load(small[DLT_ROWS], folder) for _ in range(DLT_RUNS))
        print(f"dlt, {DLT_ROWS:,} rows: {theirs:.1f} s; ours {ours:.2f} s: {theirs / ours:.1f} times as fast")
    return judge(
        [
            Bound("first run, times DuckDB's CREATE TABLE", median["plain"], at_most=AT_MOST["plain"]),
            Bound("the same rows shuffled and re-serialised", median["shuffled"], at_most=AT_MOST["shuffled"]),
            Bound("rows that those wrote", median["shuffled rows written"], at_most=0),
            Bound("one row in a thousand changed", median["changed"], at_most=AT_MOST["changed"]),
            *others,
            Bound("peak of server and worker, MB", max(run["peak MB"] for run in runs), at_most=1500),
            Bound("times as fast as dlt", theirs / ours, at_least=20),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
