"""Random histories of loading, restating, reading again and taking back, and an oracle that keeps every statement."""

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
ASKED = ("asked_1d_click", "asked_7d_click")
KEYS = [
    (source, report, account, campaign, *span)
    for source in SOURCES
    for report, campaigns in (("campaign", ("c1", "c2", *(f"c2@{one}" for one in ASKED))), ("account", ("",)))
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
    replays: int | None = None
    """The first reading of the payload that is read again here, by other rules."""

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
    *slice_of, campaign, first, last = key
    slice_is_same = slice_of == [window.data_source, window.report, window.account_id]
    asked = campaign.partition("@")[2] or None
    return slice_is_same and asked == window.attribution and window.date_from <= first and last <= window.date_to


def readings(history, root):
    """All readings of one payload."""
    return [batch for batch in history if root in {batch.seq, batch.replays}]


def gone_at(history, version):
    """Batches that do not count: taken back with all readings of their payload, read again with another result, or
    read again with the same one, which says nothing."""
    gone = set()
    for batch in (one for one in history if one.seq <= version):
        if batch.retracts is not None:
            gone |= {one.seq for one in readings(history, batch.retracts) if one.seq < batch.seq}
        if batch.replays is not None:
            before = [one for one in readings(history, batch.replays) if one.seq < batch.seq and one.seq not in gone]
            is_same = [dict(one.rows) for one in before] == [dict(batch.rows)]
            gone |= {batch.seq} if is_same else {one.seq for one in before}
    return gone


def oracle(history, version):
    """What is so at `version`: per key the greatest standing statement."""
    known = [batch for batch in history if batch.seq <= version]
    gone = gone_at(history, version)
    standing = sorted(
        (b for b in known if b.seq not in gone and b.retracts is None), key=lambda b: (b.hour, b.replays or b.seq)
    )
    state = {}
    for batch in standing:
        for key in KEYS:
            state.update((key, value) for value in batch.says(key))
    return {key: value for key, value in state.items() if value is not None}


def history_of(rng):
    """Restatements, late old files, complete windows, repeated and shuffled files, batches taken back or read again."""
    history = []
    for seq in range(1, rng.randint(4, 12)):
        loads = [batch for batch in history if batch.retracts is None]
        taken = {batch.retracts for batch in history}
        back = [batch for batch in loads if batch.seq not in taken and batch.replays is None]
        kind = rng.random()
        if back and kind < 0.2:
            history.append(Batch(seq=seq, hour=seq, retracts=rng.choice(back).seq))
        elif loads and kind < 0.35:
            history.append(replay_of(rng, seq, rng.choice(loads)))
        elif loads and kind < 0.5:
            again = rng.choice(loads)
            rows = list(dict(again.rows).items())
            rng.shuffle(rows)
            history.append(Batch(seq=seq, hour=rng.randint(1, 6), rows=rows, windows=again.windows))
        else:
            history.append(load_of(rng, seq))
    return history


def replay_of(rng, seq, read):
    """The payload of `read` once more, by the same rules or by others: other values, fewer keys, more keys."""
    rows = list(dict(read.rows).items())
    rng.shuffle(rows)
    if rng.random() < 0.6:
        rows = [(key, rng.randint(1, 2)) for key, _ in rows if rng.random() < 0.8]
        rows += [(key, rng.randint(1, 2)) for key in rng.choices(KEYS, k=rng.randint(0, 8))]
    return Batch(seq=seq, hour=read.hour, rows=rows, windows=read.windows, replays=read.replays or read.seq)


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
    of = {"data_source": source, "report": report, "account_id": account}
    return Window(**of, date_from=first, date_to=last, attribution=rng.choice((None, None, *ASKED)))


def as_row(key, value):
    source, report, account, about, first, last = key
    campaign, _, attribution = about.partition("@")
    named = {
        "data_source": source,
        "report": report,
        "account_id": account,
        "campaign_id": campaign,
        "attribution": attribution,
        "date_from": first,
        "date_to": last,
    }
    return named | {"spend": Decimal(value), "campaign_name": f"n{value}"}


def play(tenant: TenantWarehouse, stage, batch, history=()):
    if batch.retracts is not None:
        chain = [one.seq for one in readings(history, batch.retracts) if one.seq < batch.seq]
        versions.retract(tenant, batch_seq=batch.seq, retracted=chain)
        return None
    stage([as_row(key, value) for key, value in batch.rows])
    if batch.replays is not None:
        return versions.replay_batch(
            tenant,
            batch_seq=batch.seq,
            reported_at=batch.reported_at,
            recorded_at=START + timedelta(days=batch.seq),
            complete=batch.windows,
            replaces=[one.seq for one in readings(history, batch.replays) if one.seq < batch.seq],
        )
    return versions.apply_batch(
        tenant,
        batch_seq=batch.seq,
        reported_at=batch.reported_at,
        recorded_at=START + timedelta(days=batch.seq),
        complete=batch.windows,
    )


def read(tenant, relation="facts"):
    about = "CASE attribution WHEN '' THEN campaign_id ELSE campaign_id || '@' || attribution END AS about"
    found = tenant.execute(
        f"SELECT data_source, report, account_id, {about}, date_from, date_to, spend FROM {relation} AS f"
    )
    rows = [tuple(row.values()) for row in found.to_pylist()]
    state = {row[:6]: int(row[6]) for row in rows}
    assert len(state) == len(rows), "a key has two rows"
    return state


MARK = 987_654_321  # stands for the version in SQL that is compiled once for all versions
