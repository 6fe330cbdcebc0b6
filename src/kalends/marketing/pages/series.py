"""The page of series: what is no platform's report, by market, with a small chart, its unit and the file it is from."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import Choice, flash, render
from kalends.base.pages.components import Paging
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import batches, markets, serieslist, words
from kalends.marketing.markets import BadMarketsError, Market, Tree
from kalends.marketing.serieslist import DRAWN, Key, SeriesName, Unit
from kalends.marketing.service import harmless

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE: Final = "/data/series"
SHOWN: Final = 25
MARKETS_SHOWN: Final = 200
OUT: Final = ("name", "role", "metric", "channel", "geo", "unit", "date_from", "date_to", "value")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which series are asked for: a part of their names, and a market with all that lie in it; '' is all."""

    search: Annotated[str, Query(max_length=300)] = ""
    market: Annotated[str, Query(max_length=200)] = ""
    page: Annotated[int, Query(ge=1, le=100_000)] = 1

    def address(self, *, page: int = 1, path: str = PAGE) -> str:
        """Where they are shown, or written out."""
        told = {"search": self.search, "market": self.market, "page": str(page) if page > 1 else ""}
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{query}" if query else path

    def of(self, found: Sequence[dict[str, Any]], tree: Tree) -> list[dict[str, Any]]:
        """Those of the series that are asked for, by market, then by name."""
        within = tree.within(self.market) if self.market else None
        text = self.search.strip().casefold()
        kept = [one for one in found if text in one["name"].casefold() and (within is None or one["geo"] in within)]
        return sorted(kept, key=lambda one: _place(one, tree))


def _place(one: dict[str, Any], tree: Tree) -> tuple[Any, ...]:
    """Where a series stands: those of no market first, then by what theirs lies in, those of other markets last."""
    path = tree.path(one["geo"])
    rank = 0 if not one["geo"] else 1 if path else 2
    return rank, path[:-1] or path, path or (one["geo"],), one["name"]


Asked = Annotated[Shown, Depends()]


@router.get(PAGE)
def show_series(request: Request, work: Reader, asked: Asked) -> Response:
    """Which series there are."""
    return _page(request, work, asked)


@router.get(f"{PAGE}.csv")
def download_series(work: Reader, asked: Asked) -> Response:
    """The values of all series that are asked for."""
    found = {_key(one): one for one in asked.of(serieslist.list_series(work), _tree(work))}
    values = serieslist.values_by_series(work.warehouse, list(found))
    rows = [found[key] | value for key, listed in values.items() for value in listed]
    return _csv([{name: row[name] for name in OUT} for row in rows], OUT, file_name="series.csv")


@router.post(f"{PAGE}/units")
def set_unit(
    work: Writer, asked: Asked, name: Annotated[SeriesName, Form()], unit: Annotated[Unit, Form()] = ""
) -> Response:
    """Say what a series is measured in, and come back to what was shown."""
    serieslist.set_units(work, {name: unit})
    answer = RedirectResponse(asked.address(page=asked.page), status_code=303)
    flash(answer, text=f"“{name}” is in {unit}." if unit else f"“{name}”: the file’s own unit holds again.")
    return answer


@router.post(f"{PAGE}/markets")
def load_markets(request: Request, work: Writer, file: UploadFile) -> Response:
    """Let a file's markets take the place of those before, or say what is wrong with it."""
    try:
        found = markets.read_markets(file.file.read(markets.MOST_BYTES + 1))
        markets.set_markets(work, found)
    except BadMarketsError as error:
        return _page(request, work, Shown(), error=error.message, status=422)
    answer = RedirectResponse(f"{PAGE}#markets", status_code=303)
    flash(answer, text=f"{words.count(len(found), 'market')} from now on." if found else "No markets any more.")
    return answer


@router.get(f"{PAGE}/markets.csv")
def download_markets(work: Reader) -> Response:
    """The markets as they can be loaded again."""
    rows = [market.model_dump() for market in markets.list_markets(work)]
    return _csv(rows, markets.COLUMNS, file_name="markets.csv")


def _page(request: Request, work: Work, asked: Shown, *, error: str = "", status: int = 200) -> Response:
    told = markets.list_markets(work)
    tree = markets.tree_of(told)
    found = serieslist.list_series(work)
    kept = asked.of(found, tree)
    shown = kept[(asked.page - 1) * SHOWN : asked.page * SHOWN]
    drawn = serieslist.values_by_series(work.warehouse, [_key(one) for one in shown], most=DRAWN)
    return render(
        request,
        "data/series.html",
        status=status,
        has_any=bool(found),
        groups=_groups(shown, tree),
        drawn={key: [value["value"] for value in values] for key, values in drawn.items()},
        key=_key,
        files={batch.seq: batch for batch in batches.numbered(work, sorted({one["batch_seq"] for one in shown}))},
        paging=Paging.of(asked.page, size=SHOWN, total=len(kept), address=lambda page: asked.address(page=page)),
        asked=asked,
        choices=_choices(found, told, tree, asked.market),
        markets=[(market, len(tree.path(market.geo)) - 1) for market in _in_order(told, tree)],
        most_markets=MARKETS_SHOWN,
        error=error,
        csv=asked.address(path=f"{PAGE}.csv"),
        set_units=asked.address(page=asked.page, path=f"{PAGE}/units"),
        words=words,
        may_write=bool(request.state.permitted.may("data.write")),
    )


def _groups(shown: Sequence[dict[str, Any]], tree: Tree) -> list[tuple[str, list[dict[str, Any]]]]:
    """The series by the market that theirs lies in; one group without a name where nobody told of any markets."""
    if not tree.parents:
        return [("", list(shown))] if shown else []

    def heading(one: dict[str, Any]) -> str:
        path = tree.path(one["geo"])
        return ", ".join(reversed(path[:-1] or path)) or ("Other markets" if one["geo"] else "Of no market")

    return [(name, list(ones)) for name, ones in groupby(shown, key=heading)]


def _choices(found: Sequence[dict[str, Any]], told: Sequence[Market], tree: Tree, current: str) -> list[Choice]:
    """Every market that is told of or that a series is of."""
    others = sorted({one["geo"] for one in found} - tree.parents.keys() - {""})
    named = [(market.geo, "\u2003" * (len(tree.path(market.geo)) - 1)) for market in _in_order(told, tree)]
    return [
        Choice("All markets", value=""),
        *(Choice(f"{indent}{geo}", value=geo, current=geo == current) for geo, indent in named),
        *(Choice(geo, value=geo, current=geo == current) for geo in others),
    ]


def _in_order(told: Sequence[Market], tree: Tree) -> list[Market]:
    """Each market behind the one that it lies in."""
    return sorted(told, key=lambda market: tree.path(market.geo))


def _key(one: dict[str, Any]) -> Key:
    return one["name"], one["metric"], one["geo"]


def _tree(work: Work) -> Tree:
    return markets.tree_of(markets.list_markets(work))


def _csv(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, file_name: str) -> Response:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=columns)
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    headers = {"content-disposition": f'attachment; filename="{file_name}"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
