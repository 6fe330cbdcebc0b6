"""Marketing data over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.api import batches, connections, lineage, retention, rules

router = APIRouter()
for part in (batches, connections, lineage, retention, rules):
    router.include_router(part.router)
