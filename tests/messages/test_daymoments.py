"""The calendar's moments: what they did on the page before moves its days, and is said."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from message_world import add_captions, add_history, add_page
from random_pages import random_page

from kalends.messages.analysis import PageFacts, analyze_page
from kalends.messages.building import build_schedule
from kalends.messages.daymoments import BOUNDS, DayMoments
from kalends.messages.gathering import gather, read_company
from kalends.messages.sections import MomentIndex, Timing
from kalends.messages.simulator import Audience, Habits, simulate

PAGE = PageFacts("page", "America/New_York", "USD")
FRIDAY = MomentIndex("Black Friday", 1.4, 0.1, 1.2, 1.6, 12)


@pytest.fixture(scope="module")
def pages():
    """Simulated pages with what their moments truly do; the analysis is told no more than the calendar knows."""
    audience = Audience(recipients=30_000, purchase_rate=0.02)
    return [simulate(seed=seed, weeks=78, audience=audience, habits=Habits(paid=14)) for seed in range(3)]


def seen(made, *, moments=None, history=None):
    known = made.moments.filter(pl.col("name") != "season") if moments is None else moments
    untold = known.with_columns(pl.lit(None, pl.Float64).alias("factor"))
    own = made.history if history is None else history
    found = analyze_page(own, PAGE, as_of=made.as_of, captions=made.captions, moments=untold)
    return {each.name: each for each in found.timing.moments}


def true_factors(made):
    told = made.moments.filter((pl.col("name") != "season") & pl.col("factor").is_not_null())
    return dict(told.group_by("name").agg(pl.col("factor").mean()).iter_rows())


@pytest.mark.unit
def test_what_moments_truly_do_is_found(pages):
    pairs = [(each.index, truth) for made in pages for name, truth in true_factors(made).items()
             if (each := seen(made).get(name))]  # fmt: skip
    assert len(pairs) >= 12
    assert all((index > 1) == (truth > 1) for index, truth in pairs)
    assert all(abs(index / truth - 1) < 0.3 for index, truth in pairs)


@pytest.mark.unit
def test_little_says_little_and_nothing_says_nothing(pages):
    whole = seen(pages[0])["Black Friday"]
    days = pages[0].moments.filter(pl.col("name") == "Black Friday")["day"].to_list()
    local = pl.col("sent_at").dt.convert_time_zone(PAGE.zone_name).dt.date()
    is_on = local.is_in(days) & (pl.col("type") == "PPV")
    one = pages[0].history.filter(is_on).head(1)["message_id"].to_list()
    thin = seen(pages[0], history=pages[0].history.filter(~is_on | pl.col("message_id").is_in(one)))["Black Friday"]
    assert (thin.sample, whole.sample > 10) == (1, True)
    assert 1 < thin.index < 1 + (whole.index - 1) * 0.75
    assert thin.sd > whole.sd
    assert "Black Friday" not in seen(pages[0], history=pages[0].history.filter(~is_on))


@pytest.mark.unit
def test_effects_multiply_within_bounds():
    timing = Timing(
        "UTC", (), 0, (FRIDAY, MomentIndex("Rain", 0.5, 0.1, 0.4, 0.6, 3), MomentIndex("x", 9, 1, 5, 20, 2))
    )
    assert DayMoments.of(["Black Friday", "Rain"], timing).factor == pytest.approx(0.7)
    assert DayMoments.of(["x"], timing).factor == BOUNDS[1]
    unknown = DayMoments.of(["Labour Day"], timing)
    assert (unknown.factor, unknown.known) == (1.0, ())


def week_with(moments):
    """A week of level hours in New York, without days of rest, with these moments on its fourth day."""
    inputs, _ = random_page(3, zone="America/New_York", is_rich=True)
    hours = tuple(replace(hour, index=1.0) for hour in inputs.analysis.timing.hours)
    analysis = replace(inputs.analysis, timing=replace(inputs.analysis.timing, hours=hours))
    day = inputs.wish.first_day + timedelta(days=3)
    return day, build_schedule(replace(inputs, analysis=analysis, moments={day: moments}), seed=1)


@pytest.mark.unit
def test_a_good_day_gets_more_paid_messages_and_says_why():
    timing = Timing("UTC", (), 0, (FRIDAY,))
    zone = ZoneInfo("America/New_York")

    def on(day, schedule):
        return [each for each in schedule.messages
                if each.message_type == "PPV" and each.send_at.astimezone(zone).date() == day]  # fmt: skip

    day, good = week_with(DayMoments.of(["Black Friday"], timing))
    _, usual = week_with(DayMoments.of(["Labour Day"], timing))
    _, bad = week_with(DayMoments(("Rain",), 0.5, (MomentIndex("Rain", 0.5, 0.1, 0.4, 0.6, 3),)))
    assert len(on(day, good)) >= len(on(day, usual)) >= len(on(day, bad))
    assert len(on(day, good)) > len(on(day, bad))
    message = on(day, good)[0]
    assert message.why["hour_value"] == pytest.approx(1.4)
    assert message.why["time"] == [
        f"{day:%A} {message.send_at.astimezone(zone):%H}:00 is worth 1.00 times the page's average hour.",
        f"{day:%A} is Black Friday: such days sell 1.40 times as well as others here (1.20 to 1.60, from 12 paid messages).",
    ]
    assert DayMoments.of(["Labour Day"], timing).words("Monday") == [
        "Monday is Labour Day: nothing was sent here on such a day yet, so it counts as any other."
    ]


def test_a_gathered_week_knows_what_its_days_did(house, scope, clock):
    """Of a company with a calendar: the moments of the week, with what the page earned on such days a year before."""
    with house.work(scope) as work:
        page = add_page(work)
        bank = add_captions(work, page=page)
        add_history(work, [page], captions=bank, messages=800)
        company = read_company(work)
        sent = company.history.filter(pl.col("type") == "PPV")["sent_at"][100]
        past = sent.astimezone(ZoneInfo(page.zone)).date()
        ahead = clock().date() + timedelta(days=3)
        names = {past: ("Our day",), ahead: ("Our day", "Never before")}
        moments = pl.DataFrame([(day, each, None) for day, told in names.items() for each in told],
                               schema=company.moments.schema, orient="row")  # fmt: skip
        found = gather(work, replace(company, moments=moments, names=names), page_id=page.id, first_day=ahead)
    known = found.inputs.moments[ahead]
    assert known.names == ("Our day", "Never before")
    assert [(each.name, each.sample >= 1) for each in known.known] == [("Our day", True)]
    assert known.factor == pytest.approx(known.known[0].index)
