"""How long each source's days take to settle, to one company: as its platform says, as was measured, or as people say.

It is kept with the other rules, in every state that it ever had: an answer as of earlier calls provisional what was so
then. A measure is taken when it is chosen and once a day from then on, so that no answer has to take it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import text

from kalends.base.errors import BadInputError, ConflictError
from kalends.base.work import Work
from kalends.marketing import batches, settling
from kalends.marketing.mapping.fields import Trailing
from kalends.marketing.settling import ENOUGH, LONGEST, Curve, Seen, Settling, SettlingRule, Span, Way, trailing
from kalends.marketing.stewardship import rules
from kalends.marketing.stewardship.knownnames import code_of, known_sources, sentence

CHANGED: Final = "marketing.settling_changed"
WATCHED: Final = text(
    "SELECT r.account_id,"
    " unnest(range_agg(daterange(r.date_from, least(r.date_to, CAST(b.reported_at AS date) - :age), '[]'))) AS days"
    " FROM batches AS b, jsonb_to_recordset(b.report -> 'reports') AS r(account_id text, date_from date, date_to date)"
    " WHERE b.data_source = :source AND b.state = 'published' AND b.kind = ANY(:kinds) AND b.retracted_by_seq IS NULL"
    " AND r.date_from <= CAST(b.reported_at AS date) - :age GROUP BY r.account_id"
)


class BadSettlingError(BadInputError):
    """This is no way for days to settle."""

    code = "bad_settling"


class TooFewDaysError(ConflictError):
    """Too few days were seen from their first numbers to their last to say how long they take to settle."""

    code = "too_few_days"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source's days settle. `rule`: the platform's; `own`: what the company says, and what holds by it.

    `measured`: days, None where too few were `watched`, and `accounts` those of which enough was seen by themselves;
    `curves`: of all settled days.
    """

    data_source: str
    rule: Trailing
    own: SettlingRule
    settled_until: date
    measured: int | None
    accounts: Mapping[str, int]
    watched: int
    curves: list[Curve]


def settling_at(work: Work, *, version: int) -> Settling:
    """When days settle, as it was after change number `version` of the tenant's rules."""
    return Settling.of(rules.settling_rules(work, version=version))


def settling_of(work: Work) -> Settling:
    """When days settle, as it is now."""
    return Settling.of(rules.settling_rules(work))


def standing(work: Work, *, data_source: str) -> Standing:
    """How a source's days settle: by its rule, as they did, and as the company has it."""
    now, today = settling_of(work), work.now.date()
    watched = _watched(work, data_source, now)
    return Standing(
        data_source=data_source,
        rule=trailing(data_source),
        own=_own(work).get(data_source, SettlingRule(data_source=data_source)),
        settled_until=now.settled_until(data_source, today=today),
        measured=settling.measured(watched.whole),
        accounts=watched.measured_accounts(),
        watched=watched.dates,
        curves=_seen(work, data_source, now).whole,
    )


def choose(work: Work, *, data_source: str, way: Way, days: int | None = None) -> SettlingRule:
    """Say how long the source's days take to settle; `days` with the way 'days' alone. Raises BadSettlingError, and
    TooFewDaysError where nothing could be measured yet.
    """
    known = known_sources(work)
    source = code_of(data_source, known)
    if source is None:
        raise BadSettlingError(sentence(data_source, known), field="data_source")
    if (way == "days") != (days is not None) or not 0 <= (days or 0) <= LONGEST:
        raise BadSettlingError(
            f"Give a whole number of days from 0 to {LONGEST} for days of your own, and for no other way.", field="days"
        )
    accounts: Mapping[str, int] = {}
    if way == "measured":
        days, accounts = _measure(work, source)
        if days is None:
            raise TooFewDaysError(f"Fewer than {ENOUGH} days were seen from their first numbers until they settled.")
    rules.alone(work)
    own = _own(work)
    before = own.get(source, SettlingRule(data_source=source))
    own[source] = before.model_copy(update={"days": days, "is_measured": way == "measured", "accounts": accounts})
    _save(work, own)
    return own[source]


def note_windows(work: Work, *, windows: Mapping[str, int]) -> None:
    """For how many days connections ask again, where they have numbers of their own: source -> the longest."""
    rules.alone(work)
    own = _own(work)
    for source in own.keys() | windows.keys():
        rule = own.get(source, SettlingRule(data_source=source))
        own[source] = rule.model_copy(update={"asked_again": windows.get(source)})
    _save(work, own)


def measure_anew(work: Work) -> None:
    """Take anew what was measured; what can be measured no more stays as it was."""
    found = {source: _measure(work, source) for source, rule in _own(work).items() if rule.is_measured}
    rules.alone(work)
    own = _own(work)
    for source, (days, accounts) in found.items():
        if days is not None and source in own and own[source].is_measured:
            update = {"days": days, "accounts": {**own[source].accounts, **accounts}}
            own[source] = own[source].model_copy(update=update)
    _save(work, own)


def _own(work: Work) -> dict[str, SettlingRule]:
    return {rule.data_source: rule for rule in rules.settling_rules(work)}


def _save(work: Work, own: Mapping[str, SettlingRule]) -> None:
    """Let these count, unless they do already; a rule that says nothing is none."""
    said = (rule for _, rule in sorted(own.items()) if rule.days is not None or rule.asked_again is not None)
    if (kept := tuple(said)) != rules.settling_rules(work):
        rules.save(work, kind="settling", rules=kept)
        work.announce(CHANGED)


def _measure(work: Work, source: str) -> tuple[int | None, Mapping[str, int]]:
    """After how many days the source had settled, and each account of which enough was seen."""
    found = _watched(work, source, settling_of(work))
    return settling.measured(found.whole), found.measured_accounts()


def _watched(work: Work, source: str, now: Settling) -> Seen:
    """The curves of an account's days that were asked for, or sent, again when they were as old as the platform may
    change them: of others nobody knows what became of them.
    """
    values = {"source": source, "kinds": list(batches.FILES), "age": trailing(source).days}
    spans = [
        Span(account, found.lower, found.upper - timedelta(days=1))
        for account, found in work.session.execute(WATCHED, values)
    ]
    return _seen(work, source, now, within=spans) if spans else Seen()


def _seen(work: Work, source: str, now: Settling, *, within: list[Span] | None = None) -> Seen:
    """Out of what is published."""
    version = batches.data_version(work)
    today = work.now.date()
    return settling.seen(work.warehouse, data_source=source, today=today, settling=now, version=version, within=within)
