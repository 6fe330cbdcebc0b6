"""The page of channel groups and campaign-name rules: rows to fill in, and at once what they make of the campaigns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kalends.base.forms import SentForm
from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.marketing import words
from kalends.marketing.stewardship import knownnames, rules
from kalends.marketing.stewardship.knownnames import Known
from kalends.marketing.stewardship.naming import (
    ChannelGroup,
    Condition,
    NameRule,
    Rules,
    rule_of_template,
    template_of,
)

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE: Final = "/data/names"
Kind = Literal["channel_groups", "names"]
"""The kinds of rules that are made here."""
Names = Mapping[str, Known]
"""What may be named, by field."""
BLANK: Final = 1
"""Empty rows below the filled ones: after each saving there is room for one more."""
COLUMNS: Final = (
    ("data_source", "Platform is", "google_ads"),
    ("channel", "Channel is", "paid_search"),
    ("campaign_type", "Campaign type has", "performance_max"),
    ("campaign_name", "Campaign name has", "brand, /^DE_/"),
)
"""The columns of a group's row: several texts with commas between them, a pattern between slashes."""
_EXACT: Final = frozenset({"data_source", "channel"})


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as its row shows it, and what is wrong with it."""

    place: int
    cells: dict[str, str]
    error: str = ""


@router.get(PAGE)
def show_names(request: Request, work: Reader) -> Response:
    """Both kinds of rules, and what they make of the campaigns."""
    now = rules.rules_at(work, version=rules.version_of(work))
    shown = {kind: rows_of(kind, now) for kind in ("channel_groups", "names")}
    return _page(request, work, shown=shown, now=now)


@router.post(f"{PAGE}/{{kind}}/preview")
def preview(request: Request, work: Reader, kind: Kind, form: SentForm) -> Response:
    """What the rows as they stand would make of the campaigns."""
    rows, found = read_form(kind, form, known=_known(work))
    errors = [f"Row {row.place + 1}: {row.error}" for row in rows if row.error]
    tried = None if errors else rules.try_out(work, rules=_as_rules(kind, found), kind=kind)
    return render(request, "data/tried.html", kind=kind, tried=tried, errors=errors, words=words)


@router.post(f"{PAGE}/{{kind}}")
def save(request: Request, work: Writer, kind: Kind, form: SentForm) -> Response:
    """Let the rows count, or show what is wrong with them."""
    rows, found = read_form(kind, form, known=_known(work))
    now = rules.rules_at(work, version=rules.version_of(work))
    if any(row.error for row in rows):
        other: Kind = "names" if kind == "channel_groups" else "channel_groups"
        return _page(request, work, shown={kind: rows, other: rows_of(other, now)}, now=now, status=422)
    rules.save(work, kind=kind, rules=tuple(found))
    return _back("The rules count from now on.", kind)


@router.post(f"{PAGE}/{{kind}}/undo")
def undo(work: Writer, kind: Kind) -> Response:
    """Back to the rules before the last change."""
    rules.undo(work, kind=kind)
    return _back("Back to the rules before.", kind)


def _back(text: str, kind: Kind) -> Response:
    answer = RedirectResponse(f"{PAGE}#{kind}", status_code=303)
    flash(answer, text=text, undo=f"{PAGE}/{kind}/undo")
    return answer


def _page(request: Request, work: Work, *, shown: dict[str, list[Row]], now: Rules, status: int = 200) -> Response:
    kinds: tuple[Kind, ...] = ("channel_groups", "names")
    return render(
        request,
        "data/names.html",
        status=status,
        shown={kind: [*shown[kind], *_blank(len(shown[kind]))] for kind in kinds},
        tried={kind: rules.try_out(work, rules=now, kind=kind) for kind in kinds},
        history={kind: rules.history_of(work, kind=kind)[:10] for kind in kinds},
        columns=COLUMNS,
        known=_known(work),
        attributes=now.attributes,
        may_write=request.state.permitted.may("data.write"),
        zone=workspace(work).zone,
        words=words,
    )


def _known(work: Work) -> Names:
    return {"data_source": knownnames.known_sources(work), "channel": knownnames.known_channels(work)}


def _blank(count: int) -> list[Row]:
    return [Row(count + place, {}) for place in range(BLANK)]


def _as_rules(kind: Kind, found: list[Any]) -> Rules:
    return Rules(groups=tuple(found)) if kind == "channel_groups" else Rules(names=tuple(found))


# From rules to rows and back.


def rows_of(kind: str, now: Rules) -> list[Row]:
    """The rules as rows."""
    if kind == "names":
        return [
            Row(place, {"template": template_of(rule), "data_source": rule.data_source or ""})
            for place, rule in enumerate(now.names)
        ]
    return [Row(place, _cells(group)) for place, group in enumerate(now.groups)]


def _cells(group: ChannelGroup) -> dict[str, str]:
    """The cells of a group's row; of one that cells cannot say, made by a program, its JSON as it is."""
    told = {"name": group.name}
    for one in group.conditions:
        values = f"/{one.values[0]}/" if one.operator == "matches" else ", ".join(one.values)
        if one.field in told or _conditions(one.field, values) != [one]:
            return {"name": group.name, "as_it_is": group.model_dump_json(exclude_defaults=True)}
        told[one.field] = values
    return told


def read_form(kind: Kind, form: FormData, *, known: Names) -> tuple[list[Row], list[ChannelGroup | NameRule]]:
    """The rows that were filled in, in the order that they ask for, and the rules that they are."""
    filled: dict[int, dict[str, str]] = {}
    for key, value in form.multi_items():
        number, _, field = key.partition(".")
        if number.isdecimal() and field and isinstance(value, str) and value.strip():
            filled.setdefault(int(number), {})[field] = value.strip()
    cells = [row for row in filled.values() if set(row) - {"order"}]
    cells.sort(key=lambda row: int(order) if (order := row.get("order", "")).isdecimal() else sys.maxsize)
    rows, found = [], []
    for place, row in enumerate(cells):
        rule, error = _rule(kind, row, known)
        rows.append(Row(place, row, error))
        found += [rule] if rule is not None else []
    return rows, found


def _rule(kind: Kind, cells: dict[str, str], known: Names) -> tuple[ChannelGroup | NameRule | None, str]:
    """The rule that a row is, or what is wrong with it."""
    try:
        return (_name_rule if kind == "names" else _group)(cells, known), ""
    except ValueError as error:
        return None, str(error)


def _name_rule(cells: dict[str, str], known: Names) -> NameRule:
    with _about("Only on platform"):
        source = _coded("data_source", cells.get("data_source", ""), known)
    with _about("How names are built"):
        return rule_of_template(cells.get("template", ""), data_source=source or None)


def _group(cells: dict[str, str], known: Names) -> ChannelGroup:
    """The group that a row is. `as_it_is`: one that a row has no room for, as JSON."""
    if "as_it_is" in cells:
        with _about("Group"):
            return ChannelGroup.model_validate_json(cells["as_it_is"])
    conditions: list[Condition] = []
    for field, label, _ in COLUMNS:
        with _about(label):
            conditions += _conditions(field, _coded(field, cells[field], known)) if field in cells else []
    if not conditions:
        raise ValueError(f"Say what must hold: fill in one of {', '.join(f'“{label}”' for _, label, _ in COLUMNS)}.")
    if "name" not in cells:
        raise ValueError("“Group”: give the group a name.")
    with _about("Group"):
        return ChannelGroup(name=cells["name"], conditions=tuple(conditions))


@contextmanager
def _about(label: str) -> Iterator[None]:
    """Say which field an error is about."""
    try:
        yield
    except ValidationError as error:
        raise ValueError(f"“{label}”: {rules.in_words(error)}") from None
    except ValueError as error:
        raise ValueError(f"“{label}”: {error}") from None


def _coded(field: str, text: str, known: Names) -> str:
    """A cell with codes for what its texts name. Raises ValueError where one names nothing that is known."""
    if field not in known or _is_pattern(text):
        return text
    parts = [part.strip() for part in text.split(",") if part.strip()]
    codes = [knownnames.code_of(part, known[field]) for part in parts]
    if wrong := [part for part, code in zip(parts, codes, strict=True) if code is None]:
        raise ValueError(knownnames.sentence(wrong[0], known[field]))
    return ", ".join(filter(None, codes))


def _is_pattern(text: str) -> bool:
    return text.startswith("/") and text.endswith("/") and len(text) > 2


def _conditions(field: Any, text: str) -> list[Condition]:
    """A cell's condition. A pattern may have commas, so a cell is either one pattern or texts."""
    if _is_pattern(text):
        return [Condition(field=field, operator="matches", values=(text[1:-1],))]
    values = tuple(part.strip() for part in text.split(",") if part.strip())
    return [Condition(field=field, operator="is" if field in _EXACT else "contains", values=values)]
