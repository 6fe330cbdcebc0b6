"""How good the sources are now, and what quality says where a number comes from: for whoever wants it in short."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kalends.base.work import Work
from kalends.marketing.models import Batch
from kalends.marketing.quality import results, service
from kalends.marketing.quality.grading import Day, Finding, letter, mean_of
from kalends.marketing.quality.overview import words_of
from kalends.marketing.quality.results import Wanted
from kalends.marketing.stewardship.evidence import Evidence, Slice, offers_evidence
from kalends.methods.grades import Grade

PAGE: Final = "/data/quality"
NEWEST: Final = 90
"""Days that say how good a source is now: what was wrong last year is no reason to doubt today."""
LETTERS: Final = ("A", "B", "C", "D", "E")
QUICK_ROWS: Final = 200_000
"""Up to so many rows are checked while somebody waits: a fraction of a second."""
FEW: Final = 3


def newest_days(work: Work, *, count: int = NEWEST) -> tuple[date, date] | None:
    """The first and the last of the newest scored days, none of them to come; None before the first scoring."""
    known = results.span(work)
    if known is None:
        return None
    last = min(known[1], max(service.today_of(work), known[0]))
    return max(last - timedelta(days=count - 1), known[0]), last


def grades(work: Work) -> dict[str, Grade]:
    """Each source's grade over its newest days."""
    days = newest_days(work)
    by_source: dict[str, list[Day]] = defaultdict(list)
    for day in results.days(work, first=days[0], last=days[1])[0] if days else ():
        by_source[day.data_source].append(day)
    return {source: mean_of(mine) for source, mine in by_source.items()}


def days_by_grade(work: Work) -> dict[str, int]:
    """How many account-days there are of each grade, A to E; 'ungraded' were never scored, or called right."""
    days, _ = results.days(work, first=date.min, last=date.max)
    counted = Counter(letter(day.grade.score) for day in days)
    return {name: counted[name] for name in LETTERS} | {"ungraded": counted["–"]}


def quick_score(work: Work, batch: Batch) -> float | None:
    """The score of a batch's rows, 0 to 100; None where there are none, or too many to check while somebody waits."""
    if batch.state != "published" or not batch.loaded or batch.loaded > QUICK_ROWS:
        return None
    score: float | None = service.batch_grade(work, batch_id=UUID(str(batch.id)))["score"]
    return score


@offers_evidence
def days_checked(work: Work, asked: Slice) -> Iterable[Evidence]:
    """What the checks found on the days that are asked about."""
    if asked.days is None or results.scored_rules(work) is None:
        return
    first, last = asked.days
    found = [
        one
        for one in results.findings(work, Wanted(first=first, last=last))
        if one.acknowledged_by is None and (not asked.accounts or (one.data_source, one.account_id) in asked.accounts)
    ]
    if not found:
        yield Evidence("check", "Every check of these days passes", tone="good", href=PAGE)
    yield from _told(found, words_of(work))


def _told(found: list[Finding], says: dict[str, str]) -> Iterable[Evidence]:
    """The gravest kinds of finding, each once."""
    kinds = {one.check: one for one in reversed(found)}
    for check, one in reversed(list(kinds.items())[-FEW:]):
        days = len({each.date for each in found if each.check == check})
        yield Evidence(
            "check",
            says.get(check, check),
            detail=f"{one.date:%Y-%m-%d}" if days == 1 else f"on {days} days, the newest {one.date:%Y-%m-%d}",
            tone="bad" if one.severity == "critical" else "attention",
            href=f"{PAGE}/findings/{one.id}",
        )
    if len(kinds) > FEW:
        yield Evidence("check", f"{len(kinds) - FEW} more checks find something", tone="attention", href=PAGE)


@offers_evidence
def files_checked(work: Work, asked: Slice) -> Iterable[Evidence]:
    """How many rows of a file pass every check, where files are asked about and no days."""
    if asked.days is not None or len(asked.batches) > FEW or results.scored_rules(work) is None:
        return
    for batch in asked.batches:
        if (score := quick_score(work, batch)) is not None:
            label = "Every row that holds today passes every check" if score == 100 else f"{score:g} of 100 by its rows"
            tone = "good" if score >= 90 else "attention"
            yield Evidence("check", label, tone=tone, href=PAGE, batch_seq=batch.seq)  # type: ignore[arg-type]
