"""The daily truth: demand, shops and campaigns, before any platform says anything about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kalends.demo.amounts import Counts, Days, Floats, Ints
from kalends.demo.events import PlannedEvent, budget_curve, effect_curve
from kalends.demo.parameters import Account, Campaign, Parameters, Shop

YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Demand:
    """One market's demand (n,), 1 on a normal day; `effects` (event key -> (n,)) are the factors inside `level`."""

    level: Floats
    effects: Mapping[str, Floats]
    budget: Floats


@dataclass(frozen=True, slots=True)
class ShopTruth:
    """One shop's days (n,): orders, revenue in cents, and the revenue expected before the luck of single orders."""

    shop: Shop
    days: Days
    orders: Ints
    revenue: Ints
    expected: Floats
    effects: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class AccountTruth:
    """One account's days: `counts` (n, campaigns); per campaign the weights (n, ads) of its ads' traffic and orders."""

    account: Account
    days: Days
    counts: Counts
    traffic: tuple[Floats, ...]
    orders: tuple[Floats, ...]


def conversion_unit(account: Account) -> int:
    """Smallest step of conversions in hundredths: Meta counts whole purchases, Google shares them among clicks."""
    return 100 if account.data_source == "facebook_ads" else 1


def years_since_start(days: Days) -> Floats:
    """Years (n,) passed since the first day."""
    years: Floats = np.arange(days.size) / YEAR
    return years


def day_of_year(days: Days) -> Ints:
    """Days (n,) since the 1st of January, which is 0."""
    since_new_year: Ints = (days - days.astype("datetime64[Y]")).astype(np.int64)
    return since_new_year


def seasonal(*, days: Days, months: tuple[float, ...]) -> Floats:
    """Factor (n,) by day of the year, straight lines between the middles of the months."""
    middles = (np.arange(12) + 0.5) * YEAR / 12
    factor: Floats = np.interp(day_of_year(days), middles, np.array(months), period=YEAR)
    return factor


def weekday_factor(*, days: Days, factors: tuple[float, ...]) -> Floats:
    """Factor (n,) by weekday; `factors` start with Monday (1970-01-01 was a Thursday)."""
    by_weekday: Floats = np.array(factors)
    return by_weekday[(days.astype("datetime64[D]").astype(np.int64) + 3) % 7]


def autoregressive(*, rng: np.random.Generator, size: int, persistence: float, spread: float) -> Floats:
    """AR(1) noise (n,) with standard deviation `spread`, begun in its steady state."""
    shocks = rng.normal(0.0, spread * np.sqrt(1 - persistence**2), size)
    shocks[0] = rng.normal(0.0, spread)
    noise = np.empty(size)
    noise[0] = shocks[0]
    for day in range(1, size):
        noise[day] = persistence * noise[day - 1] + shocks[day]
    return noise


def make_demand(
    *, rng: np.random.Generator, days: Days, parameters: Parameters, events: tuple[PlannedEvent, ...]
) -> dict[str, Demand]:
    """Market -> its demand. Noise is half shared: Austria's bad Tuesday is often Germany's too."""
    shared = _noise(rng=rng, days=days, parameters=parameters)
    return {
        shop.market: _market_demand(
            noise=parameters.noise_shared * shared
            + (1 - parameters.noise_shared) * _noise(rng=rng, days=days, parameters=parameters),
            days=days,
            parameters=parameters,
            events=tuple(plan for plan in events if shop.market in plan.recipe.markets),
        )
        for shop in parameters.shops
    }


def make_shop(*, rng: np.random.Generator, days: Days, shop: Shop, demand: Demand) -> ShopTruth:
    """One shop's orders and revenue from its first day on."""
    expected = shop.revenue * (1 + shop.growth) ** years_since_start(days) * demand.level
    orders = rng.poisson(expected / shop.basket)
    # Baskets differ by half their size; the mean of a day's orders differs by that over the root of their number.
    basket = shop.basket * rng.normal(1.0, 0.5 / np.sqrt(np.maximum(orders, 1)))
    revenue = np.rint(orders * basket * 100).astype(np.int64)
    open_days = slice(shop.starts_after_days, None)
    effects = {key: factor[open_days] for key, factor in demand.effects.items()}
    return ShopTruth(shop, days[open_days], orders[open_days], revenue[open_days], expected[open_days], effects)


def make_account(
    *, rng: np.random.Generator, days: Days, account: Account, demand: Demand, parameters: Parameters
) -> AccountTruth:
    """One account's campaigns from its first day on, with its gaps."""
    columns = [
        _campaign_counts(rng=rng, days=days, campaign=campaign, account=account, demand=demand, parameters=parameters)
        for campaign in account.campaigns
    ]
    counts = Counts(*(np.stack(measure, axis=1) for measure in zip(*columns, strict=True)))
    weights = [_ad_weights(rng=rng, days=days, campaign=campaign) for campaign in account.campaigns]
    since = slice(account.starts_after_days, None)
    return AccountTruth(
        account=account,
        days=days[since],
        counts=_with_gaps(counts=counts, account=account, days=days, parameters=parameters).each(lambda a: a[since]),
        traffic=tuple(traffic[since] for traffic, _ in weights),
        orders=tuple(orders[since] for _, orders in weights),
    )


def gap(*, days: Days, before_end: int, length: int) -> slice:
    """Indices of the `length` days that begin `before_end` days before the last."""
    start = days.size - 1 - before_end
    return slice(start, start + length)


def _noise(*, rng: np.random.Generator, days: Days, parameters: Parameters) -> Floats:
    return autoregressive(
        rng=rng, size=days.size, persistence=parameters.noise_persistence, spread=parameters.noise_size
    )


def _market_demand(*, noise: Floats, days: Days, parameters: Parameters, events: tuple[PlannedEvent, ...]) -> Demand:
    effects = {plan.event.key: effect_curve(days=days, plan=plan) for plan in events}
    normal = seasonal(days=days, months=parameters.seasons["shop"]) * weekday_factor(
        days=days, factors=parameters.weekday
    )
    level = normal * np.exp(noise) * np.prod([np.ones(days.size), *effects.values()], axis=0)
    budget = np.prod([np.ones(days.size), *(budget_curve(days=days, plan=plan) for plan in events)], axis=0)
    return Demand(level, effects, budget)


def _campaign_counts(
    *,
    rng: np.random.Generator,
    days: Days,
    campaign: Campaign,
    account: Account,
    demand: Demand,
    parameters: Parameters,
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Spend buys impressions, these bring clicks, these bring conversions as demand makes people ready."""
    spend = np.rint(100 * _spend(rng=rng, days=days, campaign=campaign, demand=demand, parameters=parameters))
    price = campaign.cpm * _price_factor(days=days, parameters=parameters, budget=demand.budget)
    impressions = np.rint(spend * 10 / price * rng.normal(1.0, 0.05, days.size))
    clicks = np.minimum(rng.poisson(impressions * campaign.ctr * rng.normal(1.0, 0.04, days.size)), impressions)
    likely = clicks * campaign.cvr * demand.level**parameters.readiness
    conversions = _conversions(rng=rng, likely=likely, clicks=clicks, unit=conversion_unit(account))
    basket = campaign.basket * rng.normal(1.0, 0.35 / np.sqrt(np.maximum(conversions / 100, 4)))
    revenue = np.rint(conversions * basket)
    return tuple(a.astype(np.int64) for a in (spend, impressions, clicks, conversions, revenue))  # type: ignore[return-value]


def _spend(
    *, rng: np.random.Generator, days: Days, campaign: Campaign, demand: Demand, parameters: Parameters
) -> Floats:
    season = seasonal(days=days, months=parameters.seasons[campaign.season])
    pace = autoregressive(rng=rng, size=days.size, persistence=0.4, spread=0.08)
    growth = (1 + parameters.budget_growth) ** years_since_start(days)
    return campaign.budget * growth * season**parameters.budget_follows_demand * demand.budget * np.exp(pace)


def _price_factor(*, days: Days, parameters: Parameters, budget: Floats) -> Floats:
    """Prices grow slowly, swell from November to Christmas, and rise a little with everybody's sale budgets."""
    christmas = np.exp(-(((day_of_year(days) - 335) / 22.0) ** 2))
    growth = np.power(1 + parameters.price_growth, years_since_start(days))
    factor: Floats = growth * (1 + parameters.christmas_price * christmas) * budget**0.15
    return factor


def _conversions(*, rng: np.random.Generator, likely: Floats, clicks: Floats, unit: int) -> Floats:
    """Hundredths of conversions (n,), never more than clicks: whole ones by Poisson, shared ones by its smooth twin."""
    counted = 100 * rng.poisson(likely) if unit == 100 else np.rint(100 * rng.gamma(likely))
    return np.minimum(counted, clicks * 100)


def _ad_weights(*, rng: np.random.Generator, days: Days, campaign: Campaign) -> tuple[Floats, Floats]:
    """Weights (n, ads) of the ads' traffic and orders: ads win and lose ground slowly, and some sell better."""
    ads = sum(len(group.ads) for group in campaign.groups)
    drift = np.cumsum(rng.normal(0.0, 0.015, (days.size, ads)), axis=0)
    traffic = np.exp(rng.normal(0.0, 0.35, ads) + np.clip(drift, -0.8, 0.8))
    return traffic, traffic * np.exp(rng.normal(0.0, 0.15, ads))


def _with_gaps(*, counts: Counts, account: Account, days: Days, parameters: Parameters) -> Counts:
    """The tag outage empties the German accounts' conversions; the unpaid bill empties Meta UK's days."""
    outage = gap(days=days, before_end=parameters.outage_days_before_end, length=parameters.outage_days)
    pause = gap(days=days, before_end=parameters.pause_days_before_end, length=parameters.pause_days)
    if account.market == "DE":
        return replace(
            counts, conversions=_emptied(counts.conversions, outage), revenue=_emptied(counts.revenue, outage)
        )
    if account.data_source == "facebook_ads" and account.market == "UK":
        return counts.each(lambda measure: _emptied(measure, pause))
    return counts


def _emptied(measure: Ints, where: slice) -> Ints:
    emptied = measure.copy()
    emptied[where] = 0
    return emptied
