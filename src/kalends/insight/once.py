"""Rows that tell one thing under several attribution windows, of which one counts: `kalends.marketing.attribution`."""

from __future__ import annotations

from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.marketing.attribution import THING, rank

COLUMNS: Final = (*THING, "attribution")
"""What `place_of` reads."""


def place_of(rows: ir.Table) -> ir.IntegerValue:
    """0 for the row of each thing that counts among `rows` of facts; 1, 2 ... for those that repeat it."""
    return ibis.row_number().over(ibis.window(group_by=list(THING), order_by=[rank(rows), rows.attribution]))
