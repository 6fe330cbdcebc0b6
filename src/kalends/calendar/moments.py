"""Moments of the trade: Black Friday, Prime Day, Mother's Day, Ramadan: when they are, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.rules import AnyRule, Dates, Span

Certainty = Literal["confirmed", "calculated", "estimated"]
CERTAINTIES: Final[tuple[Certainty, ...]] = ("confirmed", "calculated", "estimated")
MOMENT_FILES: Final = ("moments.yaml", "moments_regional.yaml", "moments_sport.yaml")
FLAGGED: Final = ("black_friday", "cyber_monday", "prime_day")
"""Moments with a column of their own in the days."""


class When(BaseModel):
    """One way to find a moment's dates, for some markets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    markets: tuple[str, ...]
    rule: AnyRule
    certainty: Certainty
    since: int = 1

    def decides(self, country: str, year: int) -> bool:
        """Whether this entry answers for that country and year."""
        if year < self.since or not ("*" in self.markets or country in self.markets):
            return False
        return not isinstance(self.rule, Dates) or year in self.rule.dates


class Moment(BaseModel):
    """A dated fact of the trade."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    """What else people call it, in lower case and without the year: other languages, short forms."""
    around: tuple[str, ...] = ()
    """What people call its days with others around them, or a sale at the time: days that no rule knows."""
    kind: Literal["shopping", "gifting", "religious", "cultural", "sport", "holiday", "season"]
    when: tuple[When, ...]
    source: str
    major: bool = False


class SeasonWindow(BaseModel):
    """A name for a part of the marketing year: between two days of the year, or around a moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    first: str | None = None
    last: str | None = None
    moment: str | None = None
    before: int = 0
    after: int = 0


class MomentBook(BaseModel):
    """The moments files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    moments: dict[str, Moment]
    seasons: tuple[SeasonWindow, ...] = Field(default=())


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A moment in one year, in the countries where it falls on these days; `last` is included."""

    code: str
    name: str
    kind: str
    first: date
    last: date
    countries: tuple[str, ...]
    certainty: Certainty
    source: str
    is_major: bool


@lru_cache(maxsize=1)
def moment_book() -> MomentBook:
    """The moments that Kalends ships with: moments.yaml, with the version and the seasons, and those beside it."""
    main, *others = (_read(name) for name in MOMENT_FILES)
    found = main["moments"] | {code: entry for other in others for code, entry in other["moments"].items()}
    for code, entry in found.items():
        entry["code"] = code
    return MomentBook.model_validate(main | {"moments": found})


def _read(name: str) -> dict[str, Any]:
    """A file of moments."""
    text = resources.files("kalends.calendar").joinpath(name).read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return raw


def moment_dates(*, code: str, country: str, year: int) -> list[tuple[Span, Certainty]]:
    """When a moment begins in `year`, as seen from `country`: its spans and how sure they are; empty if it does not."""
    for when in moment_book().moments[code].when:
        if when.decides(country, year):
            return [
                (span, when.certainty) for span in when.rule.spans(year, lambda other, at: _spans(other, country, at))
            ]
    return []


def _spans(code: str, country: str, year: int) -> list[Span]:
    """The bare spans, for a rule that leans on another moment."""
    return [span for span, _ in moment_dates(code=code, country=country, year=year)]


@lru_cache(maxsize=256)
def occurrences(
    *, countries: tuple[str, ...], first_year: int, last_year: int, without: frozenset[str] = frozenset()
) -> tuple[Occurrence, ...]:
    """Every moment that begins in those years in any of the countries, sorted by day.

    Countries that keep it on the same days share one occurrence; the least sure of them says how sure it is.
    """
    found: dict[tuple[str, Span], dict[str, Certainty]] = {}
    for code in moment_book().moments.keys() - without:
        for country in countries:
            for year in range(first_year, last_year + 1):
                for span, certainty in moment_dates(code=code, country=country, year=year):
                    found.setdefault((code, span), {})[country] = certainty
    built = (_occurrence(code, span, where) for (code, span), where in found.items())
    return tuple(sorted(built, key=lambda item: (item.first, item.code, item.last)))


def _occurrence(code: str, span: Span, where: dict[str, Certainty]) -> Occurrence:
    """The occurrence shared by the countries in `where`."""
    moment = moment_book().moments[code]
    return Occurrence(
        code=code,
        name=moment.name,
        kind=moment.kind,
        first=span[0],
        last=span[1],
        countries=tuple(where),
        certainty=max(where.values(), key=CERTAINTIES.index),
        source=moment.source,
        is_major=moment.major,
    )


def last_known_year(*, code: str, country: str) -> int | None:
    """The last year for which a moment of announced dates is known in a country; None where a rule tells it."""
    entries = [when for when in moment_book().moments[code].when if {country, "*"} & set(when.markets)]
    if not entries or not all(isinstance(when.rule, Dates) for when in entries):
        return None
    return max(year for when in entries if isinstance(when.rule, Dates) for year in when.rule.dates)


def moment_columns(frame: pl.DataFrame, *, found: Sequence[Occurrence], country: str) -> pl.DataFrame:
    """`frame` (sorted column `date`) with the moment columns.

    moments (canonical JSON list of codes, any market's), moments_certainty (the least sure of the day); and, seen from
    `country`: one flag for each of `FLAGGED`, comparable_event_day_last_year, the next and the last major moment and
    the days to and since.
    A flag is null in years for which the dates are not announced yet: unknown is not "no".
    """
    daily = _moment_days(found, country)
    listed = (
        daily.sort("date", "code")
        .group_by("date", maintain_order=True)
        .agg(
            pl.col("code").unique(maintain_order=True).alias("_codes"),
            pl.col("code").filter("is_mine").alias("_mine"),
            pl.col("certainty").cast(pl.Enum(CERTAINTIES)).max().cast(pl.String).alias("moments_certainty"),
        )
    )
    joined = frame.join(listed, on="date", how="left").with_columns(
        pl.concat_str(pl.lit('["'), pl.col("_codes").list.join('","'), pl.lit('"]')).fill_null("[]").alias("moments"),
        *[_flag(code, country) for code in FLAGGED],
    )
    joined = joined.join(_comparable(daily), on="date", how="left").drop("_codes", "_mine")
    return _distances(joined, [item for item in found if item.is_major and country in item.countries])


def _moment_days(found: Sequence[Occurrence], country: str) -> pl.DataFrame:
    """One row per occurrence and day: `index` counts its days from 0, `is_mine`: kept in `country`."""
    rows = [
        (day, item.code, (day - item.first).days, item.first.year, item.certainty, item.is_major, is_mine)
        for item in found
        for is_mine in (country in item.countries,)
        for day in _days_of(item)
    ]
    schema = {
        "date": pl.Date, "code": pl.String, "index": pl.Int64, "year": pl.Int64, "certainty": pl.String,
        "is_major": pl.Boolean, "is_mine": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _days_of(item: Occurrence) -> list[date]:
    """Every day of an occurrence."""
    return [item.first + timedelta(days=index) for index in range((item.last - item.first).days + 1)]


def _flag(code: str, country: str) -> pl.Expr:
    """Whether the day is that moment in the primary market; null after the last year that is known."""
    flag = pl.col("_mine").list.contains(code).fill_null(value=False)
    known = last_known_year(code=code, country=country)
    if known is not None:
        flag = pl.when(pl.col("date").dt.year() <= known).then(flag)
    return flag.alias(f"is_{code}")


def _comparable(daily: pl.DataFrame) -> pl.DataFrame:
    """Date -> the same day of the same major moment a year before (Black Friday to Black Friday)."""
    mine = daily.filter(pl.col("is_major") & pl.col("is_mine"))
    before = mine.select("code", "index", pl.col("year") + 1, pl.col("date").alias("comparable_event_day_last_year"))
    return (
        mine.join(before, on=["code", "index", "year"], how="inner")
        .sort("date", "code")
        .unique("date", keep="first", maintain_order=True)
        .select("date", "comparable_event_day_last_year")
    )


def _distances(frame: pl.DataFrame, majors: Sequence[Occurrence]) -> pl.DataFrame:
    """The next and the last major moment and how many days away; 0 on the moment's own days, null beyond the known."""
    schema = {"_first": pl.Date, "_last": pl.Date, "_name": pl.String}
    marks = pl.DataFrame([(item.first, item.last, item.code) for item in majors], schema=schema, orient="row")
    ahead = marks.select("_last", pl.col("_first").alias("_next"), pl.col("_name").alias("next_major_moment"))
    behind = marks.select("_first", pl.col("_last").alias("_past"), pl.col("_name").alias("last_major_moment"))
    day = pl.col("date")
    return (
        frame.join_asof(ahead.sort("_last"), left_on="date", right_on="_last", strategy="forward")
        .join_asof(behind.sort("_first"), left_on="date", right_on="_first", strategy="backward")
        .with_columns(
            (pl.col("_next") - day).dt.total_days().clip(lower_bound=0).alias("days_to_next_major_moment"),
            (day - pl.col("_past")).dt.total_days().clip(lower_bound=0).alias("days_since_last_major_moment"),
        )
        .drop("_next", "_past", "_last", "_first", strict=False)
    )


def season_columns(frame: pl.DataFrame, *, found: Sequence[Occurrence], country: str) -> pl.DataFrame:
    """`frame` with marketing_season: the first window of the moments file that holds, else the season of the year."""
    named = pl.col("season")
    for window in reversed(moment_book().seasons):
        named = pl.when(_holds(window, found, country)).then(pl.lit(window.name)).otherwise(named)
    return frame.with_columns(named.alias("marketing_season"))


def _holds(window: SeasonWindow, found: Sequence[Occurrence], country: str) -> pl.Expr:
    """Whether a day lies in the window."""
    if window.first is not None and window.last is not None:
        key = pl.col("month_number") * 100 + pl.col("day_of_month")
        return key.is_between(_month_day_key(window.first), _month_day_key(window.last))
    days: Collection[date] = {
        item.first + timedelta(days=offset)
        for item in found
        if item.code == window.moment and country in item.countries
        for offset in range(-window.before, (item.last - item.first).days + window.after + 1)
    }
    return pl.col("date").is_in(pl.Series(sorted(days), dtype=pl.Date).implode())


def _month_day_key(text: str) -> int:
    """MM-DD as the number MMDD, which orders as the days of a year do."""
    return int(text[:2]) * 100 + int(text[3:])
