"""Which days are asked for at once, and which are asked for again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from kalends.marketing.connectors.declared import Connector, Report


def windows(first: date, last: date, *, days: int) -> Iterator[tuple[date, date]]:
    """`first` to `last` in windows of at most `days`, newest first: people look at yesterday before last year."""
    end = last
    while end >= first:
        start = max(first, end - timedelta(days=days - 1))
        yield start, end
        end = start - timedelta(days=1)


def due_spans(
    connector: Connector,
    report: Report,
    *,
    landed: Sequence[tuple[date, date]],
    today: date,
    history: int,
    reread: int | None = None,
) -> list[tuple[date, date]]:
    """What a routine sync asks of a report: all that is new, what may have been restated since, and what of the last
    `history` days never came.

    `landed`: the stretches of days that are here already. Gives stretches in the order of days; none where there is
    nothing to ask yet.
    """
    last = (today - timedelta(days=connector.lag)).toordinal()
    again = last - (connector.reread if reread is None else reread)
    here = {day for start, end in landed for day in range(start.toordinal(), end.toordinal() + 1)}
    wanted = min(last - history, max(here, default=last)) + 1
    oldest = max(last - report.history + 1, min(again, wanted))
    return _stretches(day for day in range(oldest, last + 1) if day >= (again if day in here else wanted))


def _stretches(days: Iterable[int]) -> list[tuple[date, date]]:
    """Ascending days (by their ordinals) as stretches without a gap."""
    found = [[day for _, day in group] for _, group in groupby(enumerate(days), key=lambda one: one[1] - one[0])]
    return [(date.fromordinal(one[0]), date.fromordinal(one[-1])) for one in found]
