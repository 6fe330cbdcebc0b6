"""Finding campaigns and the like by what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Final

import ibis
from ibis.expr import types as ir
from sqlalchemy import select

from kalends.base.errors import NotFoundError
from kalends.base.work import Work
from kalends.marketing import batches, entities
from kalends.marketing.models import Batch
from kalends.marketing.versions import facts_as_of

NAMED: Final[Mapping[str, tuple[str, str | None]]] = {
    "account": ("account_id", "account_name"),
    "campaign": ("campaign_id", "campaign_name"),
    "ad_group": ("ad_group_id", "ad_group_name"),
    "ad": ("ad_id", "ad_name"),
    "flow": ("flow_id", None),
    "list": ("list_id", None),
}
"""Per level the columns of a fact with its id and, where facts carry one, its name."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something with an id and what it was called. `account_id` is '' where a file of names does not say."""

    data_source: str
    account_id: str
    id: str
    name: str | None


def find_campaigns(work: Work, *, words: str, limit: int) -> list[tuple[str, str]]:
    """Campaigns whose name has `words`, as (name, data source), those with the newest days first."""
    if not work.warehouse.exists("daily"):
        return []
    daily = work.warehouse.table("daily")
    named = daily.filter(daily.campaign_name.lower().contains(words.lower()))
    found = named.group_by("campaign_name", "data_source").agg(newest=named.date.max())
    rows = found.order_by([found.newest.desc(), found.campaign_name]).limit(limit).to_pyarrow().to_pylist()
    return [(row["campaign_name"], row["data_source"]) for row in rows]


class UnknownIdError(NotFoundError):
    """No data names such an id."""

    code = "unknown_id"


@dataclass(frozen=True, slots=True)
class NameSpan:
    """What something of an account was called, and the first and last day of which rows say so. A row that only names
    it is of the day on which it came. `account_id` is '' where such a row does not say.
    """

    account_id: str
    name: str
    first: date
    last: date


def history(
    work: Work, *, data_source: str, level: str, entity_id: str, as_of: datetime | None = None
) -> list[NameSpan]:
    """Every name that rows give an account, campaign, ad group or ad, the name of now first; with `as_of`, as it was
    known then. Raises UnknownIdError.
    """
    version = batches.version_at(work, instant=as_of) if as_of else None
    about = {"data_source": data_source, "level": level, "entity_id": entity_id}
    told = [*_told_by_facts(work, version=version, **about), *_told_by_names(work, version=version, **about)]
    if not told:
        raise UnknownIdError(data_source=data_source, id=entity_id)
    days: dict[tuple[str, str], list[date]] = {}
    for row in told:
        if row["name"]:
            days.setdefault((row["account_id"], row["name"]), []).extend((row["first"], row["last"]))
    spans = [NameSpan(*key, min(each), max(each)) for key, each in sorted(days.items(), key=lambda one: one[0][1])]
    return sorted(spans, key=lambda span: (span.last, span.first), reverse=True)


@dataclass(frozen=True, slots=True)
class AboveSpan:
    """The campaign or ad group (`level`) that lists of a platform say something of an account is in, and the first and
    last day (UTC) on which they said so.
    """

    account_id: str
    level: str
    id: str
    first: date
    last: date


def above(
    work: Work, *, data_source: str, level: str, entity_id: str, as_of: datetime | None = None
) -> list[AboveSpan]:
    """What rows that hold names only say an ad group or ad is in, the newest word first; with `as_of`, as it was known
    then. Rows with figures say it themselves.
    """
    version = batches.version_at(work, instant=as_of) if as_of else None
    found = [
        AboveSpan(row["account_id"], column.removesuffix("_id"), row["name"], row["first"], row["last"])
        for said, (column, by) in entities.PARENTS.items()
        if by == f"{level}_id"
        for row in _told_by_names(work, data_source=data_source, level=said, entity_id=entity_id, version=version)
    ]
    return sorted(found, key=lambda span: (span.last, span.first), reverse=True)


def _told_by_facts(
    work: Work, *, data_source: str, level: str, entity_id: str, version: int | None
) -> list[dict[str, Any]]:
    """The names in rows with figures, '' for rows without, and their days."""
    id_column, name_column = NAMED[level]
    assert name_column is not None
    if not work.warehouse.exists("facts"):
        return []
    facts = work.warehouse.table("facts") if version is None else facts_as_of(work.warehouse, version=version)
    rows = facts.filter(facts.data_source == data_source, facts[id_column] == entity_id)
    name = rows[name_column].fill_null("")
    spans = rows.group_by("account_id", name=name).aggregate(first=rows.date_from.min(), last=rows.date_to.max())
    found: list[dict[str, Any]] = work.warehouse.to_arrow(spans).to_pylist()
    return found


def _told_by_names(
    work: Work, *, data_source: str, level: str, entity_id: str, version: int | None
) -> list[dict[str, Any]]:
    """The names in rows that hold names only, and the days on which they were said."""
    if not work.warehouse.exists(entities.TABLE):
        return []
    rows = entities.standing(work.warehouse, version=version)
    rows = rows.filter(rows.data_source == data_source, rows.level == level, rows.entity_id == entity_id)
    account = ibis.literal(entity_id) if level == "account" else rows.account_id
    spans = rows.group_by("name", account_id=account).aggregate(first=rows.said.min(), last=rows.said.max())
    found: list[dict[str, Any]] = work.warehouse.to_arrow(spans).to_pylist()
    return found


def told_in_facts(facts: ir.Table, *, level: str, words: Sequence[str], limit: int) -> ir.Table:
    """What `facts` call the things of a level, the newest names first; with `words`, names or ids that have one."""
    id_column, name_column = NAMED[level]
    rows = facts.filter(facts[id_column].fill_null("") != "")
    name = rows[name_column] if name_column else rows[id_column].nullif(rows[id_column])
    rows = rows.select("data_source", "account_id", "date_to", id=rows[id_column], name=name)
    found = rows.aggregate(by=["data_source", "account_id", "id", "name"], newest=rows.date_to.max())
    found = _having(found, words)
    return found.order_by([found.newest.desc(), found.id, found.name]).limit(limit)


def told_alone(work: Work, *, level: str, words: Sequence[str], version: int, limit: int) -> list[Named]:
    """The same of files that hold names only, as of the data version."""
    if not work.warehouse.exists(entities.TABLE):
        return []
    found = entities.current(entities.standing(work.warehouse, version=version)).rename(id="entity_id")
    found = _having(found.filter(found.level == level), words).order_by("id").limit(limit)
    rows: list[dict[str, Any]] = work.warehouse.to_arrow(found).to_pylist()
    sources = _sources(work, {row["batch_seq"] for row in rows})
    return [Named(sources.get(row["batch_seq"], ""), row["account_id"], row["id"], row["name"]) for row in rows]


def _having(rows: ir.Table, words: Sequence[str]) -> ir.Table:
    """Keep names and ids that have one of the words, where there are any."""
    text = rows.name.fill_null("").lower() + " " + rows.id.lower()
    return rows.filter(reduce(or_, [text.contains(word) for word in words])) if words else rows


def _sources(work: Work, numbers: Iterable[int]) -> dict[int, str]:
    """Which platform each batch was of."""
    found = work.session.execute(select(Batch.seq, Batch.data_source).where(Batch.seq.in_(list(numbers))))
    return {seq: source for seq, source in found}  # noqa: C416 - rows, not pairs
