"""Runs the full count of every promise, one group after another, and writes docs/proof.md.

    python benchmarks/prove.py [--share 1.0] [--only NAME ...] [--again]

It takes hours, so it may be stopped at any time: groups that were finished at the present commit and share are not run
again. Figures are the lines `proof: NAME = VALUE` of the tests, and for a benchmark all that it printed.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
DONE = ROOT / "build" / "proof.json"
"""What was finished, by group; not part of the repository."""
PAGE = ROOT / "docs" / "proof.md"
FIGURE = re.compile(r"^proof: (?P<name>.+?) = (?P<value>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Group:
    """One promise and what tries it: pytest on `paths`, or a benchmark."""

    name: str
    promise: str
    paths: tuple[str, ...]
    scales: bool = True
    """Whether KALENDS_PROVE makes it longer."""

    @property
    def command(self) -> list[str]:
        """What is run, without the interpreter's own path."""
        if self.paths[0].startswith("benchmarks/"):
            return ["python", *self.paths]
        return ["python", "-m", "pytest", "--timeout=0", "-p", "no:cacheprovider", *self.paths]


GROUPS = (
    Group("versions", "1,000 random histories equal a simple oracle, now and at any as_of",
          ("tests/marketing/test_versions_histories.py", "tests/marketing/test_clearing.py")),
    Group("crash", "kill -9 at 200 random moments: every acknowledged batch is there once, none half",
          ("tests/faults", "-n", "2")),
    Group("isolation", "a random walk of three companies over a shared pool meets no foreign row",
          ("tests/isolation",)),
    Group("contract", "no 5xx and no undocumented answer from any operation of the API", ("tests/api",)),
    Group("syncs", "90 days of every platform, through every fault that it can have, end with what the platform knows",
          ("tests/marketing/connectors/test_syncs.py",)),
    Group("properties", "what must hold for every input is tried on a hundred of each",
          ("tests", "-m", "hypothesis", "--ignore=tests/methods/planning/test_optimum.py")),
    Group("access", "axe finds nothing serious on any page, by day and in the dark, on a desk and on a phone",
          ("tests/browser/test_access.py",)),
    Group("payloads", "recorded payloads come out as they went in, to 1e-6, and nothing is counted twice",
          ("tests/test_payload_loading.py", "tests/marketing/test_payloads.py")),
    Group("bad input", "a clear answer with row and column, good rows kept, nothing lost",
          ("tests/marketing/test_bad_input.py", "tests/marketing/test_limits.py"), scales=False),
    Group("start", "from an empty folder to a page; killed, nothing stays behind",
          ("tests/test_server.py",), scales=False),
    Group("hostile calendars", "10,000 damaged calendars: never a crash, never a lost good event, always a report",
          ("tests/calendar/test_hostile_calendars.py",)),
    Group("matching", "on a labelled set of nine companies, half of it never used for tuning, F1 is 0.95 at least",
          ("tests/methods/test_matching_set.py",), scales=False),
    Group("consolidation", "in any order and step by step it ends where all at once does; once more changes nothing",
          ("tests/calendar/test_consolidating.py", "tests/calendar/test_consolidation_properties.py")),
    Group("truth", "on simulated sources, what is chosen is right more often than by majority or by an order",
          ("benchmarks/truth.py",), scales=False),
    Group("quality", "of 171 kinds of fault, 43 never tuned with, 95 % of the critical ones and 85 % of all are found",
          ("tests/marketing/quality/test_faults.py",)),
    Group("quality speed", "scoring beside the ingest of the same rows", ("benchmarks/quality.py",), scales=False),
    Group("reconciliation", "six sources with bias, noise, gross errors and gaps: MAPE 2.5 % at most, biases named",
          ("benchmarks/reconciliation.py",), scales=False),
    Group("saturation", "audiences never tuned with: rank correlation 0.85, AUC 0.9; holidays, price rises fool nobody",
          ("tests/messages/test_saturation.py",)),
    Group("saturation table", "the score against simple trends, and the speed of a page's analysis",
          ("benchmarks/saturation.py",), scales=False),
    Group("calendar days speed", "30 years of days, five countries, 500 events",
          ("benchmarks/calendar_days.py",), scales=False),
    Group("matching speed", "40,000 entries, and one edit among them", ("benchmarks/matching.py",), scales=False),
    Group("consolidation speed", "20 calendars of 2,000 events each", ("benchmarks/consolidation.py",), scales=False),
    Group("edit speed", "one edit in a calendar made of 40,000 entries in the store",
          ("benchmarks/calendar_edit.py",), scales=False),
    Group("new year speed", "the calendars of 1,000 companies grow by a year, each in its own encrypted file",
          ("benchmarks/calendar_tenants.py",), scales=False),
    Group("ingest speed", "ingest against DuckDB's own CREATE TABLE and dlt", ("benchmarks/ingest.py",), scales=False),
    Group("bandits", "Thompson sampling loses least, earns most; one policy's log ranks others as the truth does",
          ("benchmarks/bandits.py",)),
    Group("trials", "errors, coverage and power at the stated rates, also for who looks every week",
          ("tests/methods/test_trial_rates.py",)),
    Group("planning", "on small problems, a plan equals the best of all legal placements",
          ("tests/methods/planning/test_optimum.py",)),
    Group("planning speed", "a week of a page to the minute, proved", ("benchmarks/planning.py",), scales=False),
    Group("insight speed", "questions against SQL by hand on 10,000,000 facts",
          ("benchmarks/insights.py",), scales=False),
    Group("schedules", "weeks of 1,000 random pages break none of the written rules; 50 planners reserve nothing twice",
          ("tests/messages/test_building.py", "tests/messages/test_locks.py")),
    Group("schedules speed", "a page's week, 50 pages and 1,000 pages on 100,000 messages",
          ("benchmarks/schedules.py",), scales=False),
    Group("history speed", "a history of messages understood and checked, and no row dearer in a longer one",
          ("benchmarks/history.py",), scales=False),
    Group("earnings", "weeks that are planned here against fixed volume and round robin, on simulated audiences",
          ("benchmarks/emv.py",), scales=False),
    Group("home speed", "the Home page over HTTP on 1,000,000 facts, quiet and while files are loaded",
          ("benchmarks/home.py",), scales=False),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of a group, where and when."""

    commit: str
    share: float
    passed: bool
    seconds: int
    when: str
    machine: str
    figures: dict[str, str]
    output: str


def machine() -> str:
    """What it ran on, in a line."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def commit() -> str:
    """The present commit, with a plus if files differ from it."""
    questions = (
        ["rev-parse", "--short=12", "HEAD"],
        ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/proof.md"],
    )
    told = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        for words in questions
    ]
    return told[0] + ("+" if told[1] else "")


def run(group: Group, *, share: float) -> Outcome:
    """Run the group to its end."""
    began, at = time.monotonic(), commit()
    with tempfile.NamedTemporaryFile("r", suffix=".proof") as figures:
        environment = os.environ | {"KALENDS_PROVE": str(share), "KALENDS_PROOF_FILE": figures.name}
        ended = subprocess.run(
            [sys.executable, *group.command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        said = figures.read()
    return Outcome(
        commit=at,
        share=share,
        passed=ended.returncode == 0,
        seconds=round(time.monotonic() - began),
        when=datetime.now(UTC).isoformat(timespec="minutes"),
        machine=machine(),
        figures=dict(FIGURE.findall(said)),
        output=ended.stdout[-4000:],
    )


def is_done(outcome: Outcome | None, *, share: float) -> bool:
    """Whether the group need not be run again: it passed, at this commit and share."""
    return bool(outcome) and outcome.passed and outcome.share == share and outcome.commit == commit()


def finished() -> dict[str, Outcome]:
    """What earlier runs finished."""
    return {name: Outcome(**told) for name, told in json.loads(DONE.read_text()).items()} if DONE.exists() else {}


def section(group: Group, outcome: Outcome | None) -> str:
    """The group's part of the page."""
    head = f"## {group.name.capitalize()}\n\n{group.promise[0].upper()}{group.promise[1:]}.\n\n"
    if outcome is None:
        return f"{head}Not run yet.\n"
    share = f"KALENDS_PROVE={outcome.share:g} " if group.scales else ""
    verdict = "Held" if outcome.passed else "FAILED"
    lines = [
        f"**{verdict}** in {outcome.seconds} s on {outcome.when}, commit `{outcome.commit}`; {outcome.machine}.",
        f"`{share}{' '.join(group.command)}`",
        "\n".join(f"- {name}: {value}" for name, value in outcome.figures.items()),
    ]
    if not outcome.passed or group.paths[0].startswith("benchmarks/"):
        lines.append(f"```text\n{outcome.output.strip()}\n```")
    return head + "\n\n".join(line for line in lines if line) + "\n"


def page(outcomes: dict[str, Outcome]) -> str:
    """docs/proof.md."""
    head = (
        "# What holds, and how it was tried\n\n"
        "Written by `make prove`, which runs the full count of every promise; the tests in `make test` run a part of "
        "it. Seeds are fixed in the tests named.\n\n"
    )
    return head + "\n".join(section(group, outcomes.get(group.name)) for group in GROUPS)


def main() -> int:
    """Run what is not finished; the exit code says whether all holds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--share", type=float, default=1.0, help="of the full counts")
    options.add_argument("--only", nargs="+", choices=[group.name for group in GROUPS], help="these groups")
    options.add_argument("--again", action="store_true", help="also what is finished")
    asked = options.parse_args()
    outcomes = finished()
    for group in GROUPS:
        if asked.only and group.name not in asked.only:
            continue
        if not asked.again and is_done(outcomes.get(group.name), share=asked.share):
            print(f"{group.name}: finished before")
            continue
        print(f"{group.name}: {' '.join(group.command)}", flush=True)
        outcomes[group.name] = outcome = run(group, share=asked.share)
        DONE.parent.mkdir(exist_ok=True)
        DONE.write_text(json.dumps({name: asdict(one) for name, one in outcomes.items()}, indent=1))
        PAGE.write_text(page(outcomes))
        print(f"  {'held' if outcome.passed else 'FAILED'} in {outcome.seconds} s {outcome.figures}", flush=True)
    return 0 if all(one.passed for one in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
