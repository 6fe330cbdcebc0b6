"""What quality does: score what changed, tell grades and findings, keep the company's rules and what people said."""

# ruff: noqa: S608 -- the statements are composed of declared names and bound values

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import NoSuchPersonError, person_of, workspace
from kalends.marketing import batches
from kalends.marketing.models import Batch
from kalends.marketing.quality import results, scoring
from kalends.marketing.quality.checks import CHECKS_VERSION, DAY, ROW_CHECKS, RowCheck
from kalends.marketing.quality.grading import Finding
from kalends.marketing.quality.models import QualityAcknowledgement, QualityRules, QualityState
from kalends.marketing.quality.results import Wanted
from kalends.marketing.quality.rowpass import WEIGHT
from kalends.marketing.quality.rules import own_checks, read_rules
from kalends.marketing.stewardship.settled import settling_of

SCORE_ALL: Final = "marketing.score_all"
GRACE: Final = timedelta(days=5)
"""A new day changes something as far back as where the slowest source's numbers settle, and so many days before."""
LONGEST_WAIT: Final = timedelta(minutes=2)
"""So long what was published may wait for what comes behind it, to be scored together."""
LARGE: Final = 100_000
QUIET: Final = timedelta(seconds=10)
"""A batch of `LARGE` rows is scored when it is `QUIET` old: behind one large file often comes the next, and would share
the processors with the scoring of the first.
"""
ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
SHOWN: Final = (
    "report", "campaign_id", "campaign_name", "ad_group_id", "ad_id", "ad_name", "breakdowns", "currency", "spend",
    "impressions", "clicks", "conversions", "revenue", "reach", "batch_seq", "source_row",
)  # fmt: skip


class NoSuchFindingError(NotFoundError):
    """There is no such finding: the data may have been corrected since."""

    code = "no_such_finding"


# Rules.


def rules_of(work: Work) -> QualityRules | None:
    """The company's own rules; None while there are none."""
    query = select(QualityRules).order_by(QualityRules.version.desc()).limit(1)
    return work.session.execute(query).scalar_one_or_none()


def put_rules(work: Work, *, text: str) -> QualityRules:
    """Keep new rules in place of the old ones, and score everything by them. Raises BadRulesError."""
    read_rules(text)
    before = rules_of(work)
    if before is not None and before.text == text:
        return before
    made = QualityRules(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        version=before.version + 1 if before else 1,
        text=text,
        person_id=work.scope.person_id,
        created_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.audit(
        "put_rules",
        subject_kind="quality_rules",
        subject_id=made.version,
        before={"text": before.text} if before else None,
        after={"text": text},
    )
    work.defer(SCORE_ALL)
    return made


def version_wanted(work: Work) -> str:
    """Of which checks and rules results ought to be."""
    rules = rules_of(work)
    return f"{CHECKS_VERSION}.{rules.version if rules else 0}"


# Scoring.


def score_news(work: Work) -> scoring.Scored:
    """Score the account-days that batches changed since the last time; everything, where that has not been done by
    today's rules. However many batches there are, it is done once: while more of them wait to be applied, nothing is
    done, for the last of them comes here, too.
    """
    if _is_more_to_come(work):
        return scoring.Scored(0, 0)
    _alone(work)
    state, newest = _state(work), batches.data_version(work)
    if state is None or results.scored_rules(work) != version_wanted(work):
        return score_everything(work)
    if newest <= state.scored_version:
        return scoring.Scored(0, 0)
    changed = batches.changed_between(work, after=state.scored_version, until=newest)
    scoring.touch_batches(work.warehouse, changed)
    done = scoring.score(work.warehouse, scope_of(work))
    state.scored_version = newest
    return done


def quiet_at(work: Work) -> datetime | None:
    """When to score what was published; None for now."""
    last = batches.published_with(work, rows=LARGE)
    return last + QUIET if last is not None and work.now < last + QUIET else None


def is_being_checked(work: Work) -> bool:
    """Whether what was just published has no score yet: it is on its way."""
    state = _state(work)
    since = batches.published_since(work, after=state.scored_version if state else 0)
    return since is not None and work.now - since < LONGEST_WAIT


def is_news(work: Work) -> bool:
    """Whether batches were published that nobody has scored: the last of many may have failed."""
    state = _state(work)
    return state is not None and state.scored_version < batches.data_version(work) and not _is_more_to_come(work)


def score_everything(work: Work) -> scoring.Scored:
    """Score every account-day by today's checks and rules; readers see the old results until that is done."""
    _alone(work)
    newest = batches.data_version(work)
    if not work.warehouse.exists("report_days"):
        return scoring.Scored(0, 0)
    before, wanted = results.scored_rules(work), version_wanted(work)
    scoring.touch_all(work.warehouse)
    done = scoring.score(work.warehouse, scope_of(work))
    scoring.forget(work.warehouse, keep=[rules for rules in (before, wanted) if rules])
    _note(work, rules=wanted, version=newest)
    return done


def score_new_day(work: Work) -> scoring.Scored:
    """Look again at the days that a new day changes: more of them have settled, and what is late shows."""
    _alone(work)
    state = _state(work)
    if state is None or results.scored_rules(work) != version_wanted(work):
        return score_everything(work)
    back = timedelta(days=settling_of(work).longest) + GRACE
    scoring.touch_all(work.warehouse, since=today_of(work) - back)
    done = scoring.score(work.warehouse, scope_of(work))
    state.scored_on, state.scored_at = today_of(work), work.now
    return done


def is_new_day(work: Work) -> bool:
    """Whether a day has begun since days were last looked at, for a company that has any."""
    state = _state(work)
    return state is not None and (state.scored_on is None or state.scored_on < today_of(work))


def scope_of(work: Work) -> scoring.Scope:
    """By what the company's days are scored today."""
    today = today_of(work)
    return scoring.Scope(
        rules=version_wanted(work),
        today=today,
        settling=settling_of(work).days,
        special=special_days(work),
        own=own_rules(work),
    )


def own_rules(work: Work) -> tuple[RowCheck, ...]:
    """The company's rules as checks of its warehouse."""
    rules = rules_of(work)
    return own_checks(rules.text, work.warehouse.engine) if rules else ()


def special_days(work: Work) -> frozenset[date]:
    """The days on which the calendar knows of something: holidays, the great sales, events that move anything."""
    found = calendar.existing_default(work)
    if found is None or not calendar.published_version(work, calendar_id=found.id):
        return frozenset()
    span = work.warehouse.execute("SELECT min(date) AS first, max(date) AS last FROM report_days").to_pylist()[0]
    if span["first"] is None:
        return frozenset()
    frame = calendar.days(work, first=span["first"] - scoring_reach(), last=span["last"], calendar_id=found.id).frame
    is_on = (
        pl.col("is_holiday")
        | pl.col("is_black_friday").fill_null(value=False)
        | pl.col("is_cyber_monday").fill_null(value=False)
        | pl.col("is_prime_day").fill_null(value=False)
        | (pl.col("event_impact").abs() >= 0.1)
        | (pl.col("event_windows") != "[]")
    )
    return frozenset(frame.filter(is_on)["date"].to_list())


def scoring_reach() -> timedelta:
    """A day's grace before the first facts."""
    return DAY


def today_of(work: Work) -> date:
    """The company's own day."""
    return work.now.astimezone(ZoneInfo(workspace(work).zone)).date()


def _alone(work: Work) -> None:
    """One scoring of a company at a time: what reads older facts must not write after what reads newer ones."""
    work.session.execute(ONE_BY_ONE, {"key": f"{work.scope.tenant_id} quality"})


def _state(work: Work) -> QualityState | None:
    """How far scoring is, as the last one left it; None before the first time."""
    return work.session.execute(select(QualityState), execution_options={"populate_existing": True}).scalar()


def _is_more_to_come(work: Work) -> bool:
    """Whether batches wait to be applied, and the oldest that waits to be scored does not for long."""
    state = _state(work)
    since = batches.published_since(work, after=state.scored_version if state else 0)
    return batches.is_any_pending(work) and since is not None and work.now - since < LONGEST_WAIT


def _note(work: Work, *, rules: str, version: int) -> None:
    changed = {"rules": rules, "scored_on": today_of(work), "scored_version": version, "scored_at": work.now}
    statement = insert(QualityState).values(changed | {"tenant_id": work.scope.tenant_id, "id": new_id()})
    work.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))


# What people said.


def get_finding(work: Work, *, finding: str) -> Finding:
    """The finding. Raises NoSuchFindingError."""
    found = results.findings(work, Wanted(first=date.min, last=date.max, finding=finding), limit=1)
    if not found:
        raise NoSuchFindingError
    return found[0]


def acknowledge(work: Work, *, finding: str, note: str = "") -> Finding:
    """Say that the numbers are right: the finding counts no more. Saying it again changes nothing."""
    found = get_finding(work, finding=finding)
    if found.acknowledged_by is None:
        work.session.add(
            QualityAcknowledgement(
                tenant_id=work.scope.tenant_id,
                id=new_id(),
                finding=finding,
                check_name=found.check,
                data_source=found.data_source,
                account_id=found.account_id,
                date=found.date,
                note=note,
                person_id=work.scope.person_id,
                label=_who(work),
                said_at=work.now,
            )
        )
        work.session.flush()
        work.audit("acknowledge", subject_kind="quality_finding", subject_id=finding, after={"note": note})
    return get_finding(work, finding=finding)


def take_back(work: Work, *, finding: str) -> None:
    """The finding counts again."""
    gone = delete(QualityAcknowledgement).where(QualityAcknowledgement.finding == finding)
    if work.session.execute(gone).rowcount:  # type: ignore[attr-defined]
        work.audit("take_back", subject_kind="quality_finding", subject_id=finding)


def _who(work: Work) -> str:
    if work.scope.person_id is None:
        return work.scope.label
    try:
        return person_of(work, person_id=work.scope.person_id).name
    except NoSuchPersonError:
        return work.scope.label


# Down to the rows.


def rows_of(work: Work, finding: Finding, *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """The rows that a finding is about, and how many there are: those that fail, or all of the day or campaign."""
    checks = {check.name: check for check in (*ROW_CHECKS, *own_rules(work))}
    parts = ["data_source = $source", "account_id = $account", "date_from = $day", "date_to = $day"]
    values: dict[str, Any] = {"source": finding.data_source, "account": finding.account_id, "day": finding.date}
    if finding.report:
        parts.append("report = $report")
        values["report"] = finding.report
    if finding.kind == "row" and finding.check in checks:
        parts.append(checks[finding.check].sql(today=today_of(work)))
    elif finding.kind == "day" and (campaign := finding.subject.partition(" ")[0]).isalnum() and len(campaign) > 5:
        known = work.warehouse.execute(
            "SELECT count(*) AS n FROM facts WHERE campaign_id = $campaign AND data_source = $source",
            {"campaign": campaign, "source": finding.data_source},
        )
        if known.column("n")[0].as_py():
            parts.append("campaign_id = $campaign")
            values["campaign"] = campaign
    where = " AND ".join(parts)
    total = work.warehouse.execute(f"SELECT count(*) AS n FROM facts WHERE {where}", values).column("n")[0].as_py()
    rows = work.warehouse.execute(
        f"SELECT {', '.join(SHOWN)} FROM facts WHERE {where} ORDER BY report, campaign_id, ad_id, breakdowns"
        f" LIMIT {int(limit)} OFFSET {int(offset)}",
        values,
    ).to_pylist()
    return rows, int(total)


def batch_grade(work: Work, *, batch_id: UUID) -> dict[str, Any]:
    """What the rows of a batch that hold today are worth: their share that passes, by weight, with what was set aside
    counted as failing; and how many rows fail each check. Nothing of it is stored.
    """
    batch: Batch = batches.get(work, batch_id)
    checks = (*ROW_CHECKS, *own_rules(work))
    received, aside = batch.received or 0, batch.quarantined or 0
    told: dict[str, Any] = {"batch_id": batch_id, "rows": 0, "score": None, "checks": {}, "quarantined": aside}
    if not work.warehouse.exists("facts"):
        return told
    asked = ", ".join(f"{check.sql(today=today_of(work))} AS c{place}" for place, check in enumerate(checks))
    fails = " OR ".join(f"c{place}" for place in range(len(checks)))
    counts = ", ".join(f"count(CASE WHEN c{place} THEN 1 END) AS c{place}" for place in range(len(checks)))
    row = work.warehouse.execute(
        f"SELECT count(*) AS n, sum(weight) AS weight, sum(CASE WHEN NOT ({fails}) THEN weight END) AS good, {counts}"
        f" FROM (SELECT {WEIGHT} AS weight, {asked} FROM facts WHERE batch_seq = {int(batch.seq)}) AS a"
    ).to_pylist()[0]
    share = (row["good"] or 0) / row["weight"] if row["weight"] else None
    kept = (received - aside) / received if received else 1.0
    failed = {check.name: row[f"c{place}"] for place, check in enumerate(checks) if row[f"c{place}"]}
    return told | {
        "rows": row["n"],
        "score": None if share is None else round(100 * share * kept, 1),
        "checks": failed,
    }


def count_acknowledged(work: Work) -> int:
    """How many findings people called right."""
    return work.session.execute(select(func.count()).select_from(QualityAcknowledgement)).scalar_one()
