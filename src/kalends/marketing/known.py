# ruff: noqa: S608  # SQL is built of our own names, counts and the plan's select; values are bound or escaped
"""Rows that the store knows: a file that comes again says, row by row, mostly what is so already.

Of each row that was read in place, `facts` keeps in `raw_hash` what it came as: a hash of its cells and of the recipe
by which they were read (`kalends.marketing.mapping.compiler.recipe_of`). A row of the same hash and day would be read
as that fact is: same key, same values, no rule broken. So it is not read once more; a short row of what is asked of
unchanged rows, out of the fact, is staged for it, and only the others are read as usual.

Where a day has a million facts, a row is taken for one of them that it is not with a chance of 1 in 10^13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from kalends.marketing.reading import ROW, RawTable
from kalends.marketing.records import HAS_AMOUNTS, hash_in

COLUMNS = (
    "report", "account_id", "date_from", "date_to", "spend", "impressions", "clicks", "conversions", "revenue",
    "pipeline_value", "currency", "key_hash", "row_hash",
)  # fmt: skip
"""What is asked of unchanged rows: where they belong, their control totals, and what they are compared by."""
WORTH = 0.5
"""The share of a payload's first rows that must be known: below it, to look for the others costs more than it saves."""
SAME = "f.raw_hash = s.raw_hash AND f.date_from = s.date_from"


class NotKnownError(Exception):
    """Rows that the store knows have to be read after all: they are there twice, or cannot be told apart as lines."""


@dataclass
class KnownRows:
    """The known rows of one payload that is read in parts; `facts` may hold some of them, or is None.

    The first part is always read whole. Fills the temp tables `seen` (what the rows of all later parts came as, in
    their order), `unknown` (of the present part: place among the unknown ones, source_row) and, at the end, `known`.
    """

    con: duckdb.DuckDBPyConnection
    facts: str | None
    currency: str = ""
    """What amounts are in that name none."""
    first: int = 0
    """Rows of the first part."""
    seen: int = 0
    skipped: int = 0
    _are_most: bool | None = None

    def are_most(self, name: str) -> bool:
        """Whether the store knows most of the first part's rows, which are in the table `name` when it is first asked:
        when there is another part.
        """
        if self._are_most is None and self.facts is not None:
            known = f"EXISTS (SELECT 1 FROM {self.facts} AS f WHERE {SAME})"
            self.first, found = (
                self.con.execute(f"SELECT count(*) FROM {name} AS s WHERE {which}").fetchall()[0][0]
                for which in ("true", known)
            )
            self._are_most = found >= WORTH * self.first
            self.con.execute("CREATE OR REPLACE TEMP TABLE seen (raw_hash BIGINT, date_from DATE)")
        return bool(self._are_most)

    def leave_out(self, table: RawTable, select: str) -> int:
        """Leave only the unknown rows of the part in its place; gives how many these are."""
        (seen,) = self.con.execute(f"INSERT INTO seen SELECT raw_hash, date_from FROM ({select})").fetchall()[0]
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE unknown AS SELECT row_number() OVER (ORDER BY s.rowid) AS place,"
            f" {self.first} + s.rowid + 1 AS source_row FROM seen AS s WHERE s.rowid >= {self.seen}"
            f" AND NOT EXISTS (SELECT 1 FROM {self.facts} AS f WHERE {SAME})"
        )
        rows = self.con.execute("SELECT source_row FROM unknown ORDER BY place").fetchall()
        before = self.first + self.seen + 1
        if rows and not table.keep([row - before for (row,) in rows], seen):
            raise NotKnownError
        self.seen += seen
        self.skipped += seen - len(rows)
        return len(rows)

    def end(self, name: str, *, constants: Mapping[str, str]) -> str:
        """The known rows as a query, with the `constants` of their plan; `name`: the table of the others. Raises
        NotKnownError where a key comes twice.
        """
        columns = ", ".join(f"f.{column}" for column in COLUMNS if column not in {*constants, "row_hash"})
        own = "f.row_hash"
        if "currency" in constants:  # these rows took it from outside, and will once more
            own = f"CASE WHEN {HAS_AMOUNTS.format('f.')} THEN {hash_in(self.currency, own)} ELSE {own} END"
        (made,) = self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE known AS SELECT {columns}, {own} AS row_hash,"
            f" {self.first} + s.rowid + 1 AS source_row FROM seen AS s JOIN {self.facts} AS f ON {SAME}"
        ).fetchall()[0]
        twice = "SELECT key_hash FROM keys GROUP BY key_hash HAVING count(*) > 1"
        keys = f"SELECT key_hash FROM {name} UNION ALL SELECT key_hash FROM known"
        if made != self.skipped or self.con.execute(f"WITH keys AS ({keys}) {twice} LIMIT 1").fetchone():
            raise NotKnownError
        return f"SELECT *{''.join(f', {sql} AS {column}' for column, sql in constants.items())} FROM known"


def numbered(relation: str) -> str:
    """The unknown rows of a part, alone in `relation`, as a query with their numbers in the payload."""
    placed = f"SELECT *, row_number() OVER () AS place FROM {relation}"
    return f"SELECT r.* EXCLUDE (place), u.source_row AS {ROW} FROM ({placed}) AS r JOIN unknown AS u USING (place)"
