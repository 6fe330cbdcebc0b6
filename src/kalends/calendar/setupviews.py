"""What the pages of setting up show: choices, rows, pictures. Pure functions from what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from kalends.base.clock import zone_names
from kalends.base.pages import Choice
from kalends.calendar.definition import Market
from kalends.calendar.industry import industries, industry_of
from kalends.calendar.moments import Occurrence, moment_book, occurrences
from kalends.calendar.parts import MONTH_NAMES
from kalends.calendar.places import countries, regions, zones
from kalends.calendar.platforms import Platform
from kalends.calendar.wizard.building import Review
from kalends.calendar.wizard.drafts import Draft
from kalends.calendar.wizard.forms import BOOKS, STEPS, Said, in_words, one, spans_two, texts
from kalends.calendar.wizard.pictures import fiscal_picture, year_at_a_glance
from kalends.calendar.wizard.plan import Plan

MONTHS: Final = {str(number): name for number, name in enumerate(MONTH_NAMES, 1)}
PATTERNS: Final = {"4-4-5": "4-4-5", "4-5-4": "4-5-4 (most US retailers)", "5-4-4": "5-4-4", "13x4": "13 × 4 weeks"}
ENDS: Final = {
    "nearest": "the one nearest to the end of the month",
    "last": "the last one in the month",
    "hard": "none: the year ends with the month, only weeks end so",
}
WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
ROWS: Final = {"country": 1, "period": 0, "competitor": 1}
"""How many empty rows a list shows at least."""


def choices(labels: dict[str, str], current: str) -> list[Choice]:
    """A select's options."""
    return [Choice(label=label, value=value, current=value == current) for value, label in labels.items()]


def offers() -> dict[str, Any]:
    """What the rows of lists let one choose from."""
    return {"countries": countries(), "months": MONTHS, "regions_of": lambda country: regions(country=country)}


def shown(name: str, draft: Draft, *, today: date, platforms: Sequence[Platform]) -> dict[str, Any]:
    """What a step's template needs."""
    form = draft.forms[name]
    if name == "business":
        return _business(form, books=one(draft.forms["fiscal"], "books", "calendar")) | offers()
    if name == "fiscal":
        return _fiscal(form) | pictured(form, today)
    if name == "periods":
        return {"rows": _rows(form, STEPS[2].fields, "period")} | offers()
    if name == "market":
        return _market(form, draft.plan, today) | {"rows": _rows(form, STEPS[3].fields[1:], "competitor")}
    chosen = set(form.get("platform", ()))
    return {"platforms": platforms, "chosen": chosen}


def _rows(form: Said, fields: Sequence[str], kind: str) -> list[dict[str, str]]:
    """A list's rows as the form has them, the empty ones at the end included."""
    count = max(len(form.get(kind, ())), ROWS[kind])
    columns = {name: texts(form, name, count) for name in fields}
    return [{name: found[place] for name, found in columns.items()} for place in range(count)]


def _business(form: Said, *, books: str) -> dict[str, Any]:
    names = {industry.code: industry.name for industry in industries().values()}
    return {
        "form": form,
        "name": one(form, "name"),
        "zone": one(form, "zone", "UTC"),
        "industries": choices(names, one(form, "industry", "general")),
        "books": choices(BOOKS, books),
        "rows": _rows(form, ("country", "region", "share"), "country"),
        "zones": sorted(zone_names()),
        "zones_of": zones(),
    }


def _fiscal(form: Said) -> dict[str, Any]:
    return {
        "books": choices(BOOKS, one(form, "books", "calendar")),
        "start_months": choices(MONTHS, one(form, "start_month", "1")),
        "end_months": choices(MONTHS, one(form, "end_month", "1")),
        "patterns": choices(PATTERNS, one(form, "pattern", "4-5-4")),
        "weekdays": choices({day: day.capitalize() for day in WEEKDAYS}, one(form, "ends_on", "saturday")),
        "ends": choices(ENDS, one(form, "rule", "nearest")),
        "named_by": one(form, "named_by"),
    }


def pictured(form: Said, today: date) -> dict[str, Any]:
    """The picture of the fiscal year that a form describes; while its name is open, both names."""
    named_by = one(form, "named_by")
    parts, errors = STEPS[1].read(dict(form) | {"named_by": [named_by or "end"]})
    if errors or "fiscal_year" not in parts:
        return {"picture": None, "problem": " ".join(errors.values()), "other_label": ""}
    years = parts["fiscal_year"]
    if isinstance(years, dict):
        years = industry_of(code="general").fiscal_year
    picture = fiscal_picture(years, day=today)
    open_name = spans_two(form) and not named_by
    other = fiscal_picture(years.model_copy(update={"named_by": "start"}), day=today).label if open_name else ""
    return {"picture": picture, "problem": "", "other_label": other}


def _market(form: Said, plan: Plan | None, today: date) -> dict[str, Any]:
    """The moments that the countries keep, each with its next date where one is known, the usual ones first."""
    places = tuple(market.country for market in plan.countries) if plan else ("US",)
    industry = industry_of(code=plan.industry if plan else "general")
    chosen = set(form.get("moment", ()))
    listed = _next_of_each(places, today)
    usual = [found for found, _ in listed if found.code in industry.moments or found.is_major]
    here = {found.code for found, _ in listed}
    return {
        "usual": [(found, is_coming) for found, is_coming in listed if found in usual],
        "others": [(found, is_coming) for found, is_coming in listed if found not in usual],
        "chosen": chosen,
        # What these countries do not keep stays as it is, for the day on which one is added.
        "kept": sorted(code for code in chosen - here if code in moment_book().moments),
    }


def _next_of_each(places: tuple[str, ...], today: date) -> list[tuple[Occurrence, bool]]:
    """Each moment's next occurrence, or its last one where the next has no date yet, and which of the two it is."""
    coming: dict[str, Occurrence] = {}
    past: dict[str, Occurrence] = {}
    for found in occurrences(countries=places, first_year=today.year - 2, last_year=today.year + 4):
        if found.last >= today:
            coming.setdefault(found.code, found)
        else:
            past[found.code] = found
    undated = [(found, False) for code, found in past.items() if code not in coming]
    dated = sorted(((found, True) for found in coming.values()), key=lambda pair: (pair[0].first, pair[0].name))
    return dated + sorted(undated, key=lambda pair: pair[0].name)


def reviewed(plan: Plan, found: Review) -> dict[str, Any]:
    """The review: what will be built, in words, and the year at a glance."""
    return {
        "plan": plan,
        "found": found,
        "industry": industry_of(code=plan.industry),
        "periods": [in_words(period.name) for period in plan.periods or ()],
        "places": [_place(market) for market in plan.countries],
        "moments": len(plan.moments if plan.moments is not None else moment_book().moments),
        "months": year_at_a_glance(found.days),
    }


def _place(market: Market) -> str:
    """A market's name."""
    part = f" ({regions(country=market.country)[market.subdivision]})" if market.subdivision else ""
    return countries()[market.country] + part
