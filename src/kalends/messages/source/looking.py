"""What can be seen in a company's warehouse: which table and columns each field is read from, and some rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from ibis.common.exceptions import TableNotFound
from ibis.expr import types as ir

from kalends.base.errors import BadInputError
from kalends.base.settings import Settings
from kalends.messages.source.engines import Access, opened, plain_words
from kalends.messages.source.mapping import Part, SourceMapping
from kalends.messages.source.queries import columns_of, has_instants, rows_of, text_cells

SHOWN: Final = 3
"""Rows of each table."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One table: our field -> its column, the columns that are not read, how many rows count, and a few of them."""

    kind: str
    table: str
    columns: Mapping[str, str]
    not_used: tuple[str, ...]
    rows: int
    sample: list[dict[str, Any]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a test saw, up to where it failed; `problem` is empty where nothing did."""

    seen: tuple[Seen, ...] = field(default=())
    problem: str = ""


def look(access: Access, mapping: SourceMapping, settings: Settings) -> Look:
    """Go to every table that is named; whatever is wrong is told, not raised."""
    found: list[Seen] = []
    try:
        with opened(access, settings) as backend:
            for part in mapping.parts.values():
                with plain_words(access, part.kind):
                    found.append(_seen(part, table_of(backend, part)))
    except BadInputError as error:
        return Look(tuple(found), error.message)
    return Look(tuple(found))


def table_of(backend: Any, part: Part) -> ir.Table:
    """The table of a part. Raises BadMappingError, with the line."""
    *path, name = part.table
    database = tuple(path) if len(path) > 1 else path[0] if path else None
    try:
        return backend.table(name, database=database)
    except TableNotFound:
        raise part.fault(
            "table", f"there is no table “{'.'.join(part.table)}”{_others(backend, name, database)}."
        ) from (None)


def _others(backend: Any, name: str, database: Any) -> str:
    try:
        names = [str(one) for one in backend.list_tables(database=database)]
    except Exception:  # noqa: BLE001  # a help beside an error: without the right to list, there is none
        return ""
    near = get_close_matches(name, names, n=1)
    return f" (did you mean “{near[0]}”?)" if near else f"; there are {', '.join(sorted(names)[:20])}" if names else ""


def _seen(part: Part, table: ir.Table) -> Seen:
    rows = rows_of(part, table)
    columns = columns_of(part, table)
    note = ""
    if part.kind == "history" and not has_instants(rows):
        note = "sent_at is no timestamp there: all of it is read each time, and nothing can be asked for by its time."
    return Seen(
        kind=part.kind,
        table=".".join(part.table),
        columns=columns,
        not_used=tuple(name for name in table.columns if name not in columns.values())[:200],
        rows=int(rows.count().execute()),
        sample=text_cells(rows.limit(SHOWN)).to_pyarrow().to_pylist(),
        note=note,
    )
