"""Accounts into a warehouse, through the versions as every batch goes, and what quality finds there."""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from warehouses import open_duck

from kalends.base.ids import new_id
from kalends.marketing import fingerprints, versions
from kalends.marketing.quality import scoring
from kalends.marketing.records import KEY, STAGED_SCHEMA

from .clean import MOST, SALES, SETTLED, TODAY, make_account
from .kinds import GROUPS

RAW = {name: kind for name, kind in STAGED_SCHEMA.items() if name not in {"key_hash", "row_hash"}}
SCOPE = scoring.Scope(rules="test", today=TODAY, settling=lambda source: SETTLED, special=frozenset(SALES))


@contextmanager
def warehouse():
    """An empty encrypted DuckDB of a tenant."""
    with TemporaryDirectory() as folder:
        opened = open_duck(folder=Path(folder), key_for=lambda tenant_id: tenant_id.bytes * 2)
        with opened.tenant(new_id()) as tenant:
            versions.create_tables(tenant)
            yield tenant
        opened.close()


def load(tenant, rows, *, first_seq=1):
    """Apply the rows as one batch for each instant at which something was read; gives the last batch's number."""
    seq = first_seq - 1
    for (read_at,), part in sorted(rows.partition_by(["read_at"], as_dict=True).items()):
        seq += 1
        fingerprints.stage(tenant, rows=as_staged(part))
        versions.apply_batch(tenant, batch_seq=seq, reported_at=read_at, recorded_at=read_at)
    return seq


def as_staged(rows):
    """The rows with every column of a record; what is not there is null, and in the key ''."""
    last = pl.col("date_from") if "date_to" not in rows.columns else pl.col("date_to")
    rows = rows.with_columns(last.alias("date_to"), pl.int_range(1, rows.height + 1).alias("source_row"))
    missing = [name for name in RAW if name not in rows.columns]
    rows = rows.with_columns(pl.lit("" if name in KEY else None).alias(name) for name in missing)
    return rows.select(pl.col(name).cast(kind.to_polars()) for name, kind in RAW.items()).to_arrow()


def findings(tenant, *, scope=SCOPE):
    """Score everything; gives the findings as a frame, and the seconds that took."""
    begin = time.perf_counter()
    scoring.touch_all(tenant)
    scoring.score(tenant, scope)
    seconds = time.perf_counter() - begin
    return pl.from_arrow(tenant.execute("SELECT * FROM quality_findings")), seconds


@dataclass(frozen=True)
class Outcome:
    """One fault in one account: whether it was found, and by which checks."""

    kind: str
    is_critical: bool
    group: str
    found: bool
    by: tuple[str, ...]


HELD_OUT = ("blind 4",)
"""Groups that no check was changed after a look at."""
TOGETHER = 60
"""Accounts in one warehouse: a company with many."""


@dataclass(frozen=True)
class Results:
    """All of them, and the false alarms on the clean accounts."""

    outcomes: list[Outcome]
    alarms: int
    months: float
    clean: pl.DataFrame
    """What was found in the clean accounts."""

    def recall(self, groups=tuple(GROUPS), *, critical=None):
        """The share found, of those wanted; 1 where there are none."""
        wanted = [one.found for one in self.outcomes if critical in {None, one.is_critical} and one.group in groups]
        return sum(wanted) / len(wanted) if wanted else 1.0

    @property
    def alarms_a_month(self):
        return self.alarms / self.months


def run(*, kinds, trials, seed, most=MOST):
    """Put each kind of fault into `trials` accounts, each into one of its own, and look what is found of it that is
    not found in the same accounts without it.
    """
    rng = np.random.default_rng(seed)
    wanted = [kind for kind in kinds for _ in range(trials)]
    parts = [_run(wanted[first : first + TOGETHER], rng, most) for first in range(0, len(wanted), TOGETHER)]
    return Results(
        [one for part in parts for one in part.outcomes],
        sum(part.alarms for part in parts),
        sum(part.months for part in parts),
        pl.concat([part.clean for part in parts]),
    )


def _run(kinds, rng, most):
    """One account for each of the kinds, all of them in one warehouse."""
    made = [(kind, make_account(rng, number, most=most)) for number, kind in enumerate(kinds)]
    injected = [kind.inject(account.rows, rng) for kind, account in made]
    with warehouse() as tenant:
        load(tenant, pl.concat([account.rows for _, account in made]))
        clean, _ = findings(tenant)
    with warehouse() as tenant:
        load(tenant, pl.concat([fault.rows for fault in injected], how="diagonal_relaxed"))
        faulty, _ = findings(tenant)
    about = ["account_id", "date", "check_name", "subject", "report"]
    news = faulty.join(clean, on=about, how="anti")
    outcomes = []
    for (kind, account), fault in zip(made, injected, strict=True):
        mine = news.filter(
            pl.col("account_id").is_in([account.account_id, *fault.also]), pl.col("date").is_in(list(fault.days))
        )
        by = tuple(sorted(set(mine["check_name"])))
        outcomes.append(Outcome(kind.name, kind.is_critical, kind.group, bool(by), by))
    months = sum(account.rows["date_from"].n_unique() for _, account in made) / 30.4
    alarms = clean.select("account_id", "date", "check_name").unique().height
    return Results(outcomes, alarms, months, clean)
