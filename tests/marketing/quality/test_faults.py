"""The catalogue of faults, put into clean accounts: what is found of it, and what is found where nothing is wrong."""

import os
from collections import Counter

import numpy as np
import polars as pl
import pytest
from fault_catalogue import EVERY, GROUPS
from fault_catalogue.clean import make_account
from fault_catalogue.kinds import on, scaled, some_day
from fault_catalogue.running import HELD_OUT, findings, load, run, warehouse
from proof import proof

SHARE = float(os.environ.get("KALENDS_PROVE", "0"))
TRIALS = max(1, round(20 * SHARE))
TRIED, MOST = (EVERY, 6) if SHARE else (EVERY[::6], 3)
"""Quickly, every sixth kind in small accounts; `make prove` takes all, in accounts of up to six campaigns."""
SEED = 20261121
OFTEN_MISSED = {
    "week_backwards", "net_revenue", "newest_days_too_complete", "shop_tells_dollars", "consent_banner_changed",
    "window_shortened_for_good", "spend_a_day_late", "last_click_from_now_on",
}  # fmt: skip
"""What looks like a day that might have been; docs/reference/quality.md says how often."""


def test_the_catalogue_is_large_and_some_of_it_was_never_tuned_with():
    assert len(EVERY) >= 30
    assert len({kind.name for kind in EVERY}) == len(EVERY)
    assert {kind.group for kind in EVERY} == set(GROUPS)
    assert sum(kind.group in HELD_OUT for kind in EVERY) >= 10
    assert all(kind.says for kind in EVERY)


@pytest.fixture(scope="module")
def results():
    return run(kinds=TRIED, trials=TRIALS, seed=SEED, most=MOST)


def test_faults_are_found(results):
    """One trial of a kind is no rate: quickly, each kind is found but those that often are not, and one more."""
    missed = Counter(one.kind for one in results.outcomes if not one.found)
    assert len(set(missed) - OFTEN_MISSED) <= (1 if not SHARE else len(EVERY)), missed
    for name, groups in (("tuned", ("tuned",)), ("held-out", HELD_OUT), ("all", tuple(GROUPS))):
        critical, every = results.recall(groups, critical=True), results.recall(groups)
        proof(f"recall of {name} kinds, critical", f"{critical:.3f}")
        proof(f"recall of {name} kinds", f"{every:.3f}")
        assert not SHARE or critical >= 0.95, missed
        assert not SHARE or every >= 0.85, missed


def test_clean_accounts_give_hardly_an_alarm(results):
    proof("false alarms per clean account-month", f"{results.alarms_a_month:.3f}")
    assert results.alarms_a_month <= 1, results.clean


def test_nothing_is_found_where_nothing_is_looked_at(results):
    """The catalogue's own test: an account without its fault has none of the findings that count as found."""
    assert len(results.outcomes) == len(TRIED) * TRIALS >= 25
    assert results.clean.filter(pl.col("severity") == "critical").height <= 0.01 * results.months * 10


def test_the_more_rows_are_wrong_the_lower_is_the_score():
    rng = np.random.default_rng(SEED)
    account = make_account(rng, 1)
    day = some_day(rng)
    rows = account.rows.filter(pl.col("report") == "campaign").with_columns(read_at=pl.col("read_at").max())
    ids = rows.filter(on(day)).sort("spend")["campaign_id"]
    scores = []
    for count in range(ids.len() + 1):
        where = on(day) & pl.col("campaign_id").is_in(ids[:count].to_list())
        with warehouse() as tenant:
            load(tenant, scaled(rows, where, 1000, "clicks").with_columns(pl.col("clicks").round()))
            findings(tenant)
            (measured,) = tenant.execute(
                f"SELECT good / weight AS share FROM quality_days WHERE date = DATE '{day}'"
            ).to_pylist()
        scores.append(measured["share"])
    assert scores == sorted(scores, reverse=True)
    assert (scores[0], scores[-1]) == (1, 0)
