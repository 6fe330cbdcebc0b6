"""Markets: what each lies in and how many people live there, as a company says it.

They are told all at once, as a list or a CSV file with the columns geo, parent and population; a list takes the place
of the one before. `geo` is the market as series name it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import delete, select

from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.marketing.models import MarketRow

MOST: Final = 20_000
MOST_BYTES: Final = 8 << 20
DEEPEST: Final = 12
COLUMNS: Final = ("geo", "parent", "population")
Geo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class BadMarketsError(BadInputError):
    """These are no markets: give each once, its parent as a market of the same list, and whole numbers of people."""

    code = "bad_markets"


class Market(BaseModel):
    """A market, the one that it lies in, and how many people live there; null where nobody said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    geo: Geo
    parent: Geo | None = None
    population: int | None = Field(default=None, ge=0, le=10**12)


@dataclass(frozen=True, slots=True)
class Tree:
    """Markets by what they lie in."""

    parents: dict[str, str | None]

    def path(self, geo: str) -> tuple[str, ...]:
        """The market with all that it lies in, the largest first; () for one that nobody told of."""
        found: list[str] = []
        at: str | None = geo if geo in self.parents else None
        while at is not None:
            found.append(at)
            at = self.parents[at]
        return tuple(reversed(found))

    def within(self, geo: str) -> frozenset[str]:
        """The market and all that lie in it."""
        return frozenset({geo, *(one for one in self.parents if geo in self.path(one))})


def tree_of(markets: Sequence[Market]) -> Tree:
    """The markets as a tree. Raises BadMarketsError: one comes twice, its parent is not there, or lies in itself."""
    parents = {one.geo: one.parent for one in markets}
    if len(parents) < len(markets):
        [(twice, _)] = Counter(one.geo for one in markets).most_common(1)
        raise BadMarketsError(f"“{twice}” comes twice: give each market once.", geo=twice)
    for geo, parent in parents.items():
        if parent is not None and parent not in parents:
            raise BadMarketsError(f"“{geo}” lies in “{parent}”, which is not in the list: add it.", geo=geo)
        _climb(geo, parents)
    return Tree(parents)


def _climb(geo: str, parents: dict[str, str | None]) -> None:
    """Go up from a market to one that lies in no other."""
    way, at = [geo], parents[geo]
    while at is not None:
        if at in way:
            circle = " in ".join(f"“{one}”" for one in [*way[way.index(at) :], at])
            raise BadMarketsError(f"A market lies in itself: {circle}.", geo=at)
        if len(way) == DEEPEST:
            raise BadMarketsError(f"“{geo}” lies in more than {DEEPEST} markets: leave some out.", geo=geo)
        way.append(at)
        at = parents.get(at)


def read_markets(content: bytes) -> list[Market]:
    """The markets of a CSV file with the columns geo, parent and population, of which the last two may be missing.
    Raises BadMarketsError, which names the line.
    """
    if len(content) > MOST_BYTES:
        raise BadMarketsError(f"A file of markets has at most {MOST_BYTES >> 20} MB.")
    try:
        text = content.decode("utf-8-sig")
        head = text.partition("\n")[0]
        rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadMarketsError(f"This is no CSV file ({error}).") from None
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "geo" not in heads or not set(heads) <= set(COLUMNS):
        raise BadMarketsError("The first line must name the columns: geo, parent, population.")
    filled = [(line, cells) for line, cells in enumerate(rows[1:], start=2) if any(cell.strip() for cell in cells)]
    if len(filled) > MOST:
        raise BadMarketsError(f"A list has at most {MOST:,} markets; this one has {len(filled):,}.")
    return [_market(dict(zip(heads, cells, strict=False)), line=line) for line, cells in filled]


def _market(cells: dict[str, str], *, line: int) -> Market:
    told = {name: text for name, cell in cells.items() if (text := cell.strip())}
    if "geo" not in told:
        raise BadMarketsError(f"Line {line} names no market: fill in geo.", line=line)
    people = told.get("population", "")
    if people and not (people.isascii() and people.isdigit()):
        raise BadMarketsError(f"Line {line}: write {people!r} as a whole number of people, like 83200000.", line=line)
    try:
        return Market.model_validate(told)
    except ValidationError as error:
        raise BadMarketsError(f"Line {line}: {error.errors()[0]['msg']}.", line=line) from None


def list_markets(work: Work) -> list[Market]:
    """All markets, by name."""
    found = work.session.execute(select(MarketRow).order_by(MarketRow.geo)).scalars()
    return [Market(geo=row.geo, parent=row.parent, population=row.population) for row in found]


def set_markets(work: Work, markets: Sequence[Market]) -> None:
    """Let these be all markets. Raises BadMarketsError."""
    tree_of(markets)
    before = [market.model_dump(exclude_none=True) for market in list_markets(work)]
    work.session.execute(delete(MarketRow))
    work.session.add_all(
        MarketRow(tenant_id=work.scope.tenant_id, id=new_id(), **market.model_dump()) for market in markets
    )
    work.session.flush()
    # What was before is kept: a list takes the place of the whole one.
    work.audit(
        "markets.set",
        subject_kind="tenant",
        subject_id=work.scope.tenant_id,
        before={"markets": before},
        after={"count": len(markets)},
    )
