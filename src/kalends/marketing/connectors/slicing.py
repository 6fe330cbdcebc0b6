"""Which days are asked for at once, and which are asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from kalends.marketing.connectors.declared import Connector, Report


def windows(first: date, last: date, *, days: int) -> Iterator[tuple[date, date]]:
    """`first` to `last` in windows of at most `days`, newest first: people look at yesterday before last year."""
    end = last
    while end >= first:
        start = max(first, end - timedelta(days=days - 1))
        yield start, end
        end = start - timedelta(days=1)


def due_window(
    connector: Connector,
    report: Report,
    *,
    covered: tuple[date, date] | None,
    today: date,
    history: int,
    reread: int | None = None,
) -> tuple[date, date] | None:
    """What a routine sync asks of a report: all that is new, and what may have been restated since.

    `covered`: the first and last day that are here already, None at the first time; then `history` days are asked
    for. None where there is nothing to ask yet.
    """
    last = today - timedelta(days=connector.lag)
    if covered is None:
        first = last - timedelta(days=history - 1)
    else:
        again = last - timedelta(days=connector.reread if reread is None else reread)
        first = max(covered[0], min(covered[1] + timedelta(days=1), again))
    first = max(first, last - timedelta(days=report.history - 1))
    return (first, last) if first <= last else None
