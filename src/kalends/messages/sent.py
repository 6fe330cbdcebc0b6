"""Sent against planned: which message of the history each planned one became. Only what was sent is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

import polars as pl

from kalends.base.work import Work
from kalends.messages.placing import span_of
from kalends.messages.schedule_views import SentReport
from kalends.messages.standing import Standing, near_history

TOLERANCE: Final = timedelta(hours=12)
"""A message that was sent further from its plan is another one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A message of a plan."""

    send_at: datetime
    message_type: str
    caption_no: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the history."""

    message_id: str
    sent_at: datetime
    message_type: str
    caption_no: int | None


def matched(planned: Sequence[Planned], sent: Sequence[Sent], *, tolerance: timedelta = TOLERANCE) -> dict[int, int]:
    """Place in `sent` by place in `planned`: same caption and type, within the tolerance, the nearest pairs first.

    Each message is used once.
    """
    pairs = sorted(
        (abs(one.send_at - other.sent_at), at, place)
        for at, one in enumerate(planned)
        for place, other in enumerate(sent)
        if one.caption_no == other.caption_no and one.message_type == other.message_type
        and abs(one.send_at - other.sent_at) <= tolerance
    )  # fmt: skip
    found: dict[int, int] = {}
    for _, at, place in pairs:
        if at not in found and place not in found.values():
            found[at] = place
    return found


def report(work: Work, stands: Standing) -> SentReport:
    """What became of a schedule; the messages found are noted with it."""
    start, end = span_of(stands.rules)
    history = near_history(work, stands.page, start, end)
    rows = [Sent(*row) for row in history.select("message_id", "sent_at", "type", "caption_no").iter_rows()]
    planned = [Planned(one.send_at, one.message_type, caption.caption_no) for one, caption in stands.messages]
    pairs = matched(planned, rows)
    for at, place in pairs.items():
        stands.messages[at][0].sent_message_id = rows[place].message_id
    work.session.flush()
    names = [rows[place].message_id for place in pairs.values()]
    got = history.filter(pl.col("message_id").is_in(names))
    inside = sum(start <= each.sent_at < end for each in rows)
    past = sum(one.send_at <= work.now for one, _ in stands.messages)
    away = [abs(planned[at].send_at - rows[place].sent_at).total_seconds() / 60 for at, place in pairs.items()]
    earnings, purchases = got["earnings"].drop_nulls(), got["purchased"].drop_nulls()
    return SentReport(
        planned=len(planned),
        sent=len(pairs),
        missed=max(0, past - len(pairs)),
        unplanned=max(0, inside - len(pairs)),
        median_minutes=round(median(away), 1) if away else None,
        earnings=sum(earnings.to_list(), Decimal(0)) if earnings.len() else None,
        purchases=int(purchases.sum()) if purchases.len() else None,
    )
