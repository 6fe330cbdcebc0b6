"""Files of exchange rates: the European Central Bank's, and plain ones; and the days on which rates are missing.

The ECB gives units of a currency for one euro, on business days. What follows from that is written with the way it was
made in its source: the rate of USD in GBP is crossed over the euro. A day without a rate keeps none, unless the sender
asks for the last one before it to be carried on, and then its source says from which day.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.marketing.schemas import Rate

EURO: Final = "EUR"
CODE_LETTERS: Final = 3
PLACES: Final = Decimal("0.000000001")
MOST_CARRIED: Final = 7
"""A weekend and the longest run of holidays of the trans-European payment system (Easter) with room to spare."""


class BadRateFileError(BadInputError):
    """This is no file of exchange rates: send the ECB's CSV, or columns date, base, quote, rate and perhaps source."""

    code = "bad_rate_file"


@dataclass(frozen=True, slots=True)
class Gap:
    """Days on which a source spent in a currency that has no rate into the workspace's own."""

    currency: str
    first: date
    last: date
    days: int


def read_rates(content: bytes, *, into: str, carry_days: int = 0) -> list[Rate]:
    """The rates of a file, ready to be loaded; `into` is the currency that others are turned into. Raises
    BadRateFileError, which names the line.
    """
    rows = list(csv.reader(io.StringIO(_text(content))))
    if len(rows) < 2:
        raise BadRateFileError
    heads = [cell.strip().lower() for cell in rows[0]]
    if {"date", "base", "quote", "rate"} <= set(heads):
        found = list(_plain(heads, rows))
    elif heads[0] == "date":
        found = list(_ecb([cell.strip().upper() for cell in rows[0]], rows, into=into))
    else:
        raise BadRateFileError
    return [*found, *carried(found, days=min(carry_days, MOST_CARRIED))]


def _text(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):  # the ECB packs its CSV into a zip
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                member = archive.infolist()[0]
                if member.file_size > 64 << 20:
                    raise BadRateFileError("The file in the zip is too large for exchange rates.")
                content = archive.read(member)
        except (zipfile.BadZipFile, IndexError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise BadRateFileError(f"The zip cannot be opened ({error}).") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRateFileError from None


def _plain(heads: list[str], rows: list[list[str]]) -> Iterator[Rate]:
    for number, cells in enumerate(rows[1:], start=2):
        row = dict(zip(heads, (cell.strip() for cell in cells), strict=False))
        if any(row.values()):
            try:
                yield Rate(
                    date=row["date"],
                    base=row["base"].upper(),
                    quote=row["quote"].upper(),
                    rate=Decimal(row["rate"]),
                    source=row.get("source") or "file",
                )
            except (ValueError, KeyError, InvalidOperation):
                raise BadRateFileError(f"Line {number} is no rate: {', '.join(cells)}.", line=number) from None


def _ecb(heads: list[str], rows: list[list[str]], *, into: str) -> Iterator[Rate]:
    for number, cells in enumerate(rows[1:], start=2):
        try:
            day = date.fromisoformat(cells[0].strip())
            told = {
                code: Decimal(cell.strip())
                for code, cell in zip(heads[1:], cells[1:], strict=False)
                if len(code) == CODE_LETTERS and cell.strip() not in {"", "N/A"}
            }
            yield from crossed(day, told, into=into)
        except (ValueError, IndexError, ArithmeticError):
            raise BadRateFileError(
                f"Line {number} is no line of the ECB's: {', '.join(cells[:4])}.", line=number
            ) from None


def crossed(day: date, euros: dict[str, Decimal], *, into: str) -> Iterator[Rate]:
    """Rates of every currency into `into`, out of units for one euro; and the euro's own as the ECB says them."""
    for code, rate in euros.items():
        yield Rate(date=day, base=EURO, quote=code, rate=rate.quantize(PLACES), source="ECB")
    target = Decimal(1) if into == EURO else euros.get(into)
    if target is None:
        return
    for code, rate in euros.items():
        if code != into and (crossed_rate := (target / rate).quantize(PLACES)) > 0:
            yield Rate(date=day, base=code, quote=into, rate=crossed_rate, source="ECB, crossed over EUR")


def carried(rates: Iterable[Rate], *, days: int) -> Iterator[Rate]:
    """The last rate of each pair for the days after it that have none, at most `days` of them."""
    pairs: dict[tuple[str, str, str], list[Rate]] = {}
    for rate in rates:
        pairs.setdefault((rate.base, rate.quote, rate.source), []).append(rate)
    for held in pairs.values():
        held.sort(key=lambda rate: rate.date)
        for rate, following in zip(held, [*held[1:], None], strict=True):
            free = (following.date - rate.date).days - 1 if following else days
            for step in range(1, min(free, days) + 1):
                source = f"{rate.source}, carried from {rate.date}"[:100]
                yield rate.model_copy(update={"date": rate.date + timedelta(days=step), "source": source})


def list_rates(work: Work, *, base: str | None, quote: str | None, first: date, last: date) -> list[dict[str, Any]]:
    """The rates of a period as they hold now, newest day first: which rate, who says so, with which batch it came."""
    if not work.warehouse.exists("rates"):
        return []
    kept = "".join(f" AND {name} = ${name}" for name, value in (("base", base), ("quote", quote)) if value)
    place = "row_number() OVER (PARTITION BY date, base, quote, source ORDER BY batch_seq DESC)"
    found = work.warehouse.execute(
        f"SELECT date, base, quote, rate, source, batch_seq FROM (SELECT *, {place} AS place FROM rates"  # noqa: S608
        f" WHERE date BETWEEN $first AND $last{kept}) AS r WHERE place = 1"
        " ORDER BY date DESC, base, quote, source LIMIT 5000",
        {"first": first, "last": last} | {name: value for name, value in (("base", base), ("quote", quote)) if value},
    )
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def gaps(work: Work, *, into: str) -> list[Gap]:
    """Days with amounts in another currency for which there is no rate: those amounts are unknown in `into`."""
    held = work.warehouse.list_tables()
    if "facts" not in held:
        return []
    rated = "SELECT 1 FROM rates AS r WHERE r.date = f.date_from AND r.base = f.currency AND r.quote = $into"
    known = f" AND NOT EXISTS ({rated})" if "rates" in held else ""
    told = "currency, min(date_from) AS first, max(date_from) AS last, count(DISTINCT date_from) AS days"
    found = work.warehouse.execute(
        f"SELECT {told} FROM facts AS f"  # noqa: S608
        f" WHERE currency IS NOT NULL AND currency <> $into{known} GROUP BY currency ORDER BY currency",
        {"into": into},
    )
    return [Gap(**row) for row in found.to_pylist()]
