"""The truth of e-mail: newsletters that are sent on a day, and flows that a visitor sets off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from kalends.demo.amounts import Days, Floats, Ints
from kalends.demo.events import PlannedEvent
from kalends.demo.truth import Demand

# Crockford's base 32 without I, L, O, U: the alphabet of a ULID.
ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
THEMES = ("Light for the terrace", "Small rooms, big lamps", "Reader's photos", "New: Fjord", "Solar, explained",
          "Warm white or not", "The hallway", "Back in stock", "From our workshop", "Garden at night")  # fmt: skip
TUESDAY, FRIDAY = 1, 4  # the house's two newsletter days


@dataclass(frozen=True, slots=True)
class Flow:
    """An automatic message: sent `per_day` on a normal day; the share of its receivers who open, click and order."""

    id: str
    message_id: str
    name: str
    per_day: float
    opens: float
    clicks: float
    orders: float


# Rates as retailers report them: who left a cart reads, clicks and buys far more than who was merely welcomed.
FLOWS = (
    Flow("VtR4pa", "01HB3Q0Z6N9T4V8K2M7X5C1DWA", "Welcome series", 85, 0.52, 0.085, 0.021),
    Flow("XkM7ne", "01HB3Q1C4R7W2Y8P6J3F9S5TGB", "Abandoned cart", 140, 0.48, 0.092, 0.034),
    Flow("TqL2we", "01HB3Q2E8H5D1Z4N7V6B3K9MXC", "Browse abandonment", 190, 0.45, 0.052, 0.011),
    Flow("RhJ9us", "01HB3Q3F2T6G9X1W5P8R4Y7NDE", "After the purchase", 150, 0.55, 0.031, 0.006),
)
# A newsletter goes to everybody: fewer read it, one in a thousand orders.
NEWSLETTER_RATES = (0.38, 0.014, 0.0012)
BASKET = 88


@dataclass(frozen=True, slots=True)
class Mails:
    """Messages by day: `statistics` (Klaviyo's name -> (n,) whole numbers; conversion_value in cents)."""

    days: Days
    statistics: Mapping[str, Ints]


@dataclass(frozen=True, slots=True)
class Newsletter:
    """One newsletter, the i-th of the `Mails` it is counted in."""

    id: str
    name: str
    day: date


@dataclass(frozen=True, slots=True)
class MailTruth:
    """All e-mail: one `Mails` per flow, and one whose days are the newsletters' sending days."""

    flows: tuple[tuple[Flow, Mails], ...]
    newsletters: tuple[Newsletter, ...]
    sent: Mails


def make_mail(
    *,
    rng: np.random.Generator,
    days: Days,
    demand: Demand,
    events: tuple[PlannedEvent, ...],
    starts_after: int,
    subscribers: tuple[int, int],
) -> MailTruth:
    """Flows every day and a newsletter twice a week and on the first day of each sale, from the tool's first day on."""
    since, level = days[starts_after:], demand.level[starts_after:]
    lists = np.linspace(*subscribers, since.size)
    flows = tuple((flow, _flow_mails(rng=rng, days=since, level=level, lists=lists, flow=flow)) for flow in FLOWS)
    newsletters = _newsletters(rng=rng, days=since, events=events)
    index = np.array([(np.datetime64(one.day) - since[0]).astype(np.int64) for one in newsletters], dtype=np.int64)
    statistics = _statistics(
        rng=rng,
        recipients=np.rint(lists[index] * rng.uniform(0.93, 0.97, index.size)).astype(np.int64),
        rates=NEWSLETTER_RATES,
        readiness=level[index],
    )
    return MailTruth(flows, newsletters, Mails(since[index], statistics))


def _flow_mails(*, rng: np.random.Generator, days: Days, level: Floats, lists: Floats, flow: Flow) -> Mails:
    recipients = rng.poisson(flow.per_day * level * lists / lists[0])
    rates = (flow.opens, flow.clicks, flow.orders)
    return Mails(days, _statistics(rng=rng, recipients=recipients, rates=rates, readiness=np.ones(days.size)))


def _newsletters(*, rng: np.random.Generator, days: Days, events: tuple[PlannedEvent, ...]) -> tuple[Newsletter, ...]:
    sales = {plan.event.start: plan.event.name for plan in events if "email" in plan.event.channels}
    found = []
    for day in days.tolist():
        if day in sales:
            found.append(Newsletter(_ulid(rng), f"{sales[day]}: it starts", day))
        elif day.weekday() in (TUESDAY, FRIDAY):
            theme = THEMES[rng.integers(len(THEMES))]
            found.append(Newsletter(_ulid(rng), f"Newsletter {day:%G-W%V}: {theme}", day))
    return tuple(found)


def _statistics(
    *, rng: np.random.Generator, recipients: Ints, rates: tuple[float, float, float], readiness: Floats
) -> dict[str, Ints]:
    """Every message's path from sent to sold; each count is drawn out of the one before it."""
    opens, clicks, orders = rates
    bounced = rng.binomial(recipients, 0.012)
    delivered = recipients - bounced
    opened = rng.binomial(delivered, opens)
    clicked = rng.binomial(opened, clicks / opens)
    sold = rng.poisson(delivered * orders * readiness)
    value = np.rint(sold * BASKET * 100 * rng.normal(1.0, 0.4 / np.sqrt(np.maximum(sold, 1))))
    return {
        "recipients": recipients,
        "delivered": delivered,
        "bounced": bounced,
        "opens": np.rint(opened * 1.6).astype(np.int64),
        "opens_unique": opened,
        "clicks": np.rint(clicked * 1.25).astype(np.int64),
        "clicks_unique": clicked,
        "unsubscribes": rng.binomial(delivered, 0.0015),
        "conversions": sold,
        "conversion_value": np.maximum(value, 0).astype(np.int64),
    }


def _ulid(rng: np.random.Generator) -> str:
    return "01" + "".join(ULID_ALPHABET[letter] for letter in rng.integers(len(ULID_ALPHABET), size=24))
