# ruff: noqa: S608  # SQL is built of quoted column names and our own expressions
"""Parquet, read in place: every cell as text, members of structs as columns of their own, moments in their zones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from kalends.base.reading.errors import UnreadablePayloadError
from kalends.marketing.reading.raw import FAULT, RAW, ROW, RawTable, speakable
from kalends.marketing.reading.shapes import literal, quoted

_PLACE: Final = "file_row_number"
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_AS_JSON: Final = ("list", "array", "map", "union")


def parquet_table(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[RawTable, list[str]]:
    """The file as a raw table, and what was noticed. Raises UnreadablePayloadError where any of it is damaged."""
    try:
        return _Parquet(con, path).table()
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:  # it has no one class for what it chokes on
        said = str(error).partition("\n")[0]
        raise UnreadablePayloadError(f"The Parquet file cannot be read ({said}); export it again.") from error


@dataclass
class _Parquet:
    con: duckdb.DuckDBPyConnection
    path: Path
    unzoned: list[str] = field(default_factory=list)
    """Columns of moments whose zone the file does not say."""

    def table(self) -> tuple[RawTable, list[str]]:
        source = f"read_parquet({literal(str(self.path))})"
        told = self.con.sql(f"SELECT * FROM {source}")
        number = f"{_PLACE} + 1"
        if any(name.lower() == _PLACE for name in told.columns):
            number = "row_number() OVER ()"
        else:
            source = f"read_parquet({literal(str(self.path))}, {_PLACE}=true)"
        self.con.execute(f"SELECT max(hash(file)) FROM {source} AS file").fetchall()  # all of it can be read
        arrow = _arrow_types(self.path, len(told.columns))
        cells = [
            cell
            for name, kind, its_arrow in zip(told.columns, told.types, arrow, strict=True)
            for cell in self._cells(name, f"file.{quoted(name)}", kind, its_arrow)
        ]
        names = speakable(name for name, _ in cells)
        texts = ", ".join(f"{text} AS {quoted(name)}" for name, (_, text) in zip(names, cells, strict=True))
        marks = f"{number} AS {ROW}, NULL::VARCHAR AS {FAULT}, NULL::VARCHAR AS {RAW}"
        relation = f"(SELECT {texts}, {marks} FROM {source} AS file)"
        return RawTable("", relation, tuple(names), is_table=True, has_row=True), self._notes()

    def _notes(self) -> list[str]:
        shown = ", ".join(map(repr, self.unzoned))
        return [f"The file does not say the time zone of {shown}: its days are those of UTC."] if shown else []

    def _cells(self, name: str, cell: str, kind: DuckDBPyType, arrow: pa.DataType) -> Iterator[tuple[str, str]]:
        """A column's name and text as SQL; of a struct those of its members, named as in JSON."""
        if kind.id == "struct":
            members = cast("list[tuple[str, DuckDBPyType]]", kind.children)
            for place, (inner, its_kind) in enumerate(members):
                its_arrow = arrow.field(place).type if pa.types.is_struct(arrow) else pa.null()
                yield from self._cells(f"{name}.{inner}", f"{cell}.{quoted(inner)}", its_kind, its_arrow)
        elif kind.id == "timestamp with time zone":
            yield name, self._moment(name, cell, arrow.tz if pa.types.is_timestamp(arrow) else None)
        else:
            yield name, f"CAST({f'to_json({cell})' if kind.id in _AS_JSON else cell} AS VARCHAR)"

    def _moment(self, name: str, cell: str, zone: str | None) -> str:
        """A moment as its zone writes it, with the offset: '2024-03-31 00:30:00+02:00'."""
        utc = f"timezone('UTC', {cell})"
        local = _in_zone(self.con, utc, zone or "UTC")
        if zone is None or local is None:
            self.unzoned.append(name)
        if zone in {None, "UTC"} or local is None:
            return f"CAST({utc} AS VARCHAR) || '+00'"
        minutes = f"abs(date_diff('minute', {utc}, {local}))"
        sign = f"CASE WHEN {local} < {utc} THEN '-' ELSE '+' END"
        return f"CAST({local} AS VARCHAR) || {sign} || printf('%02d:%02d', {minutes} // 60, {minutes} % 60)"


def _in_zone(con: duckdb.DuckDBPyConnection, utc: str, zone: str) -> str | None:
    """SQL for a moment's wall clock in a zone; None where nobody knows the zone."""
    if offset := _OFFSET.fullmatch(zone):
        sign, hours, minutes = offset.groups()
        return f"{utc} {sign} INTERVAL {int(hours) * 60 + int(minutes)} MINUTE"
    local = f"timezone({literal(zone)}, timezone('UTC', {utc}))"
    try:
        con.execute(f"SELECT {local.replace(utc, 'TIMESTAMP ' + literal('2000-01-01 00:00:00'))}")
    except duckdb.Error:
        return None
    return local


def _arrow_types(path: Path, count: int) -> list[pa.DataType]:
    """The types that the columns had where they were written, as far as the file says so."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # few payloads are Parquet

    with suppress(pa.ArrowException, OSError):
        metadata = pq.read_metadata(path)
        if b"ARROW:schema" in (metadata.metadata or {}):
            types = list(metadata.schema.to_arrow_schema().types)
            return types if len(types) == count else [pa.null()] * count
    return [pa.null()] * count
