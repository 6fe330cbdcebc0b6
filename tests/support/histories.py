"""Random histories of loading, restating and taking back, and an oracle that keeps every statement."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import versions
from kalends.marketing.versions import Window

SOURCES = ("meta", "google", "tiktok", "x", "klaviyo")
START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]
SPANS = [*((day, day) for day in DAYS), (DAYS[0], DAYS[3])]
KEYS = [
    (source, report, account, campaign, *span)
    for source in SOURCES
    for report, campaigns in (("campaign", ("c1", "c2")), ("account", ("",)))
    for account in ("a1", "a2")
    for campaign in campaigns
    for span in SPANS
]


@dataclass
class Batch:
    seq: int
    hour: int
    rows: list = field(default_factory=list)
    """(key, value), in the order of the file."""
    windows: list = field(default_factory=list)
    retracts: int | None = None

    @property
    def reported_at(self):
        return START + timedelta(hours=self.hour)

    def says(self, key):
        """(value,) or (None,) for "there is no such thing" or () for nothing."""
        said = dict(self.rows)
        if key in said:
            return (said[key],)
        return (None,) if any(inside(key, window) for window in self.windows) else ()


def inside(key, window):
    *slice_of, _, first, last = key
    slice_is_same = slice_of == [window.data_source, window.report, window.account_id]
    return slice_is_same and window.date_from <= first and last <= window.date_to


def oracle(history, version):
    """What is so at `version`: per key the greatest standing statement."""
    known = [batch for batch in history if batch.seq <= version]
    gone = {batch.retracts for batch in known}
    standing = sorted((b for b in known if b.seq not in gone and b.retracts is None), key=lambda b: (b.hour, b.seq))
    state = {}
    for batch in standing:
        for key in KEYS:
            state.update((key, value) for value in batch.says(key))
    return {key: value for key, value in state.items() if value is not None}


def history_of(rng):
    """Restatements, late old files, complete windows, repeated and shuffled files, batches taken back."""
    history = []
    for seq in range(1, rng.randint(4, 12)):
        loads = [batch for batch in history if batch.retracts is None]
        taken = {batch.retracts for batch in history}
        back = [batch for batch in loads if batch.seq not in taken]
        kind = rng.random()
        if back and kind < 0.2:
            history.append(Batch(seq=seq, hour=seq, retracts=rng.choice(back).seq))
        elif loads and kind < 0.4:
            again = rng.choice(loads)
            rows = list(dict(again.rows).items())
            rng.shuffle(rows)
            history.append(Batch(seq=seq, hour=rng.randint(1, 6), rows=rows, windows=again.windows))
        else:
            history.append(load_of(rng, seq))
    return history


def load_of(rng, seq):
    batch = Batch(seq=seq, hour=rng.randint(1, 6))
    for source in SOURCES:
        # Few values and few hours, so that equal statements and equal times are common.
        own = [key for key in KEYS if key[0] == source]
        batch.rows += [(key, rng.randint(1, 2)) for key in rng.choices(own, k=rng.randint(0, 12))]
        batch.windows += [window_of(rng, own) for _ in range(rng.choice((0, 0, 1, 2)))]
    return batch


def window_of(rng, keys):
    first, last = sorted(rng.choices(DAYS, k=2))
    source, report, account = rng.choice(keys)[:3]
    return Window(data_source=source, report=report, account_id=account, date_from=first, date_to=last)


def as_row(key, value):
    source, report, account, campaign, first, last = key
    named = {
        "data_source": source,
        "report": report,
        "account_id": account,
        "campaign_id": campaign,
        "date_from": first,
        "date_to": last,
    }
    return named | {"spend": Decimal(value), "campaign_name": f"n{value}"}


def play(tenant: TenantWarehouse, stage, batch):
    if batch.retracts is not None:
        versions.retract(tenant, batch_seq=batch.seq, retracted=batch.retracts)
        return None
    stage([as_row(key, value) for key, value in batch.rows])
    return versions.apply_batch(
        tenant,
        batch_seq=batch.seq,
        reported_at=batch.reported_at,
        recorded_at=START + timedelta(days=batch.seq),
        complete=batch.windows,
    )


def read(tenant, relation="facts"):
    found = tenant.execute(
        f"SELECT data_source, report, account_id, campaign_id, date_from, date_to, spend FROM {relation} AS f"
    )
    rows = [tuple(row.values()) for row in found.to_pylist()]
    state = {row[:6]: int(row[6]) for row in rows}
    assert len(state) == len(rows), "a key has two rows"
    return state


MARK = 987_654_321  # stands for the version in SQL that is compiled once for all versions
