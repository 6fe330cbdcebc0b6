"""The chart theme: the one place where a chart's look is decided.

Colours in specs are the tokens of the look ("var(--accent)"). The browser puts in what its theme says now; a picture
made on the server (PDF, e-mail) takes them from LIGHT or DARK here, which a test compares with frontend/src/styles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LIGHT: dict[str, str] = {
    "page": "#f7f7f5", "panel": "#ffffff", "ink": "#1d1f24", "soft": "#646971", "faint": "#9ea2a9", "line": "#e7e6e2",
    "line-strong": "#d2d1cb", "accent": "#2f5bea", "good": "#127548", "bad": "#b4372c", "attention": "#8f6000",
    "cat-1": "#2f5bea", "cat-2": "#7c5cdb", "cat-3": "#12938a", "cat-4": "#d98a1f", "cat-5": "#c2527b",
    "cat-6": "#5b7083", "cat-7": "#7a8b1f", "cat-8": "#8a5a44", "kind-moment": "#1d1f24",
    "kind-promotion-ink": "#8a5a00", "kind-launch-ink": "#5a3cc0", "kind-content-ink": "#0b665e",
    "kind-competitor-ink": "#b4372c", "kind-holiday-ink": "#545a64",
}  # fmt: skip
DARK: dict[str, str] = {
    "page": "#131417", "panel": "#1b1d21", "ink": "#eceef1", "soft": "#9aa0a9", "faint": "#6d737c", "line": "#2a2d33",
    "line-strong": "#3b3f46", "accent": "#7c9bff", "good": "#5fcf97", "bad": "#f28b80", "attention": "#e8bd5a",
    "cat-1": "#7c9bff", "cat-2": "#ab93f2", "cat-3": "#3fbfb4", "cat-4": "#e7a94c", "cat-5": "#e384a7",
    "cat-6": "#8ea4b8", "cat-7": "#b3c356", "cat-8": "#c79a82", "kind-moment": "#e4e6ea",
    "kind-promotion-ink": "#f0c275", "kind-launch-ink": "#bfacf8", "kind-content-ink": "#6fd3c9",
    "kind-competitor-ink": "#f5a49b", "kind-holiday-ink": "#b4bac4",
}  # fmt: skip

FONT = "Inter Variable, Inter, system-ui, sans-serif"
TOKEN = re.compile(r"var\(--([a-z0-9-]+)\)")
# What an event of each kind is drawn in, in the calendar and behind a curve.
KIND_COLOURS = {
    "moment": "var(--soft)",
    "promotion": "var(--cat-4)",
    "launch": "var(--cat-2)",
    "content": "var(--cat-3)",
    "competitor": "var(--bad)",
    "holiday": "var(--faint)",
}


def config() -> dict[str, Any]:
    """Vega-Lite's `config`: thin grid, no frame, soft labels, our type."""
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": "var(--soft)", "labelFontSize": 12}
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {**text, "domain": False, "ticks": False, "gridColor": "var(--line)", "title": None, "labelPadding": 8},
        "axisX": {"grid": False, "domain": True, "domainColor": "var(--line-strong)", "labelPadding": 8},
        "legend": {**text, "title": None, "orient": "top", "symbolType": "square"},
        "text": {"font": FONT, "fontSize": 12, "color": "var(--ink)"},
        "line": {"strokeJoin": "round", "strokeCap": "round"},
        "range": {"category": [f"var(--cat-{index})" for index in range(1, 9)]},
    }


def with_colours(spec: Any, *, tokens: Mapping[str, str]) -> Any:
    """`spec` with every token replaced by its colour: for a picture made outside a browser."""
    match spec:
        case str():
            return TOKEN.sub(lambda found: tokens[found.group(1)], spec)
        case list():
            return [with_colours(item, tokens=tokens) for item in spec]
        case dict():
            return {key: with_colours(item, tokens=tokens) for key, item in spec.items()}
    return spec
