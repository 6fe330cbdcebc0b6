"""Marketing data over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.api import batches, connections, orders, reconciliation

router = APIRouter()
for part in (batches, connections, orders, reconciliation):
    router.include_router(part.router)
