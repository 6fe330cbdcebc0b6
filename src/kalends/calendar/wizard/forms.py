"""The five steps' forms: texts from a browser in, parts of a plan or words beside the fields out. Pure functions.

A form is kept as it was sent, field name -> texts, right or wrong: whoever goes back, or leaves and returns, finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from kalends.calendar.fiscal import AnyFiscalYears
from kalends.calendar.industry import Industry, PeakPeriod, industries
from kalends.calendar.moments import moment_book
from kalends.calendar.wizard.plan import Competitor, Plan

Said = Mapping[str, Sequence[str]]
"""A form: field name -> the texts sent under it."""
Errors = dict[str, str]
"""Field name -> what is wrong, in words; "" for the form as a whole."""

BOOKS: Final = {
    "calendar": "Calendar year",
    "months": "Other months",
    "weeks": "Whole weeks",
}


def one(said: Said, name: str, default: str = "") -> str:
    """The first text under a name."""
    return (said.get(name) or [default])[0].strip()


def texts(said: Said, name: str, count: int) -> list[str]:
    """As many texts under a name as there are rows."""
    found = [text.strip() for text in said.get(name, ())]
    return (found + [""] * count)[:count]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its form's fields, the form filled from a plan, and the parts of a plan read from the form."""

    name: str
    title: str
    fields: tuple[str, ...]
    filled: Callable[[Plan], Said]
    read: Callable[[Said], tuple[dict[str, Any], Errors]]


# The business.


def _business_form(plan: Plan) -> Said:
    return {
        "name": [plan.name],
        "industry": [plan.industry],
        "country": [market.country for market in plan.countries],
        "region": [market.subdivision or "" for market in plan.countries],
        "share": [f"{market.sales_share:g}" if market.sales_share != 1 else "" for market in plan.countries],
        "zone": [plan.zone],
    }


def _read_business(said: Said) -> tuple[dict[str, Any], Errors]:
    errors: Errors = {}
    rows = list(said.get("country", ()))
    regions, shares = texts(said, "region", len(rows)), texts(said, "share", len(rows))
    countries = []
    for country, region, share in zip(rows, regions, shares, strict=True):
        if not country:
            continue
        weight = _number(share)
        if weight is None:
            errors["share"] = f"{share!r} is no share; write a number such as 20, or leave it empty."
        countries.append({"country": country, "subdivision": region or None, "sales_share": weight or 1.0})
    if not one(said, "name"):
        errors["name"] = "Give the company's name."
    if not countries:
        errors["country"] = "Choose the country that you sell most in."
    parts = {
        "name": one(said, "name"),
        "industry": one(said, "industry", "general"),
        "countries": countries,
        "zone": one(said, "zone", "UTC"),
    }
    return parts, errors


def _number(text: str) -> float | None:
    """A positive number as people write it; an empty text is 1."""
    try:
        value = float(text.replace("%", "").replace(",", ".") or 1)
    except ValueError:
        return None
    return value if value > 0 else None


# The fiscal year.

_WEEKLY: Final = ("pattern", "ends_on", "end_month", "rule", "week_53_in", "long_quarter")


def _fiscal_form(plan: Plan) -> Said:
    years = plan.fiscal_year
    given = {name: [str(value)] for name, value in years.model_dump(exclude_none=True).items() if name != "kind"}
    books = years.kind if years.kind == "weeks" or years.start_month > 1 else "calendar"
    return {**given, "books": [books], "start_month": [str(years.start_month)]}


def _read_fiscal(said: Said) -> tuple[dict[str, Any], Errors]:
    books = one(said, "books", "calendar")
    if books == "calendar":
        return {"fiscal_year": {"kind": "months", "start_month": 1, "named_by": "end"}}, {}
    names = _WEEKLY if books == "weeks" else ("start_month",)
    asked = {name: one(said, name) for name in names if one(said, name)}
    named_by = one(said, "named_by")
    if spans_two(said) and named_by not in ("start", "end"):
        return {}, {"named_by": "Say whether the year has the name of the year in which it begins or ends."}
    raw = {"kind": books, "named_by": named_by or "end", **asked}
    try:
        years = TypeAdapter[Any](AnyFiscalYears).validate_python(raw)
    except ValidationError as error:
        return {}, {str(item["loc"][-1]): str(item["msg"]).removeprefix("Value error, ") for item in error.errors()}
    return {"fiscal_year": years}, {}


def spans_two(said: Said) -> bool:
    """Whether the fiscal year reaches into a second calendar year, so that it has to be said which one names it."""
    books = one(said, "books", "calendar")
    if books == "weeks":
        return one(said, "end_month", "1") != "12"
    return books == "months" and one(said, "start_month", "1") != "1"


# Business periods.


def _periods_form(plan: Plan) -> Said:
    periods = plan.periods or ()
    sides = {"first": [period.first for period in periods], "last": [period.last for period in periods]}
    days = {f"{side}_day": [str(int(day[3:])) for day in found] for side, found in sides.items()}
    months = {f"{side}_month": [str(int(day[:2])) for day in found] for side, found in sides.items()}
    return {"period": [in_words(period.name) for period in periods], **months, **days}


def in_words(code: str) -> str:
    """A template's name of a period as people write it: Holiday peak."""
    return code.replace("_", " ").capitalize() if code.islower() else code


@lru_cache(maxsize=1)
def _usual_names() -> Mapping[str, str]:
    """The templates' names of periods by what people read, so that one that was not renamed keeps its code."""
    return {in_words(peak.name): peak.name for industry in industries().values() for peak in industry.peak_periods}


def _read_periods(said: Said) -> tuple[dict[str, Any], Errors]:
    errors: Errors = {}
    periods = []
    for place, name in enumerate(text.strip() for text in said.get("period", ())):
        if not name:
            continue
        try:
            first, last = (_day_of_year(said, side, place) for side in ("first", "last"))
            periods.append(PeakPeriod(name=_usual_names().get(name, name), first=first, last=last))
        except ValueError:
            errors["period"] = f"{name}: choose days that the months have."
    return {"periods": tuple(periods)}, errors


def _day_of_year(said: Said, side: str, place: int) -> str:
    """A row's first or last day as MM-DD. Raises ValueError for what is no number."""
    month, day = (int(texts(said, f"{side}_{part}", place + 1)[place]) for part in ("month", "day"))
    return f"{month:02}-{day:02}"


# The market.


def _market_form(plan: Plan) -> Said:
    return {
        "moment": list(moment_book().moments if plan.moments is None else plan.moments),
        "competitor": [event.name for event in plan.competitors],
        "starts_on": [event.starts_on.isoformat() for event in plan.competitors],
        "ends_on": [event.ends_on.isoformat() for event in plan.competitors],
    }


def _read_market(said: Said) -> tuple[dict[str, Any], Errors]:
    names = [text.strip() for text in said.get("competitor", ())]
    firsts, lasts = texts(said, "starts_on", len(names)), texts(said, "ends_on", len(names))
    errors: Errors = {}
    events = []
    for name, first, last in zip(names, firsts, lasts, strict=True):
        if not name and not first:
            continue
        try:
            events.append(Competitor.model_validate({"name": name, "starts_on": first, "ends_on": last or first}))
        except ValidationError as error:
            errors["competitor"] = _competitor_words(name, error)
    return {"moments": tuple(said.get("moment", ())), "competitors": events}, errors


def _competitor_words(name: str, error: ValidationError) -> str:
    """What is wrong with a competitor's event."""
    if not name:
        return "Say what the competitor does, or empty the row's days."
    if any(item["loc"] for item in error.errors()):
        return f"{name}: give its first day, such as 2026-11-27."
    return f"{name}: the last day comes before the first, or is more than ten years after it."


# The platforms.


def _platforms_form(plan: Plan) -> Said:
    return {"platform": list(plan.platforms)}


def _read_platforms(said: Said) -> tuple[dict[str, Any], Errors]:
    return {"platforms": tuple(said.get("platform", ()))}, {}


STEPS: Final[tuple[Step, ...]] = (
    Step(
        "business",
        "Your business",
        ("name", "industry", "country", "region", "share", "zone", "books"),
        _business_form,
        _read_business,
    ),
    Step("fiscal", "Your fiscal year", ("books", "start_month", "named_by", *_WEEKLY), _fiscal_form, _read_fiscal),
    Step(
        "periods",
        "Your busy periods",
        ("period", "first_month", "first_day", "last_month", "last_day"),
        _periods_form,
        _read_periods,
    ),
    Step("market", "Your market", ("moment", "competitor", "starts_on", "ends_on"), _market_form, _read_market),
    Step("platforms", "Your platforms", ("platform",), _platforms_form, _read_platforms),
)
STEP_NAMES: Final = tuple(step.name for step in STEPS)


def checked_step(step: Step, said: Said, *, base: Plan) -> tuple[Plan | None, Errors]:
    """The plan with what the step's form says, or what is wrong with it."""
    parts, errors = step.read(said)
    if errors:
        return None, errors
    try:
        return Plan.model_validate(base.model_dump(exclude_unset=False) | parts), {}
    except ValidationError as error:
        return None, {_field(item["loc"]): str(item["msg"]).removeprefix("Value error, ") for item in error.errors()}


def _field(location: tuple[int | str, ...]) -> str:
    """The form's field that an error of the plan belongs to."""
    first = str(location[0]) if location else ""
    return {"countries": "country", "competitors": "competitor", "periods": "period"}.get(first, first)


def suggestions(industry: Industry, *, moments: Sequence[str]) -> dict[str, Any]:
    """What a template suggests to a company that has said nothing yet."""
    return {
        "fiscal_year": industry.fiscal_year,
        "periods": industry.peak_periods,
        "moments": tuple(moments),
        "platforms": industry.platforms,
    }
