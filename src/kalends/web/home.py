"""The home page's content: figures, the curve with what was on, channels, what comes, freshness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

from kalends.base.charts.trend import EventBand, TrendPoint, trend
from kalends.base.formats import ago, change, compact, money, number, period, short_day
from kalends.base.pages import Change, Choice, KeyFigure
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.identity.service import workspace
from kalends.insight import service as insight
from kalends.insight.service import Period, Result
from kalends.marketing import service as marketing
from kalends.marketing.words import source_name
from kalends.web.views import ChannelRow, ComingUp, FirstStep, HomeView, SourceState, Tone

PERIODS = (
    "last 7 days",
    "last 28 days",
    "this month",
    "this quarter",
    "last quarter",
    "this fiscal year",
    "last 365 days",
)
START: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
GRAINS = tuple(START)
COMPARED = "same_weekdays_last_year"
SPARKS = 42
"""Days in a small curve: six weeks show a direction and a week's rhythm."""
AHEAD = timedelta(days=60)
COLOURS = 8
TONES: Mapping[str, Tone] = {"critical": "bad", "high": "attention", "medium": "accent", "low": "plain"}
CHANNEL_NAMES = {"sms": "SMS", "crm": "CRM", "app": "App"}
STALE = {0: "good", 1: "good", 2: "good", 3: "attention", 4: "attention"}
"""How a source looks by the days since its newest one; above these, bad."""
SELLING = {"promotional_period", "seasonal_campaign", "product_launch", "competitor_event", "market_event"}


Row: TypeAlias = Mapping[str, Any]
"""A group of an answer: dimensions and metrics by name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked to show."""

    period: Period
    words: str
    grain: str
    today: date
    currency: str


def view(work: Work, *, words: str, grain: str) -> HomeView:
    """The whole page for the period in `words`, the curve by `grain`."""
    sources = marketing.list_sources(work)
    today = insight.today_of(work)
    tenant = workspace(work)
    if not any(source.rows for source in sources):
        return welcome(work)
    asked = Asked(insight.period_of(work, words=words), words, grain, today, tenant.currency)
    found = insight.home(work, period=asked.period, compare_to=COMPARED, currency=asked.currency)
    totals = found.by_channel
    return HomeView(
        title=words[0].upper() + words[1:],
        sub=sub_line(work, asked),
        periods=[
            Choice(label=one[0].upper() + one[1:], href=link(one, grain), current=one == words) for one in PERIODS
        ],
        figures=figures(asked, found),
        trend_title="Revenue and what was on",
        trend_note=trend_note(totals),
        trend_words=trend_words(asked, found),
        trend=draw(work, asked, found),
        grains=[Choice(label=one.capitalize(), href=link(words, one), current=one == grain) for one in GRAINS],
        channels=channels(asked, totals),
        coming=coming(work, today=today),
        sources=[source_state(source, work=work, today=today) for source in sources],
        is_counted="revenue" in found.once.counted,
        notes=found.once.notes,
    )


def link(words: str, grain: str) -> str:
    """The page with another period or grain."""
    return "/?" + urlencode({"period": words, "grain": grain})


def sub_line(work: Work, asked: Asked) -> str:
    """The grey line: the dates, the place in the books, the comparison."""
    place = calendar.fiscal_place(work, first=asked.period.start, last=asked.period.end)
    span = period(start=asked.period.start, end=asked.period.end)
    return " · ".join(part for part in (span, place, "compared with the same weekdays last year") if part)


def figures(asked: Asked, found: insight.Home) -> list[KeyFigure]:
    """The four numbers, each with its change, its small curve, and the way to where it comes from."""
    recent = found.once.rows[-SPARKS:]
    provisional = provisional_days(found.by_day, recent)
    return [figure(asked, name, found, recent, provisional) for name in ("revenue", "spend", "roas", "conversions")]


def figure(asked: Asked, name: str, found: insight.Home, recent: Sequence[Row], provisional: int) -> KeyFigure:
    """One number, with its course over the `recent` days."""
    declared, totals = insight.metric(name), found.once.totals
    value, ratio = totals.get(name), totals.get(f"{name}_change")
    return KeyFigure(
        label=declared.label,
        value=written(name, value, currency=found.by_channel.currency or asked.currency),
        change=Change(text=change(ratio), tone=tone_of(ratio, good=declared.good)) if ratio is not None else None,
        comparison="vs same weekdays last year" if ratio is not None else "nothing to compare with yet",
        trend=[plain(row[name]) for row in recent],
        provisional=provisional,
        href=origin(name, found),
    )


def origin(name: str, found: insight.Home) -> str:
    """Where a figure comes from: what was counted stands beside what is claimed; all else can be traced to its rows."""
    told = next((column for column in insight.metric(name).columns if column in found.once.counted), None)
    if told:
        return "/data/reconciliation?" + urlencode({"metric": told})
    return "/trace?" + urlencode({"handle": found.by_channel.handle, "metric": name})


def tone_of(ratio: float, *, good: int) -> Tone:
    """Whether a change is good, by the direction that is good for the metric (0: neither)."""
    if not ratio or not good:
        return "plain"
    return "good" if (ratio > 0) == (good > 0) else "bad"


def written(name: str, value: Any, *, currency: str) -> str:
    """A figure as it is read: unknown is a dash, never a zero."""
    if value is None:
        return "–"
    if name in {"revenue", "spend"}:
        return money(value, currency=currency)
    return number(value, digits=2) if name == "roas" else compact(value)


def plain(value: Any) -> float | None:
    """A number for a curve."""
    return None if value is None else float(value)


def provisional_days(by_day: Result, recent: Sequence[Row]) -> int:
    """How many of the `recent` days may still change."""
    if not by_day.is_provisional or by_day.settled_until is None:
        return 0
    return sum(row["date"] > by_day.settled_until for row in recent)


def trend_note(totals: Result) -> str:
    """What the marks in the curve mean."""
    parts = ["shaded: your events", "thin line: same weekdays last year"]
    if totals.is_provisional and totals.settled_until is not None:
        parts.append(f"after {short_day(totals.settled_until)} provisional")
    return " · ".join(parts)


def trend_words(asked: Asked, found: insight.Home) -> str:
    """The curve in one sentence, for those who cannot see it."""
    totals = found.once.totals
    value = written("revenue", totals.get("revenue"), currency=found.by_channel.currency or asked.currency)
    ratio = totals.get("revenue_change")
    compared = f", {change(ratio)} against the same weekdays last year" if ratio is not None else ""
    return f"Revenue {value} from {period(start=asked.period.start, end=asked.period.end)}{compared}."


def draw(work: Work, asked: Asked, found: insight.Home) -> dict[str, Any] | None:
    """The curve with the company's events behind it; None without any day."""
    by_day, known = found.by_day, {row["date"]: row for row in found.once.rows}
    if not known:
        return None
    settled = by_day.settled_until if by_day.is_provisional else None
    spans: dict[date, list[date]] = {}
    for day in asked.period.dates():
        spans.setdefault(START[asked.grain](day), []).append(day)
    points = [
        TrendPoint(
            start=start,
            value=total(known, days, "revenue"),
            before=total(known, days, "revenue_before"),
            is_provisional=settled is not None and days[-1] > settled,
        )
        for start, days in spans.items()
    ]
    return trend(points=points, bands=bands(work, asked), label="Revenue", unit=by_day.currency or asked.currency)


def total(known: Mapping[date, Row], days: Sequence[date], name: str) -> float | None:
    """The sum over the days that are known; None where none is."""
    values = [value for day in days if day in known and (value := plain(known[day].get(name))) is not None]
    return sum(values) if values else None


def bands(work: Work, asked: Asked) -> list[EventBand]:
    """The company's events in the period."""
    found = calendar.list_occurrences(work, first=asked.period.start, last=asked.period.end)
    return [
        EventBand(
            name=event.name, kind=calendar.event_type(event.type).colour, start=event.starts_on, end=event.ends_on
        )
        for event in (each.fields for _, each in found)
        if event.status != "cancelled" and event.type in SELLING
    ]


def channels(asked: Asked, by_channel: Result) -> list[ChannelRow]:
    """Channels by revenue, with their share of it."""
    rows = [row for row in by_channel.rows if row["spend"] is not None or row["revenue"] is not None]
    rows.sort(key=lambda row: plain(row["revenue"]) or 0.0, reverse=True)
    whole = sum(plain(row["revenue"]) or 0.0 for row in rows)
    return [
        ChannelRow(
            name=channel_name(row["channel"]),
            spend=written("spend", row["spend"], currency=by_channel.currency or asked.currency),
            share=(plain(row["revenue"]) or 0.0) / whole if whole else 0.0,
            roas=written("roas", row["roas"], currency=""),
            colour=place % COLOURS + 1,
        )
        for place, row in enumerate(rows)
    ]


def channel_name(channel: str | None) -> str:
    """A channel as people say it."""
    if not channel:
        return "Other"
    return CHANNEL_NAMES.get(channel, channel.replace("_", " ").capitalize())


def coming(work: Work, *, today: date, most: int = 6) -> list[ComingUp]:
    """The next events and major moments."""
    events = [
        ComingUp(
            day=event.starts_on,
            name=event.name,
            note="under way" if event.starts_on <= today else f"in {plural((event.starts_on - today).days)}",
            impact=event.impact,
            tone=TONES.get(event.impact, "plain"),
            href=f"/calendar?date={event.starts_on}",
        )
        for event in (each.fields for _, each in calendar.list_occurrences(work, first=today, last=today + AHEAD))
        if event.status != "cancelled"
    ]
    moments = [
        ComingUp(day=one.first, name=one.name, note=f"in {plural((one.first - today).days)}", impact="moment")
        for one in calendar.moments_between(work, first=today, last=today + AHEAD)
        if one.is_major and one.first >= today
    ]
    return sorted([*events, *moments], key=lambda one: one.day)[:most]


def plural(days: int) -> str:
    """Three days as "3 days"."""
    return f"{days} day" if days == 1 else f"{days} days"


def source_state(source: marketing.Source, *, work: Work, today: date) -> SourceState:
    """How fresh and how good a source is, in words."""
    age = (today - source.last).days if source.last else None
    state = "bad" if age is None else STALE.get(age, "bad")
    return SourceState(
        name=source_name(source.name),
        state=state,  # type: ignore[arg-type]  # every value of STALE is one
        loaded=f"loaded {ago(source.loaded_at, now=work.now)}" if source.loaded_at else "nothing loaded yet",
        through=f"through {short_day(source.last)}" if source.last else "no days yet",
        quality=source.share_good,
        note=f"{source.waiting} to look at" if source.waiting else "",
        note_href=f"/data?source={source.name}&show=attention" if source.waiting else "",
        href=f"/data?source={source.name}",
    )


def welcome(work: Work) -> HomeView:
    """The page of a company without data: four steps."""
    today = insight.today_of(work)
    has_events = bool(calendar.list_events(work, first=today - timedelta(days=3650), last=today + timedelta(days=3650)))
    steps: Sequence[FirstStep] = (
        FirstStep(
            "Set your calendar up",
            "Countries, fiscal year, busy periods: five steps, five minutes.",
            "Set it up",
            "/calendar-setup",
            is_done=calendar.was_set_up(work),
        ),
        FirstStep(
            "Bring in your data",
            "Drop an export of Google Ads, Meta, Klaviyo, or any table.",
            "Load a file",
            "/data/upload",
        ),
        FirstStep(
            "Put your events on the calendar",
            "Sales, launches: what you want to see in the curve.",
            "Open the calendar",
            "/calendar",
            is_done=has_events,
        ),
        FirstStep(
            "Invite your team",
            "They see the same numbers, with the rights that you give.",
            "Invite somebody",
            "/settings/people",
        ),
    )
    return HomeView(
        title=f"Welcome to {workspace(work).name}",
        sub="Nothing is measured yet",
        periods=(),
        figures=(),
        trend_title="",
        trend_note="",
        trend_words="",
        trend=None,
        grains=(),
        channels=(),
        coming=(),
        sources=(),
        first_steps=steps,
    )
