"""Words besides facts: whatever comes, is read again or is taken back, every version says what the words themselves say."""

import os
import random

import ibis
import pyarrow as pa

from kalends.marketing import said
from kalends.marketing.said import Kind

SCHEMA = ibis.schema({"key": "!string", "value": "int64", "batch_seq": "!int64", "source_row": "!int64"})
KIND = Kind(table="words", schema=SCHEMA, key=("key",), said=("value",), counted="words")
HISTORIES = max(3, round(200 * float(os.environ.get("KALENDS_PROVE", "0.015"))))
"""Of 200; `KALENDS_PROVE` is the share to run."""


def oracle(history, version):
    """Per key the word of the greatest place among the batches that stand at `version`."""
    gone = {seq for batch in history if batch["seq"] <= version for seq in batch["gone"]}
    standing = [batch for batch in history if batch["seq"] <= version and batch["seq"] not in gone]
    found = {}
    for batch in sorted(standing, key=lambda batch: (batch["place"], batch["seq"])):
        found |= batch["words"]
    return found


def history_of(rng, length=7):
    """Files of three keys and three values; some are read again, otherwise or not, and some are taken back."""
    history = []
    for seq in range(1, length + 1):
        words = {key: rng.choice((1, 2, None)) for key in "abc" if rng.random() < 0.7}
        roots = sorted({batch["place"] for batch in history if batch["words"]})
        kind = rng.choice(("file", "file", "again", "back")) if roots else "file"
        place = seq if kind == "file" else rng.choice(roots)
        gone = [batch["seq"] for batch in history if batch["place"] == place]
        if kind == "again" and rng.random() < 0.5:
            words = next(batch["words"] for batch in history if batch["seq"] == place)
        history.append({"seq": seq, "place": place, "gone": gone, "words": {} if kind == "back" else words})
    return history


def play(tenant, history, batch):
    """What the pipeline does with a batch, whose payloads are all at hand."""
    for seq in batch["gone"]:
        tenant.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES ({batch['seq']}, {seq})")
    for _ in range(2):  # killed and repeated: the same
        said.write(tenant, KIND, rows_of(batch), batch_seq=batch["seq"])
    if not batch["gone"] or not said.touch(tenant, KIND, gone=batch["gone"], own=batch["seq"]):
        return
    before = [one for one in history if one["seq"] < batch["seq"]]
    over = {seq for one in [*before, batch] for seq in one["gone"]}
    for one in sorted(before, key=lambda one: (one["place"], one["seq"])):
        if one["seq"] not in over and one["place"] > batch["place"] and one["words"]:
            said.write_out(tenant, KIND, rows_of(one), batch_seq=one["seq"])


def rows_of(batch):
    rows = [
        {"key": key, "value": value, "batch_seq": batch["seq"], "source_row": 1}
        for key, value in batch["words"].items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA.to_pyarrow())


def read(tenant, version=None):
    return {row["key"]: row["value"] for row in tenant.to_arrow(said.newest(tenant, KIND, version=version)).to_pylist()}


def test_every_version_stays_what_the_words_say(tenant):
    tenant.create(KIND.table, SCHEMA)
    for seed in range(HISTORIES if tenant.engine == "duckdb" else 2):
        for name in (KIND.table, "retractions"):
            tenant.run(f"DELETE FROM {name}")
        history = history_of(random.Random(seed))
        for batch in history:
            play(tenant, history, batch)
            told = [one for one in history if one["seq"] <= batch["seq"]]
            assert read(tenant) == oracle(told, batch["seq"]), (seed, batch)
        for version in range(1, len(history) + 1):
            assert read(tenant, version) == oracle(history, version), (seed, version)


def test_words_that_say_what_is_so_are_not_written(tenant):
    first, again = ({"seq": seq, "place": seq, "gone": [], "words": {"a": 1, "b": None}} for seq in (1, 2))
    for batch in (first, again):
        play(tenant, [first, again], batch)
    assert said.count(tenant, KIND, [1]) == 2
    assert said.count(tenant, KIND, [2]) == 0
