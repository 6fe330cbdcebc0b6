"""The calendar's set-up, asked for in the terminal."""

from __future__ import annotations

from typing import Any, Final

import typer

RETAIL: Final = {"kind": "weeks", "pattern": "4-5-4", "ends_on": "saturday", "end_month": 1, "rule": "nearest"}
"""The National Retail Federation's calendar: what most companies with fiscal years of weeks keep."""


def asked_plan(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with what the person answers; what is usual in the industry stays where nothing is asked."""
    name = typer.prompt("Company", default=plan["name"])
    industry = typer.prompt("Industry (retail, b2b, ecommerce, saas ...)", default=plan.get("industry", "general"))
    usual = ", ".join(written(place) for place in plan["countries"])
    places = typer.prompt("Countries, the main one first (DE, AT, US-CA)", default=usual)
    zone = typer.prompt("Time zone", default=plan.get("zone", "UTC"))
    return plan | {
        "name": name,
        "industry": industry,
        "countries": [place.strip() for place in places.split(",") if place.strip()],
        "zone": zone,
        "fiscal_year": asked_fiscal_year(plan["fiscal_year"]),
    }


def written(place: Any) -> str:
    """A market as a person writes it."""
    if isinstance(place, str):
        return place
    return "-".join(part for part in (place["country"], place.get("subdivision")) if part)


def asked_fiscal_year(usual: dict[str, Any]) -> dict[str, Any]:
    """How the books run. The name of a year that reaches into a second one is asked for, never guessed."""
    month = typer.prompt("First month of the fiscal year (1 to 12), or w for whole weeks", default="1").strip().lower()
    if month == "w":
        known = usual if usual["kind"] == "weeks" else RETAIL
        pattern = typer.prompt("Weeks of a quarter's periods (4-4-5, 4-5-4, 5-4-4, 13x4)", default=known["pattern"])
        return known | {"pattern": pattern, "named_by": asked_name()}
    if not month.isdigit() or not 1 <= int(month) <= 12:
        raise typer.BadParameter(f"{month!r} is no month; give a number from 1 to 12, or w")
    return {"kind": "months", "start_month": int(month), "named_by": "end" if month == "1" else asked_name()}


def asked_name() -> str:
    """Which year names a fiscal year."""
    return str(typer.prompt("Is 2026/27 named by its start (FY2026) or by its end (FY2027)? start or end")).strip()
