"""What a schedule of Kalends earns, against fixed volume and round robin, on simulated audiences.

    python benchmarks/emv.py [--pages 16] [--weeks 16] [--tiers MICRO SMALL MEDIUM LARGE MEGA] [--seed 1]

Of each tier, pages are drawn (`messages.simulator`) whose operator's habits ran for half a year; their audience is
scaled so that the last 30 days earned what the tier means. From that very state, and with the same chance by week, each
way goes on for so many weeks with the same captions at the same prices:

- *fixed*: the tier's volume each week whatever the audience bears, captions one after the other, at the hours at which
  operators send. The rival that is named.
- *fixed, our hours*: the same with the times that our planner gives: a harder rival, which nobody uses.
- *ours, fixed volume*: our captions, prices' mix and hours with the tier's volume: what saturation takes or gives.
- *ours*: analysis, volume, captions, times, week by week, from what the history says and nothing else.

Earnings are those that happened, chance and all. A page's gain is the logarithm of its ratio to the rival, and the
interval (95 %, Student) is over pages: pages differ more than weeks do. `fatigue`: the share of purchases lost to it.

Audiences lose buyers for a while, not for good: nobody unsubscribes for being tired. So a volume that spares them pays
only above the load at which one message more earns less than it costs the others (63 % lost, steepness 1).
"""

import argparse
import copy
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from bounds import Bound, judge
from kalends.messages.analysis import PageFacts, analyze_page
from kalends.messages.building import Inputs, build_schedule
from kalends.messages.daymoments import DayMoments
from kalends.messages.evidence import BankCaption, prices_of
from kalends.messages.history import MessageType, PriceTier
from kalends.messages.placing import Neighbour
from kalends.messages.simulator import SCHEDULE, draw_audience, simulate
from kalends.messages.simulator.habits import HOURS
from kalends.messages.volume import Tier, Zone, tier_of, volume_of
from kalends.messages.weekrules import PageHabits, TemplateRules, Wish
from kalends.methods.student import t_quantile

PAST_WEEKS = 26
COOLDOWN = timedelta(days=30)
TARGETS = {
    Tier.MICRO: (1_000, 5_000),
    Tier.SMALL: (5_000, 25_000),
    Tier.MEDIUM: (25_000, 100_000),
    Tier.LARGE: (100_000, 500_000),
    Tier.MEGA: (500_000, 1_500_000),
}
"""Revenue of 30 days, drawn evenly on a logarithmic scale."""
RECIPIENTS = (200, 50_000)
"""Sizes of a page that the simulator stands for."""
ATTEMPTS = 200
WAYS = ("fixed", "fixed, our hours", "ours, fixed volume", "ours")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=16)
    parser.add_argument("--weeks", type=int, default=16)
    parser.add_argument("--tiers", nargs="+", default=[each.value for each in Tier])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    work = [
        (Tier(tier), given.seed * 100_000 + place, given.weeks) for tier in given.tiers for place in range(given.pages)
    ]
    with ProcessPoolExecutor(given.processes) as pool:
        found = list(pool.map(page_of_tier, *zip(*work, strict=True)))
    print(f"{given.pages} pages a tier, {given.weeks} weeks, seed {given.seed}; gains over 'fixed', 95 % over pages\n")
    print(f"{'tier':<8}{'way':<20}{'earned':>14}{'gain %':>9}{'interval':>18}{'paid/week':>11}{'fatigue':>9}")
    bounds = []
    for tier in map(Tier, given.tiers):
        pages = [page for (of, _, _), page in zip(work, found, strict=True) if of is tier]
        for way in WAYS:
            told = [page[way] for page in pages]
            low, middle, high = gain(pages, way, "fixed")
            span = "" if way == "fixed" else f"{100 * low:+.1f} to {100 * high:+.1f}"
            print(f"{tier.value if way == 'fixed' else '':<8}{way:<20}{sum(one['earned'] for one in told):>14,.0f}"
                  f"{100 * middle:>9.1f}{span:>18}{np.mean([one['paid'] for one in told]):>11.1f}"
                  f"{np.mean([one['fatigue'] for one in told]):>9.2f}")  # fmt: skip
            if way == "ours":
                bounds.append(Bound(f"{tier.value}: ours over fixed, lower end, %", 100 * low, at_least=0))
    print("\nwhat each part adds, all tiers, %")
    for words, way, rival in (
        ("our hours, all else fixed", "fixed, our hours", "fixed"),
        ("our captions and mix of prices", "ours, fixed volume", "fixed, our hours"),
        ("volume by saturation", "ours", "ours, fixed volume"),
    ):
        low, middle, high = gain(found, way, rival)
        print(f"  {words:<34}{100 * middle:+7.1f}  ({100 * low:+.1f} to {100 * high:+.1f})")
    return judge(bounds)


def gain(pages, way, rival):
    """(low, middle, high) of the mean of pages' ratios of earnings, less 1; geometric."""
    logs = np.array([math.log(page[way]["earned"] / page[rival]["earned"]) for page in pages])
    reach = t_quantile(0.95, freedom=logs.size - 1) * logs.std(ddof=1) / math.sqrt(logs.size)
    return tuple(math.expm1(logs.mean() + step) for step in (-reach, 0.0, reach))


def page_of_tier(tier, seed, weeks):
    """What each way earns on one page of the tier."""
    start = draw_page(tier, seed)
    return {way: go_on(way, copy.deepcopy(start), tier, weeks=weeks, seed=seed) for way in WAYS}


def draw_page(tier, seed):
    """A page whose last 30 days earned what was drawn for its tier."""
    dice = np.random.default_rng([seed, list(Tier).index(tier)])
    for attempt in range(ATTEMPTS):
        low, high = TARGETS[tier]
        target = float(np.exp(dice.uniform(np.log(low), np.log(high))))
        audience = draw_audience(dice)
        number = seed * ATTEMPTS + attempt
        tried = simulate(seed=number, weeks=PAST_WEEKS, audience=replace(audience, recipients=10_000))
        recipients = round(10_000 * target / revenue(tried))
        if not RECIPIENTS[0] <= recipients <= RECIPIENTS[1]:
            continue
        found = simulate(seed=number, weeks=PAST_WEEKS, audience=replace(audience, recipients=recipients))
        if tier_of(round_money(revenue(found))) is tier:
            return found
    raise AssertionError(f"no page of {tier} within {ATTEMPTS} attempts")


def round_money(amount):
    return Decimal(str(round(amount, 2)))


def revenue(page):
    """Of the last 30 days."""
    late = page.history.filter(pl.col("sent_at") >= page.as_of.astimezone(UTC) - timedelta(days=30))
    return max(float(late["earnings"].sum() or 0), 1e-9)


def go_on(way, page, tier, *, weeks, seed):
    """Earnings, paid messages a week and mean fatigue of one way."""
    world, history, last_tier = page.simulator, page.history, None
    usual, turn = volume_of(tier, Zone.GREEN), {MessageType.PPV: 0, MessageType.BUMP: 0}
    dice = np.random.default_rng([seed, 7])
    earned, paid, fatigue = 0.0, 0, 0.0
    prices = None
    for week in range(weeks):
        if way == "fixed":
            inputs = inputs_of(page, history, world.monday, last_tier, None) if prices is None else None
            times = by_habit(world, usual, dice)
        else:
            fixed = None if way == "ours" else TemplateRules(ppvs=usual.ppv, bumps=usual.bumps)
            inputs = inputs_of(page, history, world.monday, last_tier, fixed)
            last_tier = inputs.analysis.account.tier
            schedule = build_schedule(inputs, seed=seed * 1000 + week)
            times = [(each.send_at, each.message_type) for each in schedule.messages]
        if prices is None:
            prices = prices_of(history, inputs.bank, inputs.analysis, currency="USD")
        if way.startswith("fixed"):
            rows = [(at, kind, *in_turn(page, turn, kind, prices)) for at, kind in times]
        else:
            rows = [(each.send_at, each.message_type, each.caption_no, prices.get(each.price_tier))
                    for each in schedule.messages]  # fmt: skip
        sent = pl.DataFrame([(at, str(kind), number, float(price or 0)) for at, kind, number, price in rows],
                            schema=SCHEDULE, orient="row")  # fmt: skip
        came = world.send(sent)
        history = pl.concat([history, came.history])
        earned += float(came.history["earnings"].sum() or 0)
        paid += sent.filter(pl.col("type") == MessageType.PPV).height
        fatigue += came.fatigue
    return {"earned": earned, "paid": paid / weeks, "fatigue": fatigue / weeks}


def in_turn(page, turn, kind, prices):
    """The caption whose turn it is, of all of its kind, and its tier's price."""
    free = pl.col("price_tier") == PriceTier.FREE
    of_kind = page.captions.filter(free if kind is MessageType.BUMP else ~free)
    row = of_kind.row(turn[kind] % of_kind.height, named=True)
    turn[kind] += 1
    return row["caption_no"], prices.get(PriceTier(row["price_tier"]))


def by_habit(world, usual, dice):
    """Times as operators send: hours by habit, days and minutes by chance."""
    kinds = [MessageType.PPV] * usual.ppv + [MessageType.BUMP] * usual.bumps
    days = np.arange(len(kinds)) % 7  # every day about equally many
    minutes = dice.choice(24, size=len(kinds), p=HOURS / HOURS.sum()) * 60 + dice.integers(0, 60, len(kinds))
    instants = (world.midnights[days] + minutes * 60_000_000).tolist()
    return [(datetime.fromtimestamp(at / 1e6, UTC), kind) for at, kind in zip(instants, kinds, strict=True)]


def inputs_of(page, history, monday: date, last_tier, fixed):
    """Everything that our way knows before the week: the history, the captions, the calendar."""
    zone = page.audience.zone_name
    as_of = datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    analysis = analyze_page(
        history, PageFacts(page.page_id, zone, "USD", last_tier), as_of=as_of, captions=page.captions,
        moments=page.moments,
    )  # fmt: skip
    late = history.filter(pl.col("sent_at") >= as_of - COOLDOWN)
    resting = set(late["caption_no"].to_list())
    bank = tuple(
        BankCaption(
            caption_no=row["caption_no"], price_tier=PriceTier(row["price_tier"]), category=row["category"],
            has_urgency=row["has_urgency"], is_shared=False, is_free_now=row["caption_no"] not in resting,
        )
        for row in page.captions.iter_rows(named=True)
    )  # fmt: skip
    days = page.moments.filter(pl.col("day").is_between(monday, monday + timedelta(days=6)))
    moments = {}
    for row in days.iter_rows(named=True):
        known = moments.get(row["day"], DayMoments(()))
        moments[row["day"]] = DayMoments((*known.names, row["name"]), known.factor * (row["factor"] or 1.0))
    near = history.filter(pl.col("sent_at") >= as_of - timedelta(days=2)).sort("sent_at")
    category = dict(page.captions.select("caption_no", "category").iter_rows())
    return Inputs(
        page_id=page.page_id,
        page_name=page.page_id,
        currency="USD",
        page=PageHabits(zone),
        wish=Wish(monday, template=fixed or TemplateRules()),
        analysis=analysis,
        bank=bank,
        history=history,
        moments=moments,
        neighbours=tuple(Neighbour(at, kind) for at, kind in near.select("sent_at", "type").iter_rows()),
        last_category=category.get(near["caption_no"][-1]) if near.height else None,
    )


if __name__ == "__main__":
    sys.exit(main())
