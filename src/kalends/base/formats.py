"""Numbers, money and dates as people read them, after the conventions of their locale.

Pages speak English; what differs by locale is how numbers and dates are written, which a short table covers. Source of
its values: Unicode CLDR 46. None (unknown) is written as a dash and is never a zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

Number = int | float | Decimal | None

UNKNOWN = "–"
MINUS = "−"
NARROW = "\u202f"  # narrow no-break space: between a number and its sign of unit (%, currency)
SPACE = "\u00a0"  # no-break space: between a figure and k, M, B
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "PLN": "zł", "TRY": "₺"}
# ISO 4217: currencies whose minor unit is not a hundredth.
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
SCALES = ((Decimal("1e9"), "B"), (Decimal("1e6"), "M"), (Decimal("1e3"), "k"))


@dataclass(frozen=True, slots=True)
class Conventions:
    """How one locale writes numbers and dates."""

    group: str
    decimal: str
    currency_first: bool = True
    month_first: bool = False


ENGLISH = Conventions(",", ".")
CONVENTIONS = {
    "en": ENGLISH,
    "en-US": Conventions(",", ".", month_first=True),
    "de": Conventions(".", ",", currency_first=False),
    "de-CH": Conventions("’", "."),
    "fr": Conventions(NARROW, ",", currency_first=False),
    "es": Conventions(".", ",", currency_first=False),
    "it": Conventions(".", ",", currency_first=False),
    "nl": Conventions(".", ","),
    "pl": Conventions("\u00a0", ",", currency_first=False),
    "pt": Conventions(".", ","),
    "sv": Conventions("\u00a0", ",", currency_first=False),
    "da": Conventions(".", ",", currency_first=False),
}


def conventions(locale: str) -> Conventions:
    """The table's row for `locale` ("de-AT" -> "de"); English where there is none."""
    return CONVENTIONS.get(locale) or CONVENTIONS.get(locale.partition("-")[0]) or ENGLISH


def _decimal(value: Number) -> Decimal | None:
    """`value` exactly; None for what is unknown (None, NaN) or endless."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact if exact.is_finite() else None


def _write(value: Decimal, *, digits: int, locale: str) -> str:
    """`value` without its sign, rounded half to even, with the locale's marks."""
    marks = conventions(locale)
    rounded = abs(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    whole, _, rest = f"{rounded:,f}".partition(".")
    return whole.replace(",", marks.group) + (marks.decimal + rest if rest else "")


def _sign(value: Decimal, *, digits: int) -> str:
    """A true minus for what is still negative after rounding."""
    return MINUS if round(value, digits) < 0 else ""


def _digits(value: Decimal) -> int:
    """Decimals that keep about three figures: 4.47, 44.7, 447."""
    return 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0


def number(value: Number, *, digits: int | None = None, locale: str = "en-GB") -> str:
    """21,380 or 4.47. `digits` fixes the decimals; without it whole numbers have none, others about three figures."""
    exact = _decimal(value)
    if exact is None:
        return UNKNOWN
    wanted = digits if digits is not None else 0 if exact == exact.to_integral_value() else _digits(exact)
    return _sign(exact, digits=wanted) + _write(exact, digits=wanted, locale=locale)


def _compact(exact: Decimal, *, locale: str) -> tuple[str, str]:
    """The figures and the unit of a short form: ("1.84", "M")."""
    for scale, unit in SCALES:
        # 999,600 reads as 1.00 M, not as 1,000 k.
        if abs(exact) >= scale * Decimal("0.9995"):
            scaled = exact / scale
            return _write(scaled, digits=_digits(scaled.quantize(Decimal("0.01"))), locale=locale), unit
    return number(abs(exact), locale=locale), ""


def compact(value: Number, *, locale: str = "en-GB") -> str:
    """Three figures and a unit: 1.84 M, 412 k, 86."""
    exact = _decimal(value)
    if exact is None:
        return UNKNOWN
    figures, unit = _compact(exact, locale=locale)
    return _sign(exact, digits=2) + figures + (SPACE + unit if unit else "")


def money(value: Number, *, currency: str, exact: bool = False, locale: str = "en-GB") -> str:
    """€1.84 M; with `exact` every unit: €1,843,207.55. In the locale's order: 1,84 M € in German."""
    amount = _decimal(value)
    if amount is None:
        return UNKNOWN
    digits = MINOR_DIGITS.get(currency, 2)
    figures, unit = _compact(amount, locale=locale)
    if exact or not unit:
        digits = digits if exact or abs(amount) < 100 else 0
        figures, unit = _write(amount, digits=digits, locale=locale), ""
    written = figures + (SPACE + unit if unit else "")
    return _sign(amount, digits=digits) + _beside_currency(written, currency=currency, locale=locale)


def _beside_currency(written: str, *, currency: str, locale: str) -> str:
    symbol = SYMBOLS.get(currency, currency)
    if not conventions(locale).currency_first:
        return f"{written}{NARROW}{symbol}"
    return f"{symbol}{written}" if len(symbol) == 1 else f"{symbol}{NARROW}{written}"


def percent(ratio: Number, *, digits: int = 1, locale: str = "en-GB") -> str:
    """A ratio of 1 as per cent: 0.142 -> 14.2 %."""
    exact = _decimal(ratio)
    return UNKNOWN if exact is None else number(exact * 100, digits=digits, locale=locale) + NARROW + "%"


def change(ratio: Number, *, digits: int = 1, locale: str = "en-GB") -> str:
    """A relative change with its sign: +14.2 %, −2.4 %."""
    exact = _decimal(ratio)
    if exact is None:
        return UNKNOWN
    return ("+" if round(exact * 100, digits) > 0 else "") + percent(exact, digits=digits, locale=locale)


def short_day(value: date | None, *, locale: str = "en-GB") -> str:
    """27 Nov, or Nov 27 where the month comes first."""
    if value is None:
        return UNKNOWN
    month = MONTHS[value.month - 1]
    return f"{month} {value.day}" if conventions(locale).month_first else f"{value.day} {month}"


def day(value: date | None, *, locale: str = "en-GB") -> str:
    """27 Nov 2026, or Nov 27, 2026."""
    if value is None:
        return UNKNOWN
    return f"{short_day(value, locale=locale)}{',' if conventions(locale).month_first else ''} {value.year}"


def period(*, start: date, end: date, locale: str = "en-GB") -> str:
    """Both ends included: 1 Oct – 20 Nov 2026; what both share is said once."""
    if start == end:
        return day(end, locale=locale)
    if start.year != end.year:
        return f"{day(start, locale=locale)} – {day(end, locale=locale)}"
    if start.month == end.month and not conventions(locale).month_first:
        return f"{start.day}–{day(end, locale=locale)}"
    return f"{short_day(start, locale=locale)} – {day(end, locale=locale)}"


def instant(value: datetime | None, *, zone: str, locale: str = "en-GB") -> str:
    """An instant on the clocks of `zone` (IANA): 20 Nov 2026, 14:05."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date(), locale=locale)}, {local:%H:%M}"


def ago(value: datetime | None, *, now: datetime) -> str:
    """How long ago, roughly: just now, 4 min ago, 3 h ago, 2 days ago."""
    if value is None:
        return "never"
    minutes = int((now - value).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    days = minutes // (24 * 60)
    return "yesterday" if days == 1 else f"{days} days ago"


def ahead(value: datetime | None, *, now: datetime) -> str:
    """In how long, roughly: in a moment, in 4 min, in 3 h, tomorrow, in 2 days."""
    if value is None:
        return "never"
    minutes = int((value - now).total_seconds() // 60)
    if minutes < 1:
        return "in a moment"
    if minutes < 60:
        return f"in {minutes} min"
    if minutes < 24 * 60:
        return f"in {minutes // 60} h"
    days = minutes // (24 * 60)
    return "tomorrow" if days == 1 else f"in {days} days"
