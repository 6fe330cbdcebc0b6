"""What brings people to the shops: each campaign and message with what its platform claims, and those who come alone.

A visit has one last click. So each sale has one origin at most, while several platforms may claim it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from kalends.demo.amounts import Days, Floats, Ints
from kalends.demo.mailing import MailTruth
from kalends.demo.parameters import Account, Campaign, Parameters
from kalends.demo.reported import name_on
from kalends.demo.truth import AccountTruth

Number = TypeVar("Number", bound=np.generic)
NOT_SET: Final = "(not set)"
CHANNELS: Final = {
    "SEARCH": ("paid_search", "Paid Search"),
    "SHOPPING": ("shopping", "Paid Shopping"),
    "VIDEO": ("video", "Paid Video"),
    "OUTCOME_SALES": ("paid_social", "Paid Social"),
}
"""Kind of a campaign -> the channel as the shop writes it, and as Google Analytics does."""
EMAIL: Final = ("email", "Email")


@dataclass(frozen=True, slots=True)
class Origin:
    """One thing that brings visits, on n days: its campaign as the last click names it (`names` (n,), for campaigns are
    renamed), the clicks on it (n,) and the sales of which it was the last click (n,), as expected.
    """

    channel: str
    group: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    clicks: Ints
    sales: Floats


@dataclass(frozen=True, slots=True)
class Alone:
    """Who comes without an ad: the channel, its names in Google Analytics, and its share of them."""

    channel: str
    group: str
    name: str
    share: float


ALONE: Final = (
    Alone("organic", "Organic Search", "(organic)", 0.55),
    Alone("direct", "Direct", "(direct)", 0.33),
    Alone("referral", "Referral", "(referral)", 0.12),
)


def campaign_origins(*, truth: AccountTruth, days: Days, parameters: Parameters, renamed: date) -> Iterator[Origin]:
    """One for each campaign of an account; `renamed`: the day from which new names are in its links."""
    share = parameters.last_clicks[truth.account.data_source]
    for index, campaign in enumerate(truth.account.campaigns):
        channel, group = CHANNELS[campaign.kind]
        yield Origin(
            channel,
            group,
            (_linked_id(truth.account, campaign),) * days.size,
            tuple(name_on(campaign, day, renamed=renamed) for day in days.tolist()),
            since(truth.counts.clicks[:, index], days.size),
            _credited(since(truth.counts.conversions[:, index], days.size), share / 100),
        )


def mail_origins(*, mail: MailTruth, days: Days, parameters: Parameters) -> Iterator[Origin]:
    """One for each flow, and one for the newsletters, each under its own name on the day it was sent."""
    share = parameters.last_clicks["klaviyo"]
    for flow, mails in mail.flows:
        clicks, sold = (since(mails.statistics[name], days.size) for name in ("clicks_unique", "conversions"))
        yield Origin(*EMAIL, (flow.id,) * days.size, (flow.name,) * days.size, clicks, _credited(sold, share))
    sent = {one.day: (one.id, one.name, place) for place, one in enumerate(mail.newsletters)}
    told = [sent.get(day, (NOT_SET, NOT_SET, -1)) for day in days.tolist()]
    places = np.array([place for _, _, place in told])
    clicks, sold = (
        np.where(places >= 0, mail.sent.statistics[name][places], 0) for name in ("clicks_unique", "conversions")
    )
    yield Origin(*EMAIL, tuple(one[0] for one in told), tuple(one[1] for one in told), clicks, _credited(sold, share))


def last_clicks(*, origins: Sequence[Origin], orders: Ints, least_alone: float) -> Floats:
    """What was the last click before a day's orders (n,): shares (n, origins + ALONE) that sum to 1.

    At least the share `least_alone` of them came by themselves, whatever the campaigns could have brought.
    """
    brought = np.stack([origin.sales for origin in origins], axis=1) / np.maximum(orders, 1)[:, None]
    total = brought.sum(axis=1, keepdims=True)
    brought = brought * np.minimum(1.0, (1 - least_alone) / np.maximum(total, 1e-9))
    rest = 1 - brought.sum(axis=1, keepdims=True)
    return np.concatenate([brought, rest * np.array([one.share for one in ALONE])], axis=1)


def _linked_id(account: Account, campaign: Campaign) -> str:
    """Google's own ads carry their campaign's id; links in others' ads were tagged by hand, with the name alone."""
    return campaign.id if account.data_source == "google_ads" else NOT_SET


def _credited(claimed: Ints, share: float) -> Floats:
    """The sales (n,) that last click leaves of those that are claimed."""
    credited: Floats = np.multiply(claimed, share)
    return credited


def since(measure: NDArray[Number], size: int) -> NDArray[Number]:
    """A measure of the last days as one of all `size` days, zero before."""
    return np.concatenate([np.zeros(size - measure.size, dtype=measure.dtype), measure])
