"""One audience through time: send it a week's schedule, get what came of it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.messages.history import HISTORY, MOMENTS, MessageType, PriceTier
from kalends.messages.simulator.audience import Audience
from kalends.messages.simulator.chance import HORIZON, day_factors, hidden_weeks

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SCHEDULE: Final = pl.Schema(
    {"sent_at": pl.Datetime("us", "UTC"), "type": pl.String(), "caption_no": pl.Int64(), "price": pl.Float64()}
)
"""What `Simulator.send` takes: one row per message of the week."""
HOUR: Final = 3_600e6
"""Microseconds."""
REACHED: Final = 0.97
"""Share of the fans whom a message reaches."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages as arrays, by time, for the inside: frames of twelve rows cost more than the sums."""

    instants: Whole
    """Microseconds since 1970, UTC."""
    is_paid: npt.NDArray[np.bool_]
    rows: Whole
    """Of the bank."""
    prices: Floats


@dataclass(frozen=True, slots=True)
class Came:
    """What came of them; `expected` and `fatigue` only the simulator knows."""

    sent: Sent
    week: int
    recipients: Whole
    viewed: Whole
    purchased: Whole
    expected: Floats
    """Earnings that each message had to expect when it was sent, chance aside."""
    fatigue: float
    """The mean over the week of the share of purchases that is lost."""


@dataclass(frozen=True, slots=True)
class Week:
    """What came of a week as a history, in the order of time, and the truth behind it (see `Came`)."""

    history: pl.DataFrame
    fatigue: float
    expected: Floats


class Simulator:
    """An audience, week after week. The same seed is the same world, whatever is sent: its chance is drawn by week."""

    def __init__(
        self, audience: Audience, *, bank: pl.DataFrame, seed: int, starts_on: date, page_id: str = "page"
    ) -> None:
        """Begin on a Monday, in the audience's zone, with nothing ever sent; `bank` is from `draw_bank`."""
        self.audience, self.bank, self.seed, self.page_id = audience, bank, seed, page_id
        self.starts_on, self.week = starts_on, 0
        self.numbers = bank["caption_no"].to_numpy()
        self.usual_prices = bank["price"].to_numpy()
        self.is_free = (bank["price_tier"] == PriceTier.FREE).to_numpy()
        self._row_of = np.zeros(int(self.numbers.max()) + 1, dtype=np.int64)
        self._row_of[self.numbers] = np.arange(self.numbers.size)
        self._appeal = bank["appeal"].to_numpy()
        self._zone = ZoneInfo(audience.zone_name)
        self._stock = 0.0
        self._last_sent = np.full(self.numbers.size, -1e9)
        self._known = day_factors(audience, starts_on)
        self._known_sum = np.sum(list(self._known.values()), axis=0)
        rng = np.random.default_rng([seed, 0])
        self._hidden = hidden_weeks(audience, rng)
        self._growth = np.exp(np.cumsum(rng.normal(audience.growth, 0.01, HORIZON // 7)))
        self._decay = np.log(2) / audience.half_life_days - np.log1p(-audience.turnover) / 7

    @property
    def monday(self) -> date:
        """The first day of the week that comes next."""
        return self.starts_on + timedelta(weeks=self.week)

    @property
    def recipients(self) -> int:
        """How many fans there are in the next week."""
        return max(1, round(self.audience.recipients * float(self._growth[self.week])))

    @property
    def fatigue(self) -> float:
        """The share of purchases that is lost at the start of the next week."""
        return float(self._lost(np.array([self._stock]))[0])

    @property
    def midnights(self) -> Whole:
        """Instants at which the next week's days begin in the audience's zone."""
        days = [self.monday + timedelta(days=step) for step in range(7)]
        begin = [datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() for day in days]
        return (np.array(begin) * 1e6).astype(np.int64)

    def fork(self) -> Simulator:
        """The same audience at the same moment, to try something else on."""
        return copy.deepcopy(self)

    def send(self, schedule: pl.DataFrame) -> Week:
        """Send the next week's messages (`SCHEDULE`, any order) and go on to the week after it."""
        came = self.meet(self._read(schedule))
        return Week(self.history([came]), came.fatigue, came.expected)

    def expected(self, schedule: pl.DataFrame) -> Floats:
        """Earnings that each message, by time, would have to expect in the next week, without sending it."""
        sent = self._read(schedule)
        return self._earnings(sent, self._rates(sent).buys)

    def meet(self, sent: Sent) -> Came:
        """`send`, for arrays."""
        rates = self._rates(sent)
        rng = np.random.default_rng([self.seed, 1, self.week])
        count, spread = sent.rows.size, self.audience.message_noise
        noise = np.exp(rng.normal(0, spread, count) - spread**2 / 2) * self._hidden[self.week]
        reached = rng.binomial(self.recipients, REACHED, size=count)
        viewed = rng.binomial(reached, rates.views)
        bought = rng.binomial(viewed, np.clip(rates.buys * noise / rates.views, 0.0, 1.0))
        came = Came(
            sent, self.week, reached, viewed, bought, self._earnings(sent, rates.buys), self._mean_lost(rates)
        )  # fmt: skip
        np.maximum.at(self._last_sent, sent.rows, 7 * self.week + rates.at)
        self._stock = float(self._stock_at(rates, np.array([7.0]))[0])
        self.week += 1
        return came

    def history(self, weeks: Sequence[Came]) -> pl.DataFrame:
        """The weeks as a history has them: bumps have no price, purchases or earnings."""
        if not weeks:
            return pl.DataFrame(schema=HISTORY)
        is_paid = np.concatenate([came.sent.is_paid for came in weeks])
        prices = np.concatenate([came.sent.prices for came in weeks])
        bought = np.concatenate([came.purchased for came in weeks])
        frame = pl.DataFrame(
            {
                "message_id": [f"{self.page_id}-{came.week}-{n}" for came in weeks for n in range(came.viewed.size)],
                "sent_at": np.concatenate([came.sent.instants for came in weeks]),
                "type": np.where(is_paid, MessageType.PPV.value, MessageType.BUMP.value),
                "caption_no": self.numbers[np.concatenate([came.sent.rows for came in weeks])],
                "price": prices.round(2),
                "recipients": np.concatenate([came.recipients for came in weeks]),
                "viewed": np.concatenate([came.viewed for came in weeks]),
                "purchased": bought,
                "earnings": (bought * prices).round(2),
                "is_paid": is_paid,
            }
        )
        return frame.with_columns(
            pl.lit(self.page_id).alias("page_id"),
            pl.lit("USD").alias("currency"),
            pl.from_epoch("sent_at", time_unit="us").dt.replace_time_zone("UTC"),
            *(pl.when("is_paid").then(pl.col(name)).alias(name) for name in ("price", "purchased", "earnings")),
        ).select(pl.col(name).cast(dtype) for name, dtype in HISTORY.items())

    def moments(self, *, rng: np.random.Generator, error: float = 0.15, unsure: float = 0.3) -> pl.DataFrame:
        """What the company's calendar knows (`MOMENTS`): factors with an error, and none for `unsure` of the moments.

        Shocks and weekly chance are not in it.
        """
        frames = []
        for name, effects in self._known.items():
            days = np.flatnonzero(effects)
            slip = float(rng.normal(1, error if name == "season" else 2 * error))
            is_unsure = name != "season" and rng.random() < unsure
            frame = pl.DataFrame({"step": days, "factor": np.exp(effects[days] * slip)}).select(
                pl.lit(self.starts_on).dt.offset_by(pl.format("{}d", "step")).alias("day"),
                pl.lit(name).alias("name"),
                (pl.lit(None) if is_unsure else pl.col("factor")).cast(pl.Float64).alias("factor"),
            )
            frames.append(frame)
        return pl.concat([pl.DataFrame(schema=MOMENTS), *frames])

    def _read(self, schedule: pl.DataFrame) -> Sent:
        schedule = schedule.sort("sent_at", maintain_order=True)
        is_paid = (schedule["type"] == MessageType.PPV).to_numpy()
        return Sent(
            instants=schedule["sent_at"].dt.timestamp("us").to_numpy(),
            is_paid=is_paid,
            rows=self._row_of[schedule["caption_no"].to_numpy()],
            prices=np.where(is_paid, schedule["price"].cast(pl.Float64).fill_null(0.0).to_numpy(), 0.0),
        )

    def _earnings(self, sent: Sent, buys: Floats) -> Floats:
        return buys * (self.recipients * REACHED) * sent.prices

    def _rates(self, sent: Sent) -> _Rates:
        """Purchases and views per recipient, chance aside."""
        who, midnights = self.audience, self.midnights
        day = np.clip(np.searchsorted(midnights, sent.instants, side="right") - 1, 0, 6)
        hour = (sent.instants - midnights[day]) / HOUR
        at = day + hour / 24
        load = np.where(sent.is_paid, 1.0, who.bump_weight)
        kept = np.concatenate([[self._stock], self._stock + np.cumsum(load * np.exp(self._decay * at))])
        rates = _Rates(at, kept, at, at)
        turn = 2 * np.pi * (hour - who.peak_hour) / 24
        when = who.hour_strength * np.cos(turn) + who.second_strength * np.cos(2 * turn) + np.array(who.weekdays)[day]
        dear = np.log(np.where(sent.prices > 0, sent.prices, who.reference_price) / who.reference_price)
        rest = (7 * self.week + at - self._last_sent[sent.rows]).clip(0)
        worn = np.log1p(-who.wear * np.exp(-rest / who.wear_days))
        interest = when + self._known_sum[7 * self.week + day] + self._appeal[sent.rows] + worn
        lost = np.log1p(-self._lost(self._stock_at(rates, at)).clip(max=1 - 1e-9))
        price = who.price_response * dear + who.price_curvature * dear**2
        views = np.clip(who.view_rate * np.exp(0.3 * interest + who.view_share * lost), 0.001, 0.98)
        buys = np.where(sent.is_paid, np.clip(who.purchase_rate * np.exp(interest + price + lost), 0, 0.9 * views), 0.0)
        return _Rates(at, kept, buys, views)

    def _stock_at(self, rates: _Rates, when: Floats) -> Floats:
        """The stock just before each time of the week (days), of earlier weeks and of this week's messages so far."""
        stock: Floats = rates.kept[np.searchsorted(rates.at, when, side="left")] * np.exp(-self._decay * when)
        return stock

    def _lost(self, stock: Floats) -> Floats:
        """The share of purchases lost; the stock counts as the messages a week that, kept up, would leave it."""
        weekly = stock * 7 * np.log(2) / self.audience.half_life_days
        lost: Floats = 1 - np.exp(-((weekly / self.audience.capacity) ** self.audience.steepness))
        return lost

    def _mean_lost(self, rates: _Rates) -> float:
        return float(self._lost(self._stock_at(rates, np.arange(56) / 8)).mean())


@dataclass(frozen=True, slots=True)
class _Rates:
    at: Floats
    """Days since the week began."""
    kept: Floats
    """The stock after so many messages of the week, had nothing faded since it began."""
    buys: Floats
    views: Floats
