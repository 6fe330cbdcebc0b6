"""Captions and pages out of a file: each row is checked as if somebody had typed it in, and says what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from kalends.base.errors import KalendsError
from kalends.base.work import Work
from kalends.identity.service import workspace
from kalends.messages import captions, creator_pages
from kalends.messages.caption_schemas import LARGEST_NO, PRICE_TIERS, CaptionIn
from kalends.messages.intake.history import Problem
from kalends.messages.models import Caption, CreatorPage
from kalends.messages.page_schemas import PageChange, PageIn
from kalends.messages.turns import in_turn

TIER_WORDS: Final[Mapping[str, str]] = {
    **{tier.lower(): tier for tier in PRICE_TIERS},
    "low": "Budget", "cheap": "Budget", "entry": "Budget", "small": "Budget", "basic": "Budget",
    "medium": "Mid", "middle": "Mid", "standard": "Mid", "normal": "Mid", "regular": "Mid",
    "high": "Premium", "vip": "Premium", "expensive": "Premium", "top": "Premium", "luxury": "Premium",
    "bump": "Free", "none": "Free", "gratis": "Free", "0": "Free", "unpaid": "Free",
}  # fmt: skip
YES: Final = frozenset({"true", "1", "yes", "y", "ja", "si", "sí", "oui", "x", "active", "enabled", "t"})
NO: Final = frozenset({"false", "0", "no", "n", "nein", "non", "", "inactive", "disabled", "archived", "f"})


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: its number, its cells by field, how it came, and what is wrong with it as a whole."""

    number: int
    cells: Mapping[str, str]
    raw: str
    fault: str | None = None


@dataclass(slots=True)
class Taken:
    """received = loaded + unchanged + rejected."""

    received: int = 0
    loaded: int = 0
    unchanged: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, row: RawRow, code: str, message: str, column: str | None = None) -> None:
        """Set a row aside."""
        self.rejected += 1
        self.problems.append(Problem(row.number, column, code, message, row.raw))


class RowError(ValueError):
    """What does not fit in a row."""

    def __init__(self, code: str, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.code, self.column = code, column


def take_captions(work: Work, rows: Sequence[RawRow], *, only_page: UUID | None) -> Taken:
    """Add and renew captions: one with a known number, or without one but with a known text on its page, is that one.

    Two rows with one number and other words are both set aside; nobody knows which is right.
    """
    in_turn(work, "caption numbers")
    taken, pages = Taken(), _Pages(work)
    read = list(_read(rows, taken, lambda row: _caption(row, pages, only_page)))
    numbers = [told.caption_no for _, told in read if told.caption_no is not None]
    known = captions.by_number(work, numbers)
    visible = set(work.session.scalars(captions.visible_captions(work).with_only_columns(Caption.id)))
    by_text = {(one.page_id, _plain(one.text)): one for one in work.session.scalars(captions.visible_captions(work))}
    said: dict[int, CaptionIn] = {}
    for _, told in read:
        if told.caption_no is not None and told != said.setdefault(told.caption_no, told):
            said[told.caption_no] = _TWICE
    # Above the numbers of rows that were set aside, too: mended, they must not meet another caption under theirs.
    next_no = max(captions.next_no(work), max(_numbers(rows), default=0) + 1)
    for row, told in read:
        if told.caption_no is not None and said[told.caption_no] is _TWICE:
            taken.refuse(row, "repeated_id", f"Two captions have the number {told.caption_no}: give each its own.")
            continue
        found = (
            known.get(told.caption_no)
            if told.caption_no is not None
            else by_text.get((told.page_id, _plain(told.text)))
        )
        if found is not None and found.id not in visible:
            taken.refuse(row, "not_yours", f"Caption {told.caption_no} belongs to a page that you do not work on.")
        elif found is not None:
            _renew(work, taken, found, told)
        else:
            made = captions.new_caption(work, told, caption_no=told.caption_no or next_no)
            next_no += told.caption_no is None
            work.session.add(made)
            visible.add(made.id)
            known[made.caption_no] = by_text[made.page_id, _plain(made.text)] = made
            taken.loaded += 1
    work.session.flush()
    return taken


_TWICE: Final = CaptionIn(text="twice", price_tier="Free")


def _numbers(rows: Sequence[RawRow]) -> Iterator[int]:
    for row in rows:
        number = row.cells.get("caption_no", "").strip().removesuffix(".0")
        if number.isdecimal() and int(number) < LARGEST_NO:
            yield int(number)


def _renew(work: Work, taken: Taken, found: Caption, told: CaptionIn) -> None:
    given = told.model_dump(include=told.model_fields_set & set(captions.FIELDS))
    changed = {name: value for name, value in given.items() if getattr(found, name) != value}
    for name, value in changed.items():
        setattr(found, name, value)
    if changed:
        found.changed_at = work.now
    taken.loaded += bool(changed)
    taken.unchanged += not changed


def _caption(row: RawRow, pages: _Pages, only_page: UUID | None) -> CaptionIn:
    cells = dict(row.cells)
    page, tier, price = cells.pop("page", None), cells.pop("price_tier", None), cells.pop("price", None)
    told: dict[str, Any] = {name: cells[name] for name in ("text", "category", "language") if name in cells}
    if "caption_no" in cells:
        number = cells["caption_no"].removesuffix(".0")
        if not number.isdecimal():
            raise RowError("unreadable_caption", f"“{number}”: a caption’s number is a whole number.", "caption_no")
        told["caption_no"] = int(number)
    if page is not None:
        told["page_id"] = pages.find(page)
    elif only_page is not None:
        told["page_id"] = only_page
    told |= {name: _yes(cells[name], name) for name in ("has_urgency", "is_active") if name in cells}
    if tier is None and price is not None and not price.strip(" 0.,$€"):
        tier = "Free"
    if tier is None:
        raise RowError("missing_tier", f"Say which price tier: {', '.join(PRICE_TIERS)}.", "price_tier")
    if tier.lower() not in TIER_WORDS:
        raise RowError("unknown_tier", f"“{tier}” is no price tier: write {', '.join(PRICE_TIERS)}.", "price_tier")
    return CaptionIn.model_validate(told | {"price_tier": TIER_WORDS[tier.lower()]})


def take_pages(work: Work, rows: Iterable[RawRow]) -> Taken:
    """Add and renew pages: one with a known number on its platform, else a known name, is that one."""
    taken, usual = Taken(), workspace(work)
    if_new = {"currency": usual.currency}
    for row, told in _read(rows, taken, _page):
        found = _known_page(work, told)
        try:
            if found is None:
                creator_pages.add_page(work, PageIn.model_validate(if_new | told))
                taken.loaded += 1
            else:
                before = creator_pages.state(found)
                overrides = found.overrides | told.pop("overrides", {})
                change = PageChange.model_validate(told | {"overrides": overrides})
                page = creator_pages.change_page(work, page_id=found.id, change=change)
                is_changed = creator_pages.state(page) != before
                taken.loaded += is_changed
                taken.unchanged += not is_changed
        except ValidationError as error:
            taken.refuse(row, "bad_page", _words(error), _column(error))
        except KalendsError as error:
            taken.refuse(row, error.code, error.message)
    return taken


def _page(row: RawRow) -> dict[str, Any]:
    told: dict[str, Any] = dict(row.cells)
    if "name" not in told:
        raise RowError("missing_name", "A page needs a name.", "name")
    own = {name: told.pop(name) for name in ("ppvs", "bumps", "min_gap_minutes") if name in told}
    if own:
        told["overrides"] = own
    if "is_active" in told:
        told["is_active"] = _yes(told["is_active"], "is_active")
    return told


def _known_page(work: Work, told: Mapping[str, Any]) -> CreatorPage | None:
    query = creator_pages.visible(work)
    if number := told.get("external_id"):
        by_number = work.session.scalars(query.where(CreatorPage.external_id == number)).first()
        if by_number is not None:
            return by_number
    same = CreatorPage.name.icontains(told["name"], autoescape=True)
    found = work.session.scalars(query.where(same)).all()
    return next((page for page in found if page.name.lower() == told["name"].strip().lower()), None)


class _Pages:
    """The pages that rows may name."""

    def __init__(self, work: Work) -> None:
        found = work.session.scalars(creator_pages.visible(work)).all()
        self._by_key = {page.external_id.lower(): page.id for page in found if page.external_id}
        self._by_key |= {page.name.lower(): page.id for page in found}

    def find(self, name: str) -> UUID | None:
        """The page; None for a word that means all."""
        if name.strip().lower() in {"shared", "all", "any", "*"}:
            return None
        if name.strip().lower() not in self._by_key:
            raise RowError("unknown_page", f"There is no page “{name}”: add it, or ask to be assigned to it.", "page")
        return self._by_key[name.strip().lower()]


def _read(rows: Iterable[RawRow], taken: Taken, read: Callable[[RawRow], Any]) -> Iterable[tuple[RawRow, Any]]:
    """The rows that can be read; the others are set aside."""
    for row in rows:
        taken.received += 1
        if row.fault is not None:
            taken.refuse(row, "unreadable_row", row.fault)
            continue
        bare = replace(row, cells={name: cell.strip() for name, cell in row.cells.items() if cell.strip()})
        try:
            yield row, read(bare)
        except RowError as error:
            taken.refuse(row, error.code, str(error), error.column)
        except ValidationError as error:
            taken.refuse(row, "bad_value", _words(error), _column(error))


def _words(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


def _column(error: ValidationError) -> str:
    return str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""


def _yes(text: str, column: str) -> bool:
    word = text.strip().lower()
    if word not in YES | NO:
        raise RowError("unreadable_flag", f"“{text}”: write yes or no.", column)
    return word in YES


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def known_texts(work: Work) -> list[tuple[int, str | None, str]]:
    """Number, page and text of every visible caption: what history is matched with."""
    rows = work.session.execute(
        captions.visible_captions(work).with_only_columns(Caption.caption_no, Caption.page_id, Caption.text)
    )
    return [(number, str(page) if page else None, text) for number, page, text in rows]


def known_pages(work: Work) -> list[CreatorPage]:
    """The pages that the sender may see."""
    return list(work.session.scalars(creator_pages.visible(work).order_by(CreatorPage.page_no)))
