"""Marketing data over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.api import (
    batches,
    connections,
    hooks,
    lineage,
    names,
    orders,
    quality,
    rates,
    reconciliation,
    replays,
    retention,
    rules,
    series,
    settling,
    streams,
)

router = APIRouter()
for part in (
    batches,
    connections,
    hooks,
    lineage,
    names,
    orders,
    quality,
    rates,
    reconciliation,
    replays,
    retention,
    rules,
    series,
    settling,
    streams,
):
    router.include_router(part.router)
