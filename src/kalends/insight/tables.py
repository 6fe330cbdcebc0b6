"""The warehouse's tables as a query reads them: only the columns that it uses, so that expressions stay small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.calendar.service import DAY_SCHEMA
from kalends.marketing import entities, rates, records, renames

SCHEMAS: Final[Mapping[str, ibis.Schema]] = {
    "facts": records.FACT_SCHEMA,
    "daily": records.DAILY_SCHEMA,
    "report_days": records.REPORT_DAYS_SCHEMA,
    "calendar_days": DAY_SCHEMA,
    "rates": rates.SCHEMA,
    renames.TABLE: renames.SCHEMA,
    entities.CALLED: records.CALLED_SCHEMA,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """Where rows are read from: the warehouse's own tables by name, or expressions in their place (for `as_of`)."""

    instead: Mapping[str, ir.Table] = field(default_factory=dict)

    @property
    def are_current(self) -> bool:
        """Whether only the warehouse's own tables are read, so that statements may be shared."""
        return not self.instead

    def get(self, name: str, columns: Iterable[str], /) -> ir.Table:
        """The table `name` with at least the columns named; columns that it has not are left out."""
        schema = SCHEMAS[name]
        wanted = [column for column in dict.fromkeys(columns) if column in schema]
        if name in self.instead:
            return self.instead[name].select(*wanted)
        return ibis.table({column: schema[column].copy(nullable=True) for column in wanted}, name=name)
