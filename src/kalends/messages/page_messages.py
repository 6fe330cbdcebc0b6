"""The history in the warehouse: one row for each page and message number.

What a message is now is what the file that was loaded last says of it: platforms go on counting views and purchases
for weeks. A file whose counts are behind what is known is an older one and changes nothing. A row that says what is so
already is not written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse

TABLE: Final = "page_messages"
NAMES_TABLE: Final = "message_page_names"
VIEW: Final = "mass_messages"
_MONEY: Final = "decimal(18, 6)"
SCHEMA: Final = ibis.schema(
    {
        "page_id": "!string",
        "message_id": "!string",
        "sent_at": "!timestamp('UTC')",
        "type": "!string",
        "caption_no": "int64",
        "price": _MONEY,
        "recipients": "int64",
        "viewed": "int64",
        "purchased": "int64",
        "earnings": _MONEY,
        "currency": "!string",
        "import_id": "!string",
        "source_row": "!int64",
    }
)
"""`type`: PPV or Bump. Null is not known. `import_id`: the import that said it last, and in which of its rows."""
KEY: Final = ("page_id", "message_id")
SAID: Final = tuple(name for name in SCHEMA if name not in {*KEY, "import_id", "source_row"})
GROWING: Final = ("viewed", "purchased")
"""What a platform only ever counts up; recipients shrink when a message is unsent, earnings by what is paid back."""
VIEW_SQL: Final = f"""
    CREATE OR REPLACE VIEW {VIEW} AS
    SELECT n.page_name, m.page_id, m.message_id, m.sent_at, m.type AS message_type, m.caption_no AS caption_id, m.price,
        m.recipients, m.viewed, m.purchased, m.earnings, m.currency
    FROM {TABLE} AS m LEFT JOIN {NAMES_TABLE} AS n ON n.page_id = m.page_id
"""  # noqa: S608 (constant names)
NAMES_SCHEMA: Final = ibis.schema({"page_id": "!string", "page_name": "!string"})


@dataclass(frozen=True, slots=True)
class Written:
    """What an import did: `loaded` rows are its own now, `older` ones were behind what was known."""

    loaded: int
    older: int


def create_tables(warehouse: TenantWarehouse) -> None:
    """Make the tables and the view unless they are there."""
    warehouse.create(TABLE, SCHEMA)
    warehouse.create(NAMES_TABLE, NAMES_SCHEMA)
    warehouse.run(VIEW_SQL)


def apply(warehouse: TenantWarehouse, rows: pa.Table, *, import_id: str, replaces: Sequence[str] = ()) -> Written:
    """Write what the rows say anew, in one transaction; the same rows again write nothing.

    `rows`: as `stage_history` gives them, one of each message. `replaces`: earlier readings of the same file, whose
    rows go first.
    """
    mine = rows.append_column("import_id", pa.array([import_id] * rows.num_rows, pa.string())).select(list(SCHEMA))
    with warehouse.write():
        create_tables(warehouse)
        for earlier in replaces:
            take_back(warehouse, import_id=earlier)
        warehouse.stage("incoming_messages", mine, schema=SCHEMA)
        incoming, known = warehouse.table("incoming_messages"), warehouse.table(TABLE)
        older = incoming.semi_join(known, [*KEY, _is_behind(incoming, known)])
        counted = int(older.count().execute())
        same = [incoming[name].identical_to(known[name]) for name in SAID]
        fresh = incoming.anti_join(
            known, [*(incoming[name] == known[name] for name in KEY), reduce(and_, same) | _is_behind(incoming, known)]
        )
        warehouse.stage("fresh_messages", fresh, schema=SCHEMA)
        warehouse.run(
            f"DELETE FROM {TABLE} WHERE EXISTS (SELECT 1 FROM fresh_messages AS f"  # noqa: S608 (constant names)
            f" WHERE f.page_id = {TABLE}.page_id AND f.message_id = {TABLE}.message_id)"
        )
        warehouse.append(TABLE, warehouse.table("fresh_messages"))
        # Counted in the table: an attempt that was cut off after writing has written these rows already.
        loaded = warehouse.table(TABLE).filter(lambda table: table.import_id == import_id).count().execute()
    return Written(loaded=int(loaded), older=counted)


def _is_behind(incoming: ir.Table, known: ir.Table) -> ir.BooleanValue:
    """Whether a row counts fewer of what only grows, and more of none."""
    pairs = [(incoming[name].fill_null(known[name]), known[name]) for name in GROWING]
    fewer = reduce(or_, ((new < old).fill_null(False) for new, old in pairs))
    more = reduce(or_, ((new > old).fill_null(False) for new, old in pairs))
    return fewer & ~more


def take_back(warehouse: TenantWarehouse, *, import_id: str) -> int:
    """Remove the rows that an import said last; gives how many. What they had renewed does not come back."""
    if not warehouse.exists(TABLE):
        return 0
    return warehouse.delete(TABLE, lambda table: table.import_id == import_id)


def set_names(warehouse: TenantWarehouse, names: dict[str, str]) -> None:
    """Say what the pages are called, for whoever asks the view."""
    rows = pa.table(
        {"page_id": pa.array(list(names), pa.string()), "page_name": pa.array(list(names.values()), pa.string())}
    )
    with warehouse.write():
        create_tables(warehouse)
        warehouse.replace_slice(NAMES_TABLE, lambda table: table.page_id.notnull(), rows)


def history(warehouse: TenantWarehouse, *, page_ids: Sequence[str]) -> pa.Table:
    """The messages of these pages, oldest first. Empty where nothing was loaded yet."""
    if not warehouse.exists(TABLE):
        return SCHEMA.to_pyarrow().empty_table()
    rows = warehouse.table(TABLE)
    return warehouse.to_arrow(rows.filter(rows.page_id.isin(list(page_ids))).order_by("sent_at", "message_id"))


def counts(warehouse: TenantWarehouse) -> list[dict[str, Any]]:
    """Of each page: page_id, messages, first, last."""
    if not warehouse.exists(TABLE):
        return []
    rows = warehouse.table(TABLE)
    sums = rows.group_by("page_id").aggregate(messages=rows.count(), first=rows.sent_at.min(), last=rows.sent_at.max())
    found: list[dict[str, Any]] = warehouse.to_arrow(sums).to_pylist()
    return found
