"""`python -m kalends.base.pages.gallery OUT.html`: a page with every component, filled with made-up numbers."""

from __future__ import annotations

import math
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

from kalends.base.charts.bars import Bar, bars
from kalends.base.charts.trend import EventBand, TrendPoint, trend
from kalends.base.formats import money
from kalends.base.pages.chrome import Chrome
from kalends.base.pages.components import Change, Choice, Column, KeyFigure, Paging
from kalends.base.pages.rendering import render_text

CHROME = Chrome(company="Nordlicht GmbH", fiscal_place="FY 2026 · week 42", person="Ada Lind", badges={"data": 2})
LAST_DAY = date(2026, 11, 20)
BANDS = (
    EventBand("Late-summer sale", "promotion", date(2026, 8, 31), date(2026, 9, 5)),
    EventBand("Members’ days", "promotion", date(2026, 10, 12), date(2026, 10, 14)),
    EventBand("Launch: Aurora", "launch", date(2026, 10, 29), date(2026, 11, 1)),
    EventBand("Gift guide", "content", date(2026, 11, 16), date(2026, 11, 20)),
)


def wave(index: int, *, phase: float) -> float:
    """A course that looks like daily revenue: level, week, slow season and something that is hard to foresee."""
    weekly, slow, odd = (
        math.sin(index * 2 * math.pi / 7 + phase),
        math.sin(index / 17 + phase),
        math.sin(index * index * 0.7 + phase),
    )
    return 54_000 + 4_200 * weekly + 7_500 * slow + 4_800 * odd


def lift(day: date, *, share: float) -> float:
    """How much the example's events add on `day`."""
    return 1 + share * any(band.start <= day <= band.end and band.kind == "promotion" for band in BANDS)


def example_points(*, days: int = 112) -> list[TrendPoint]:
    """The example's daily revenue up to LAST_DAY; the last four days are provisional."""
    dates = [LAST_DAY - timedelta(days=days - 1 - index) for index in range(days)]
    return [
        TrendPoint(
            start=day,
            value=round(wave(index, phase=0.4) * lift(day, share=0.55) * (1 + index / 1100), 2),
            before=round(wave(index, phase=0.9) * lift(day, share=0.4) * 0.93, 2),
            is_provisional=index >= days - 4,
        )
        for index, day in enumerate(dates)
    ]


def example_figures() -> tuple[KeyFigure, ...]:
    """The four key figures of the drawings."""
    course = [wave(index, phase=0.4) * (1 + index / 90) for index in range(26)]
    falling = [wave(index, phase=1.4) * (1 - index / 160) for index in range(26)]
    past = "vs same weeks last year"
    return (
        KeyFigure("Revenue", "€1.84\u00a0M", Change("+14.2\u202f%", "good"), past, course, 3, "#revenue"),
        KeyFigure("Spend", "€412\u00a0k", Change("+6.1\u202f%"), past, course[::-1], 3, "#spend"),
        KeyFigure("ROAS", "4.47", Change("+0.32", "good"), "settled to 16 Nov", course, 0, "#roas"),
        KeyFigure("Conversions", "21,380", Change("−2.4\u202f%", "bad"), "each sale once", falling, 3, "#conversions"),
    )  # fmt: skip


def examples() -> SimpleNamespace:
    """Everything that `base/gallery.html` shows."""
    views = ("Month", "Week", "Year", "List")
    channels = (("Paid search", 156e3), ("Paid social", 121e3), ("Shopping", 74e3), ("Video", 43e3), ("Email", 18e3))
    return SimpleNamespace(
        crumbs=(Choice("Data", "/data"), Choice("Batches", "/data/batches"), Choice("Components")),
        choices=tuple(Choice(name, f"#{name}", current=not index) for index, name in enumerate(views)),
        fields=tuple(Choice(name, value=name, current=not index) for index, name in enumerate(("Promotion", "Launch"))),
        actions=(Choice("Edit", "#edit", icon="edit"), Choice("Download", "#download", icon="download")),
        figures=example_figures(),
        trend=trend(points=example_points(), bands=BANDS, label="Revenue", unit="€"),
        bars=bars(rows=[Bar(name, value, money(value, currency="EUR"), at)
                        for at, (name, value) in enumerate(channels, 1)]),
        columns=(Column("File", "#file"), Column("Rows", "#rows", "descending", is_number=True),
                 Column("Quality", "#quality", is_number=True), Column("State")),
        batches=(("meta-ads-2026-11.csv", 1_204_331, 0.998, ("published", "good")),
                 ("klaviyo.ndjson", 48_120, 0.971, ("12 rows aside", "attention")),
                 ("google-ads.zip", 0, None, ("could not be read", "bad"))),
        paging=Paging(1, 3, 3),
        errors={"start": "The first day is after the last one, 27 Nov."},
    )  # fmt: skip


def gallery(*, chrome: Chrome = CHROME) -> str:
    """The page's HTML; its scripts and styles are asked for under /static."""
    return render_text("base/gallery.html", chrome=chrome, examples=examples())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(gallery(), encoding="utf-8")
