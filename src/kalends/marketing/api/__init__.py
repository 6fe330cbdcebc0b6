"""Marketing data over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.api import (
    batches,
    connections,
    hooks,
    lineage,
    quality,
    rates,
    replays,
    retention,
    rules,
    settling,
    streams,
)

PARTS = (batches, connections, hooks, lineage, quality, rates, replays, retention, rules, settling, streams)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
