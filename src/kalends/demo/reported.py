"""What a platform answers to one pull: the truth of its days, as far as it is known by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from kalends.demo.amounts import Counts, Floats, as_known, known_share, split_counts
from kalends.demo.parameters import Account, Campaign, Parameters
from kalends.demo.pulls import Pull, month_start
from kalends.demo.truth import AccountTruth, conversion_unit


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One payload as it is handed to Kalends.

    `reported_at` is when the platform said it; `date_range` the asked days (both inside), for rows that name none;
    `bad_rows` how many of its rows cannot be right and belong into quarantine; `columns` what a person corrects in
    the guesses (raw name -> field), where the file is no platform's.
    """

    data_source: str
    name: str
    reported_at: datetime
    content: bytes
    date_range: tuple[date, date]
    rows: int
    bad_rows: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reported:
    """One account's answer: `days` as ISO dates, `counts` (n, campaigns), the ads' weights as in the truth."""

    account: Account
    pull: Pull
    names: tuple[str, ...]
    days: tuple[str, ...]
    counts: Counts
    traffic: tuple[Floats, ...]
    orders: tuple[Floats, ...]

    def campaign(self, index: int) -> Counts:
        """One campaign's days (n,)."""
        return self.counts.each(lambda measure: measure[:, index])

    def ads(self, index: int) -> Counts:
        """One campaign's days by ad (n, ads), in the order of its groups."""
        return split_counts(
            counts=self.campaign(index),
            traffic=self.traffic[index],
            orders=self.orders[index],
            unit=conversion_unit(self.account),
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one part, in the units of `Counts`."""

    day: str
    spend: int
    impressions: int
    clicks: int
    conversions: int
    revenue: int


def as_reported(*, truth: AccountTruth, pull: Pull, parameters: Parameters, end: date) -> Reported:
    """`truth` within the pull's days as the platform knew it on the pull's day, under the names of that day."""
    inside = (truth.days >= np.datetime64(pull.first)) & (truth.days <= np.datetime64(pull.last))
    days = truth.days[inside]
    known = known_share(
        age=(np.datetime64(pull.day) - days).astype(np.int64),
        after_a_day=parameters.known_after_a_day,
        lag_days=parameters.lag_days,
        settled_after=parameters.settled_after_days,
    )
    counts = truth.counts.each(lambda measure: measure[inside])
    renamed = renamed_on(parameters=parameters, end=end)
    return Reported(
        account=truth.account,
        pull=pull,
        names=tuple(name_on(campaign, pull.day, renamed=renamed) for campaign in truth.account.campaigns),
        days=tuple(np.datetime_as_string(days, unit="D").tolist()),
        counts=as_known(counts=counts, known=known, unit=conversion_unit(truth.account)),
        traffic=tuple(weights[inside] for weights in truth.traffic),
        orders=tuple(weights[inside] for weights in truth.orders),
    )


def cells(*, days: tuple[str, ...], counts: Counts) -> Iterator[Cell]:
    """The days on which anything was shown; platforms send no row for the others."""
    measures = (counts.spend, counts.impressions, counts.clicks, counts.conversions, counts.revenue)
    for day, *values in zip(days, *(measure.tolist() for measure in measures), strict=True):
        if any(values):
            yield Cell(day, *values)


def part(counts: Counts, index: int) -> Counts:
    """Column `index` of counts (n, k)."""
    return counts.each(lambda measure: measure[:, index])


def child_id(parent: str, ordinal: int) -> str:
    """The id of the `ordinal`-th (from 0) ad group of a campaign: as long as the campaign's, and no other's."""
    return str(int(parent) + 1_000 * (ordinal + 1))


def ad_id(campaign: str, ordinal: int) -> str:
    """The id of a campaign's `ordinal`-th (from 0) ad."""
    return str(int(campaign) + 100_000 * (ordinal + 1))


def name_on(campaign: Campaign, day: date, *, renamed: date) -> str:
    """What a campaign was called on a day; `renamed`: the day from which new names hold."""
    return campaign.former_name if campaign.former_name and day < renamed else campaign.name


def renamed_on(*, parameters: Parameters, end: date) -> date:
    """The day on which campaigns got the names that they have now."""
    return month_start(end, months=-parameters.renamed_months_before_end)
