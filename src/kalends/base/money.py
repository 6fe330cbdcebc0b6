"""Amounts of money: exact decimals that know their currency.

The stores hold DECIMAL(18,6): six places keep the platforms' micros exactly, twelve digits before them are enough for
any marketing budget in any currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from kalends.base.errors import BadInputError

SCALE = Decimal("0.000001")


class CurrencyMismatchError(BadInputError):
    """Amounts of different currencies cannot be added without an exchange rate."""

    code = "currency_mismatch"


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in units of `currency` (ISO 4217, three letters)."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Keep what the stores can keep: six decimal places, half to even."""
        object.__setattr__(self, "amount", self.amount.quantize(SCALE, rounding=ROUND_HALF_EVEN))

    def __add__(self, other: Money) -> Money:
        """The sum; refuses a mix of currencies."""
        if self.currency != other.currency:
            raise CurrencyMismatchError(
                f"{self.currency} and {other.currency} cannot be added without a rate.",
                currencies=[self.currency, other.currency],
            )
        return Money(self.amount + other.amount, self.currency)


def convert(money: Money, *, to: str, rate: Decimal | None) -> Money | None:
    """`money` in the currency `to` at `rate` (units of `to` for one unit of `money.currency`).

    A missing rate gives None, never a rate of 1: an unknown amount is not zero and not the same number.
    """
    if money.currency == to:
        return money
    return None if rate is None else Money(money.amount * rate, to)
