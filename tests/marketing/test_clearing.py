"""Forgetting earlier versions changes no later answer; forgetting old days leaves the others as they were."""

import os
import random

from histories import DAYS, MARK, SOURCES, START, Batch, history_of, oracle, play, read

from kalends.marketing import versions
from kalends.marketing.records import LOG, TABLES
from kalends.marketing.stewardship import clearing
from kalends.marketing.stewardship.clearing import Holds

HISTORIES = max(3, round(200 * float(os.environ.get("KALENDS_PROVE", "0.015"))))
"""Of 200; `KALENDS_PROVE` is the share to run."""


def shortened(history, horizon, played):
    """The history without taking back or reading again, after the clearing, what was loaded before the horizon: both
    are refused (`batches.kept_since`).
    """
    return [b for b in history if b.seq <= played or min(b.retracts or b.seq, b.replays or b.seq) > horizon]


def test_no_later_answer_misses_what_was_forgotten(tenant, stage):
    as_of = tenant.backend.compile(versions.facts_as_of(tenant, version=MARK))
    for seed in range(HISTORIES if tenant.engine == "duckdb" else 2):
        for name in TABLES:
            tenant.run(f"DELETE FROM {name}")
        try:
            forget_and_go_on(tenant, stage, random.Random(seed), as_of)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def forget_and_go_on(tenant, stage, rng, as_of):
    whole = history_of(rng)
    played = rng.randint(1, len(whole))
    horizon = rng.randint(1, played)
    history = shortened(whole, horizon, played)
    for batch in history[:played]:
        play(tenant, stage, batch, history)
    before = tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py()
    planned = clearing.old_versions(tenant, version=horizon, holds=Holds())
    assert clearing.forget_versions(tenant, version=horizon, holds=Holds()) == planned.count
    assert clearing.forget_versions(tenant, version=horizon, holds=Holds()) == 0
    after = tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py()
    assert before - after == planned.count
    for batch in history[played:]:
        play(tenant, stage, batch, history)
    assert versions.verify(tenant) == []
    for version in range(horizon, len(whole) + 1):
        assert read(tenant, f"({as_of.replace(str(MARK), str(version))})") == oracle(history, version), version


def test_something_is_forgotten_at_all(tenant, stage):
    """Else the test above would say nothing."""
    key = (SOURCES[0], "campaign", "a1", "c1", DAYS[0], DAYS[0])
    for seq, value in enumerate((1, 2, 1, 2), start=1):
        play(tenant, stage, Batch(seq=seq, hour=seq, rows=[(key, value)]))
    doomed = clearing.old_versions(tenant, version=3, holds=Holds())
    assert (doomed.count, doomed.oldest.date(), doomed.newest.date()) == (
        2, START.date().replace(day=2), START.date().replace(day=3),
    )  # fmt: skip
    assert doomed.bytes > 100
    assert clearing.old_versions(tenant, version=3, holds=Holds(frozenset({1}))).count == 1
    assert clearing.old_versions(tenant, version=3, holds=Holds(sources=frozenset({SOURCES[0]}))).count == 0
    assert clearing.old_versions(tenant, version=0, holds=Holds()).count == 0


def test_what_a_held_batch_repeated_stays(tenant, stage):
    """On both engines; what a batch repeated lies in the rows of the one that said it first."""
    key, old = (("meta", "campaign", "a1", "c1", day, day) for day in (DAYS[2], DAYS[0]))
    for seq, value in enumerate((1, 1, 2), start=1):
        play(tenant, stage, Batch(seq=seq, hour=seq, rows=[(key, value), (old, value)]))
    held = Holds(frozenset({2}))
    assert clearing.forget_versions(tenant, version=3, holds=held) == 0
    assert clearing.forget_days(tenant, before=DAYS[1], holds=held) == 0
    assert tenant.execute("SELECT count(*) AS n FROM confirmations").column("n")[0].as_py() == 2
    assert clearing.forget_versions(tenant, version=3, holds=Holds()) == 2
    assert clearing.forget_days(tenant, before=DAYS[1], holds=Holds()) == 1


def test_old_days_go_from_facts_and_sums_alone(tenant, stage):
    old, new = (("meta", "campaign", "a1", "c1", day, day) for day in (DAYS[0], DAYS[2]))
    span = ("meta", "campaign", "a1", "c2", DAYS[0], DAYS[3])
    held = ("google", "campaign", "a1", "c1", DAYS[0], DAYS[0])
    play(tenant, stage, Batch(seq=1, hour=1, rows=[(key, 1) for key in (old, new, span, held)]))
    play(tenant, stage, Batch(seq=2, hour=2, rows=[(old, 2), (new, 2), (held, 1)]))
    holds = Holds(sources=frozenset({"google"}))
    doomed = clearing.old_days(tenant, before=DAYS[1], holds=holds)
    assert (doomed.count, doomed.oldest, doomed.newest) == (2, DAYS[0], DAYS[0])
    assert clearing.forget_days(tenant, before=DAYS[1], holds=holds) == 2
    assert read(tenant) == {new: 2, span: 1, held: 1}  # a span that ends later stays whole
    daily = tenant.execute("SELECT data_source, date FROM daily ORDER BY 1, 2").to_pylist()
    assert [tuple(row.values()) for row in daily] == [("google", DAYS[0]), ("meta", DAYS[2])]
    assert versions.verify(tenant) == []
    versions.rebuild(tenant)
    assert read(tenant) == {new: 2, span: 1, held: 1}
    assert clearing.forget_days(tenant, before=DAYS[1], holds=holds) == 0
