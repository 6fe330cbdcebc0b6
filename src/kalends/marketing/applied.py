"""How far the tables are: batches are applied to the warehouse first and published in PostgreSQL just after."""

from __future__ import annotations

from collections.abc import Collection

from kalends.base.warehouse import TenantWarehouse

FACTS = ("scopes", "retractions", "entity_names")
"""Where every batch that touched facts or their names, or took some back, has left its number."""
ALL = (*FACTS, "series", "orders")


def newest_applied(warehouse: TenantWarehouse, *, held: Collection[str], tables: Collection[str] = FACTS) -> int:
    """The number of the last batch that changed the current tables, told by those of `tables` that are `held`."""
    told = [name for name in tables if name in held]
    if not told:
        return 0
    numbers = " UNION ALL ".join(f"SELECT max(batch_seq) AS seq FROM {name}" for name in told)  # noqa: S608 (our names)
    found = warehouse.execute(f"SELECT max(seq) AS seq FROM ({numbers}) AS applied")  # noqa: S608 (our names)
    return found.column("seq")[0].as_py() or 0
