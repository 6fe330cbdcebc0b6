"""The whole sample company: its profile, its calendar, its files, and the truth behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from kalends.base.errors import BadInputError
from kalends.demo import analytics, google, klaviyo, meta, shopfiles, shoporders
from kalends.demo.amounts import Days
from kalends.demo.calendars import DemoCalendar, other_calendars
from kalends.demo.counted import Counted, count
from kalends.demo.events import DemoEvent, plan_events, single_events
from kalends.demo.ledger import campaign_frame, effect_frame, shop_frame
from kalends.demo.mailing import MailTruth, make_mail
from kalends.demo.market import market_file
from kalends.demo.parameters import Parameters
from kalends.demo.pulls import fresh_pulls, month_start, settled_pulls
from kalends.demo.reported import DemoFile, Reported, as_reported, renamed_on
from kalends.demo.truth import AccountTruth, ShopTruth, gap, make_account, make_demand, make_shop

DAYS_A_YEAR = 365.25
# Plans reach a year and a bit ahead, so that next Christmas is on the calendar.
PLANNED_AHEAD = 400


class TooShortHistoryError(BadInputError):
    """The sample company needs 2 to 10 years: its UK shop opens in the second, its files fit in memory up to ten."""

    code = "demo_history"


@dataclass(frozen=True, slots=True)
class CompanyProfile:
    """What a tenant says of itself on its first day."""

    name: str = "Nordlicht GmbH"
    industry: str = "retail"
    country: str = "DE"
    markets: tuple[str, ...] = ("DE", "AT", "UK")
    zone: str = "Europe/Berlin"
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """Nordlicht GmbH. `calendars`: what others keep of its events; `files` in the order in which they were reported.

    `truth`: one row per day, data_source, account and campaign: final spend, impressions, clicks, conversions, revenue
    (account's currency), null where a source has no such measure. `effects`: one row per event, market and day inside
    its effect: factor on demand, revenue it added (negative in the dip). `shop`: one row per market and day: orders,
    revenue, and expected_revenue before the luck of single orders. `sales`: one row per order (sales.py).
    """

    profile: CompanyProfile
    events: tuple[DemoEvent, ...]
    calendars: tuple[DemoCalendar, ...]
    files: tuple[DemoFile, ...]
    truth: pl.DataFrame
    effects: pl.DataFrame
    shop: pl.DataFrame
    sales: pl.DataFrame


def generate(*, seed: int, end: date, years: int = 3, parameters: Parameters | None = None) -> DemoCompany:
    """The company up to and with the day `end` (the last complete day). The same arguments give the same bytes."""
    if not 2 <= years <= 10:
        raise TooShortHistoryError(years=years)
    recipe = parameters or Parameters()
    days = _days(end=end, years=years)
    first = days[0].item()
    # One stream of luck per part, so that a new account does not change the weather of the old ones.
    streams = 4 + 2 * len(recipe.shops) + len(recipe.accounts) + len(recipe.properties)
    luck = iter(np.random.default_rng(seed).spawn(streams))
    plans = plan_events(rng=next(luck), first=first, end=end, until=end + timedelta(days=PLANNED_AHEAD))
    demand = make_demand(rng=next(luck), days=days, parameters=recipe, events=plans)
    mail = make_mail(
        rng=next(luck), days=days, demand=demand["DE"], events=plans,
        starts_after=recipe.klaviyo_after_days, subscribers=recipe.subscribers,
    )  # fmt: skip
    shops = [make_shop(rng=next(luck), days=days, shop=shop, demand=demand[shop.market]) for shop in recipe.shops]
    accounts = [
        make_account(rng=next(luck), days=days, account=account, demand=demand[account.market], parameters=recipe)
        for account in recipe.accounts
    ]
    counted = [
        count(luck=luck, of=one, days=days, shops=shops, accounts=accounts, mail=mail, parameters=recipe,
              renamed=renamed_on(parameters=recipe, end=end))
        for one in recipe.properties
    ]  # fmt: skip
    sales = pl.concat(one.sales for one in counted)
    files = [
        *_ad_files(accounts, recipe, end), *_mail_files(mail, recipe, end), *_shop_files(shops, end),
        *_order_files(sales, recipe, end), *_analytics_files(counted, recipe, end),
        market_file(rng=next(luck), days=days, events=[plan.event for plan in plans], end=end),
    ]  # fmt: skip
    events = (*(plan.event for plan in plans), *_single_events(days, recipe))
    return DemoCompany(
        profile=CompanyProfile(),
        events=events,
        calendars=other_calendars(events=events, end=end),
        files=tuple(sorted(files, key=lambda file: (file.reported_at, file.name))),
        truth=campaign_frame(accounts=accounts, mail=mail),
        effects=effect_frame(shops=shops),
        shop=shop_frame(shops=shops),
        sales=sales,
    )


def _days(*, end: date, years: int) -> Days:
    size = round(years * DAYS_A_YEAR)
    return np.datetime64(end) - np.arange(size - 1, -1, -1).astype("timedelta64[D]")


def _joined(recipe: Parameters, end: date) -> date:
    return month_start(end, months=-recipe.pulls_since_months)


def _ad_files(accounts: Sequence[AccountTruth], recipe: Parameters, end: date) -> Iterator[DemoFile]:
    for truth in accounts:
        first, joined, lag = truth.days[0].item(), _joined(recipe, end), recipe.settled_after_days
        fresh = fresh_pulls(first=first, end=end, joined=joined, reread=lag)
        for number, pull in enumerate(reversed(fresh)):
            reported = as_reported(truth=truth, pull=pull, parameters=recipe, end=end)
            yield _fresh_file(reported, recipe, faulty=number in recipe.faulty_pulls)
        for pull in settled_pulls(first=first, end=end, joined=joined, settle=lag):
            yield from _settled_files(as_reported(truth=truth, pull=pull, parameters=recipe, end=end))


def _fresh_file(reported: Reported, recipe: Parameters, *, faulty: bool) -> DemoFile:
    if reported.account.data_source == "google_ads":
        return google.campaign_file(reported=reported, parameters=recipe, faulty=faulty)
    return meta.ad_file(reported=reported, faulty=faulty)


def _settled_files(reported: Reported) -> Iterator[DemoFile]:
    if reported.account.data_source == "google_ads":
        yield google.account_file(reported=reported)
        yield google.ad_group_file(reported=reported)
        yield google.ad_file(reported=reported)
    else:
        yield meta.campaign_file(reported=reported)


def _mail_files(mail: MailTruth, recipe: Parameters, end: date) -> Iterator[DemoFile]:
    first = mail.flows[0][1].days[0].item()
    for pull in klaviyo.campaign_pulls(first=first, end=end, settle=recipe.klaviyo_settled_days):
        yield klaviyo.campaign_values_file(mail=mail, pull=pull)
    for pull in settled_pulls(first=first, end=end, joined=_joined(recipe, end), settle=recipe.klaviyo_settled_days):
        yield klaviyo.flow_series_file(mail=mail, pull=pull)


def _shop_files(shops: Sequence[ShopTruth], end: date) -> tuple[DemoFile, ...]:
    return shopfiles.daily_file(shops=shops, end=end), shopfiles.weekly_file(shops=shops, end=end)


def _order_files(sales: pl.DataFrame, recipe: Parameters, end: date) -> Iterator[DemoFile]:
    joined, settle = _joined(recipe, end), recipe.refunded_after_days[1]
    for pull in settled_pulls(first=_first_sale(sales), end=end, joined=joined, settle=settle):
        yield shoporders.orders_file(sales=sales, shops=recipe.shops, pull=pull)


def _analytics_files(counted: Sequence[Counted], recipe: Parameters, end: date) -> Iterator[DemoFile]:
    settle, joined = recipe.analytics_settled_days, _joined(recipe, end)
    for one in counted:
        first = _first_sale(one.sales)
        for pull in settled_pulls(first=first, end=end, joined=joined, settle=settle, months=24):
            yield from analytics.report_files(watched=one.watched, pull=pull, parameters=recipe)


def _first_sale(sales: pl.DataFrame) -> date:
    first: date = sales.select(pl.col("date").min()).item()
    return first


def _single_events(days: Days, recipe: Parameters) -> tuple[DemoEvent, ...]:
    outage = days[gap(days=days, before_end=recipe.outage_days_before_end, length=recipe.outage_days)]
    pause = days[gap(days=days, before_end=recipe.pause_days_before_end, length=recipe.pause_days)]
    uk_start = max(shop.starts_after_days for shop in recipe.shops)
    return single_events(
        uk_start=days[uk_start].item(),
        outage=(outage[0].item(), outage[-1].item()),
        pause=(pause[0].item(), pause[-1].item()),
    )
