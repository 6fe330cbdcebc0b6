"""Eight senders at once with files that overlap: what comes out is what one after the other would have given."""

import io
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from intake_rows import lines, meta_rows

from kalends.marketing import service
from kalends.marketing.intake import streams

SENDERS = 8


def files_of(rng):
    """Files that say different things about the same days; no two of the same values."""
    found = []
    for number in range(SENDERS):
        rows = [{**row, "spend": f"{number}.{place:02d}"} for place, row in enumerate(meta_rows(24))]
        found.append(rng.sample(rows, rng.randint(8, 24)))
    return found


def key_of(row):
    return row["ad_id"], str(row["date_start"])


@pytest.mark.parametrize("seed", range(1))
def test_overlapping_files_at_once_equal_one_after_the_other(room, seed):
    files = files_of(random.Random(seed))

    def send(number):
        if number % 2:
            with room.door.work() as work:
                opened = streams.open_stream(work, key=f"{seed}-{number}", data_source="facebook_ads")
            *_, done = streams.receive(room.door, opened, iter([lines(files[number])]), chunk_bytes=1024)
            return number, done["batch"]
        return number, service.land_file(room.door, io.BytesIO(lines(files[number])), data_source="facebook_ads")

    with ThreadPoolExecutor(SENDERS + 2) as pool:
        sent = [pool.submit(send, number) for number in range(SENDERS)]
        pool.submit(room.work_off).result()  # some are applied while others are still coming
        batches = dict(one.result() for one in sent)
    room.work_off()

    # The numbers that the batches were given are the serial order; the last word about a key is the state.
    told = {number: room.batch(batch) for number, batch in batches.items()}
    assert {batch.state for batch in told.values()} == {"published"}
    assert sorted(batch.seq for batch in told.values()) == list(range(1, SENDERS + 1))
    state = {}
    for number in sorted(told, key=lambda one: told[one].seq):
        # The clock stands still, so that the number alone decides.
        state |= {key_of(row): row["spend"] for row in files[number]}
    found = {(row["ad_id"], str(row["date_from"])): f"{row['spend']:.2f}" for row in room.facts()}
    assert found == state
    with room.house.warehouse.tenant(room.scope.tenant_id) as warehouse:
        from kalends.marketing import versions

        assert versions.verify(warehouse) == []
