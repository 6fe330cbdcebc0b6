"""Random histories against an oracle that keeps every statement and looks for the greatest.

Five histories are played side by side: their batches have the same times, their rows know nothing of each other.
`KALENDS_PROVE` is the share of the full 1,000 histories to run; 1 is the proof, the default its fiftieth part.
"""

import os
import random

import pytest
from histories import DAYS, MARK, SOURCES, Batch, history_of, oracle, play, read
from proof import proof

from kalends.marketing import versions
from kalends.marketing.records import LOG, TABLES

TIMELINES = max(1, round(1000 / len(SOURCES) * float(os.environ.get("KALENDS_PROVE", "0.02"))))


def check(tenant, history, as_of):
    """Now and at every version, facts and log say what the oracle says; how many versions that were."""
    states = [oracle(history, version) for version in range(history[-1].seq + 1)]
    for version, state in enumerate(states):
        assert read(tenant, f"({as_of.replace(str(MARK), str(version))})") == state, version
    assert versions.verify(tenant) == []
    return len(states)


def empty(tenant):
    for name in TABLES:
        tenant.run(f"DELETE FROM {name}")


def log_rows(tenant):
    return tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py()


def run(tenant, stage, seed, as_of):
    rng = random.Random(seed)
    history = history_of(rng)
    empty(tenant)
    for number, batch in enumerate(history, start=1):
        applied = play(tenant, stage, batch, history)
        if applied is not None:
            parts = applied.added, applied.changed, applied.unchanged, applied.superseded, applied.repeated
            assert sum(parts) == applied.received == len(batch.rows)
        if rng.random() < 0.3:  # killed after the commit, and repeated
            play(tenant, stage, batch, history)
        assert read(tenant) == oracle(history[:number], batch.seq)
    compared = check(tenant, history, as_of)
    replay_writes_nothing(tenant, stage, history)
    return compared


def replay_writes_nothing(tenant, stage, history):
    """The state told again, shuffled, as the newest file: no row is written."""
    state = list(oracle(history, history[-1].seq).items())
    random.Random(1).shuffle(state)
    before = log_rows(tenant)
    again = Batch(seq=history[-1].seq + 1, hour=99, rows=state)
    assert play(tenant, stage, again, history).loaded == 0
    assert log_rows(tenant) == before
    assert read(tenant) == dict(state)


@pytest.mark.timeout(3600)
def test_histories_equal_the_oracle(tenant, stage):
    # A tenth of them on the server engine: it runs the same statements, over a network.
    count = TIMELINES if tenant.engine == "duckdb" else max(2, TIMELINES // 10)
    as_of = tenant.backend.compile(versions.facts_as_of(tenant, version=MARK))
    compared = 0
    for seed in range(count):
        try:
            compared += run(tenant, stage, seed, as_of)
        except AssertionError as error:
            error.add_note(f"seed {seed}: {history_of(random.Random(seed))}")
            raise
    assert compared >= 4 * count  # the shortest history has three batches, and a version before the first
    proof(
        f"versions, histories equal to the oracle on {tenant.engine}", f"{count * len(SOURCES)}, seeds 0 to {count - 1}"
    )


def test_of_two_files_of_one_instant_the_first_read_again_stays_the_first(tenant, stage):
    key = (SOURCES[0], "campaign", "a1", "c1", DAYS[0], DAYS[0])
    history = [
        Batch(seq=1, hour=1, rows=[(key, 1)]),
        Batch(seq=2, hour=1, rows=[(key, 2)]),
        Batch(seq=3, hour=1, rows=[(key, 3)], replays=1),
        Batch(seq=4, hour=1, rows=[(key, 3)]),
        Batch(seq=5, hour=5, retracts=4),
        Batch(seq=6, hour=6, retracts=2),
    ]
    for batch, value in zip(history, (1, 2, 2, 3, 2, 3), strict=True):
        play(tenant, stage, batch, history)
        assert read(tenant) == {key: value}, batch.seq
    check(tenant, history, tenant.backend.compile(versions.facts_as_of(tenant, version=MARK)))
