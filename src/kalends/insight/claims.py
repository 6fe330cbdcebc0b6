"""Sales that several sources tell: each platform claims those that it had a part in, a shop or a tool counts them all.

A sum over such sources may hold one sale several times, and says so. How many there can have been is reconciliation's
to answer (`kalends.marketing.reconciliation.overlap`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kalends.insight.metrics import metric
from kalends.insight.query import Query
from kalends.insight.words import listed
from kalends.marketing.words import source_name

TOLD = ("revenue", "conversions")
"""The columns of which one sale may be told by several sources."""
SEVERAL = "One sale may be in several; reconciliation counts it once."


def overlapping(query: Query, *, tellers: Mapping[str, Collection[str]], sources: Collection[str]) -> tuple[str, ...]:
    """What to say of the query's sums over `sources`, where several tell the same. `tellers`: who tells a column."""
    read = {column for name in query.metrics for column in metric(name).columns}
    several = {
        column: told
        for column in TOLD
        if column in read and len(told := set(tellers.get(column, ())).intersection(sources)) > 1
    }
    if not several:
        return ()
    names = listed(sorted(source_name(source) for source in set().union(*several.values())))
    what = listed(list(several)).capitalize()
    return (f"{what}: what {names} each tell, added up. {SEVERAL}",)


def is_overlap(note: str) -> bool:
    """Whether a note of an answer says that one sale may be in it several times."""
    return note.endswith(SEVERAL)
