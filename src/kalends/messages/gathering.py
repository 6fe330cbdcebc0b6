"""What a page's week is built from: the company's part read once for a whole batch, the page's each time.

The warehouse is read once for all pages; an analysis takes its page's rows out of that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import polars as pl
from sqlalchemy import select

from kalends.base.errors import BadInputError
from kalends.base.version import __version__
from kalends.base.work import Work
from kalends.calendar.service import moments_between
from kalends.messages.analysis import AnalysisSettings, PageFacts, analyze_page
from kalends.messages.building import Inputs
from kalends.messages.captions import usable_captions
from kalends.messages.creator_pages import get_page, overrides_of
from kalends.messages.daymoments import DayMoments
from kalends.messages.evidence import BankCaption
from kalends.messages.history import CAPTIONS, HISTORY, MOMENTS, RATES, PriceTier, empty
from kalends.messages.locks import taken
from kalends.messages.models import Assignment, Caption, CreatorPage, MessageSchedule
from kalends.messages.placing import Neighbour
from kalends.messages.schedule_templates import get_template, rules_of
from kalends.messages.sections import PageAnalysis
from kalends.messages.settings import CompanySettings, settings_of
from kalends.messages.trials import in_trial
from kalends.messages.volume import Range, Tier, TierRule, VolumeSettings, ZoneRule
from kalends.messages.weekrules import Habits, PageHabits, TemplateRules, Wish, cooldown_of

LIVING: Final = ("draft", "approved", "exported")
WEEK: Final = timedelta(days=7)
LEAD: Final = timedelta(minutes=10)
"""Nothing is planned nearer than this: somebody has to take it to the platform."""
NEAR: Final = timedelta(days=1)
"""How far beyond the week messages are looked for that gaps must hold to."""
AS_JSON: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS
MOMENTS_BACK: Final = timedelta(days=550)


class WeekIsPastError(BadInputError):
    """This week is over; choose a later first day."""

    code = "week_is_past"


@dataclass(frozen=True, slots=True)
class Company:
    """What is alike for all pages of a batch."""

    settings: CompanySettings
    tables: VolumeSettings
    habits: Habits
    history: pl.DataFrame
    rates: pl.DataFrame
    moments: pl.DataFrame
    names: Mapping[date, tuple[str, ...]]
    as_of: datetime
    analyses: dict[UUID, tuple[PageAnalysis, bytes]] = field(default_factory=dict)
    """Made already, with its JSON: every week of a batch is planned by the same."""
    pages: dict[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a week is made of, and the rows behind it."""

    inputs: Inputs
    analysis: bytes
    """The eight sections as JSON."""
    page: CreatorPage
    captions: Mapping[UUID, Caption]
    cooldown_days: int
    one_at_a_time: bool
    replaced: tuple[UUID, ...]
    """Drafts of the same days."""


def read_company(work: Work) -> Company:
    """The company's part: one read of the warehouse."""
    settings = settings_of(work)
    as_of = work.now.replace(minute=0, second=0, microsecond=0)
    history = read_history(work)
    moments, names = _moments(work, first=(work.now - MOMENTS_BACK).date(), last=(work.now + 4 * WEEK).date())
    return Company(
        settings=settings,
        tables=tables_of(settings),
        habits=habits_of(settings),
        history=history.filter(pl.col("sent_at") < as_of),
        rates=_rates(work),
        moments=moments,
        names=names,
        as_of=as_of,
        pages={str(key[0]): part for key, part in history.partition_by("page_id", as_dict=True).items()},
    )


def gather(
    work: Work, company: Company, *, page_id: UUID, first_day: date, template_id: UUID | None = None,
    without: frozenset[UUID] = frozenset(),
) -> Gathered:  # fmt: skip
    """What a page's week is made of. `without`: captions not to be used. Raises NoSuchPageError, WeekIsPastError."""
    page = get_page(work, page_id=page_id)
    habits, template = habits_of_page(page), template_of(work, template_id)
    wish = wish_of(work.now, page.zone, first_day, template)
    cooldown = cooldown_of(habits, company.habits, wish)
    start, end = week_of(first_day, page.zone)
    captions = {each.id: each for each in usable_captions(work, page_id=page.id)}
    drafts = _overlapping(work, page_id=page.id, first_day=first_day, states=("draft",))
    replaced = tuple(each.id for each in drafts)
    shared = [each.id for each in captions.values() if each.page_id is None]
    gone = without | taken(
        work, page_no=page.page_no, first=start, last=end + timedelta(days=cooldown), shared=shared,
        one_at_a_time=company.settings.shared_one_at_a_time, without=replaced,
    )  # fmt: skip
    sent = company.pages.get(str(page.id), empty())
    near = neighbours_of(work, page, sent, start, end, without=replaced)
    bank = _bank(captions, gone, sent, start - timedelta(days=cooldown))
    last = last_tier(work, page_id=page.id, before=first_day)
    analysis, text = analysis_of(company, page, captions, last_tier=last)
    inputs = Inputs(
        page_id=str(page.id),
        page_name=page.name,
        currency=page.currency,
        page=habits,
        wish=wish,
        analysis=analysis,
        bank=bank,
        history=company.history,
        habits=company.habits,
        tables=company.tables,
        moments={
            day: DayMoments.of(names, analysis.timing)
            for day, names in company.names.items()
            if first_day <= day < first_day + WEEK
        },
        neighbours=tuple(Neighbour(at, kind) for at, kind, _ in near),
        last_category=_last_category(near, captions, wish.not_before or start),
        versions=_versions(company, text, bank, sent),
    )
    tried, is_apart = in_trial(work, inputs), company.settings.shared_one_at_a_time
    return Gathered(tried, text, page, captions, cooldown, is_apart, replaced)


def analysis_of(
    company: Company, page: CreatorPage, captions: Mapping[UUID, Caption], *, last_tier: Tier | None
) -> tuple[PageAnalysis, bytes]:
    """The page's eight sections, also as JSON; made once for all weeks of a batch."""
    known = company.analyses.get(page.id)
    if known is None:
        made = analyze_page(
            company.pages.get(str(page.id), empty()),
            PageFacts(str(page.id), page.zone, page.currency, last_tier),
            as_of=company.as_of,
            captions=pl.DataFrame([[getattr(each, name) for name in CAPTIONS] for each in captions.values()],
                                  schema=CAPTIONS, orient="row"),
            moments=company.moments,
            rates=company.rates,
            settings=AnalysisSettings(volume=company.tables),
        )  # fmt: skip
        known = company.analyses[page.id] = made, orjson.dumps(made, default=str, option=AS_JSON)
    return known


def habits_of_page(page: CreatorPage) -> PageHabits:
    """What the page itself says of its weeks."""
    own = overrides_of(page)
    return PageHabits(
        page.zone, page.quiet_from, page.quiet_until, own.ppvs, own.bumps, own.min_gap_minutes, own.follow_ups,
        own.cooldown_days,
    )  # fmt: skip


def last_tier(work: Work, *, page_id: UUID, before: date) -> Tier | None:
    """The size of the page's last schedule before the week; a draft of the week itself has no say in its successor."""
    found = work.session.scalar(
        select(MessageSchedule.tier)
        .where(
            MessageSchedule.page_id == page_id, MessageSchedule.state.in_(LIVING), MessageSchedule.first_day < before
        )
        .order_by(MessageSchedule.first_day.desc(), MessageSchedule.id.desc())
        .limit(1)
    )
    return Tier(found) if found else None


def read_history(work: Work) -> pl.DataFrame:
    """Every page's messages, oldest first."""
    if not work.warehouse.exists("page_messages"):
        return empty()
    columns = ", ".join(HISTORY)
    rows = work.warehouse.execute(f"SELECT {columns} FROM page_messages ORDER BY sent_at, message_id")  # noqa: S608
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in HISTORY.items())


def week_of(first_day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The week's first instant and the first after it, UTC."""
    zone = ZoneInfo(zone_name)
    ends = (datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC) for day in (first_day, first_day + WEEK))
    return next(ends), next(ends)


def wish_of(now: datetime, zone_name: str, first_day: date, template: TemplateRules) -> Wish:
    """The week, or what is left of it. Raises WeekIsPastError."""
    start, end = week_of(first_day, zone_name)
    earliest = (now + LEAD).replace(second=0, microsecond=0)
    if earliest >= end:
        raise WeekIsPastError(f"The week from {first_day} is over; choose a later first day.")
    if earliest <= start:
        return Wish(first_day, template=template)
    return Wish(first_day, template=template, share=(end - earliest) / (end - start), not_before=earliest)


def template_of(work: Work, template_id: UUID | None) -> TemplateRules:
    """What a saved template says. Raises NoSuchTemplateError."""
    return TemplateRules() if template_id is None else rules_of(get_template(work, template_id=template_id))


def neighbours_of(
    work: Work, page: CreatorPage, sent: pl.DataFrame, start: datetime, end: datetime, *, without: Sequence[UUID]
) -> list[tuple[datetime, str, int | None]]:
    """Messages around and within the days, sent or planned elsewhere: when, what, which caption; in order of time."""
    first, last = start - NEAR, end + NEAR
    rows = sent.filter(pl.col("sent_at").is_between(first, last)).select("sent_at", "type", "caption_no").iter_rows()
    found: dict[tuple[datetime, str], int | None] = {(at, kind): number for at, kind, number in rows}
    planned = (
        select(Assignment.send_at, Assignment.message_type, Caption.caption_no)
        .join(MessageSchedule, MessageSchedule.id == Assignment.schedule_id)
        .join(Caption, Caption.id == Assignment.caption_id)
        .where(
            Assignment.page_id == page.id, Assignment.removed_at.is_(None), MessageSchedule.state.in_(LIVING),
            Assignment.send_at.between(max(first, work.now), last), MessageSchedule.id.not_in(without),
        )
    )  # fmt: skip
    for at, kind, number in work.session.execute(planned):
        found.setdefault((at, kind), number)
    return [(at, kind, number) for (at, kind), number in sorted(found.items())]


def overlapping(work: Work, *, page_id: UUID, first_day: date) -> list[MessageSchedule]:
    """Living schedules of the page that share days with the week."""
    return _overlapping(work, page_id=page_id, first_day=first_day, states=LIVING)


def tables_of(settings: CompanySettings) -> VolumeSettings:
    """The company's tables of volume."""
    return VolumeSettings(
        tiers=tuple(
            TierRule(row.tier, row.revenue_from, Range(row.ppv.low, row.ppv.high),
                     Range(row.bumps.low, row.bumps.high), row.gap_minutes, row.strategy)
            for row in settings.tiers
        ),
        zones=tuple(
            ZoneRule(row.zone, row.score_from, row.ppv_percent, row.bump_percent, row.extra_gap_minutes,
                     row.cooling_days)
            for row in settings.zones
        ),
        hysteresis=settings.hysteresis,
    )  # fmt: skip


def habits_of(settings: CompanySettings) -> Habits:
    """The company's other numbers."""
    return Habits(**{name: getattr(settings, name) for name in Habits.__dataclass_fields__})


def _overlapping(work: Work, *, page_id: UUID, first_day: date, states: Sequence[str]) -> list[MessageSchedule]:
    near = select(MessageSchedule).where(
        MessageSchedule.page_id == page_id,
        MessageSchedule.state.in_(states),
        MessageSchedule.first_day.between(first_day - WEEK + timedelta(days=1), first_day + WEEK - timedelta(days=1)),
    )
    return list(work.session.scalars(near.order_by(MessageSchedule.id)))


def _bank(
    captions: Mapping[UUID, Caption], gone: set[UUID] | frozenset[UUID], sent: pl.DataFrame, since: datetime
) -> tuple[BankCaption, ...]:
    lately = set(sent.filter(pl.col("sent_at") > since)["caption_no"].drop_nulls().to_list())
    return tuple(
        BankCaption(
            caption_no=each.caption_no,
            price_tier=PriceTier(each.price_tier),
            category=each.category,
            has_urgency=each.has_urgency,
            is_shared=each.page_id is None,
            caption_id=str(each.id),
            text=each.text,
            language=each.language,
            is_free_now=each.id not in gone and each.caption_no not in lately,
        )
        for each in sorted(captions.values(), key=lambda each: each.caption_no)
    )


def _last_category(
    near: Sequence[tuple[datetime, str, int | None]], captions: Mapping[UUID, Caption], before: datetime
) -> str | None:
    numbers = [number for at, _, number in near if at < before]
    by_no = {each.caption_no: each.category for each in captions.values()}
    return by_no.get(numbers[-1]) if numbers and numbers[-1] is not None else None


def _moments(work: Work, *, first: date, last: date) -> tuple[pl.DataFrame, dict[date, tuple[str, ...]]]:
    """What the master calendar knows of each day: that it matters; how much, the analysis finds out."""
    names: dict[date, list[str]] = {}
    for each in moments_between(work, first=first, last=last):
        for step in range((min(each.last, last) - max(each.first, first)).days + 1):
            names.setdefault(max(each.first, first) + timedelta(days=step), []).append(each.name)
    rows = [(day, name, None) for day, found in sorted(names.items()) for name in found]
    return pl.DataFrame(rows, schema=MOMENTS, orient="row"), {day: tuple(found) for day, found in names.items()}


def _rates(work: Work) -> pl.DataFrame:
    """US dollars for a unit of each currency, by day, said either way round."""
    if not work.warehouse.exists("rates"):
        return pl.DataFrame(schema=RATES)
    rows = work.warehouse.execute(
        "SELECT date AS day, base AS currency, CAST(rate AS decimal(18, 6)) AS usd, batch_seq FROM rates"
        " WHERE quote = 'USD' UNION ALL SELECT date, quote, CAST(1 / rate AS decimal(18, 6)), batch_seq FROM rates"
        " WHERE base = 'USD' AND rate > 0"
    )
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    newest = frame.sort("batch_seq").unique(["day", "currency"], keep="last").sort("day", "currency")
    return newest.select(pl.col(name).cast(dtype) for name, dtype in RATES.items())


def _versions(company: Company, analysis: bytes, bank: Sequence[BankCaption], sent: pl.DataFrame) -> dict[str, str]:
    """What each part of the inputs was."""
    mine = sent.filter(pl.col("sent_at") < company.as_of)
    return {
        "as_of": company.as_of.isoformat(),
        "code": __version__,
        "history": digest(mine.write_ipc(None).getvalue()),
        "history_rows": str(mine.height),
        "company_rows": str(company.history.height),
        "analysis": digest(analysis),
        "captions": digest(repr(bank).encode()),
        "settings": digest(company.settings.model_dump_json().encode()),
    }


def digest(content: bytes) -> str:
    """A short name of some bytes."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()
