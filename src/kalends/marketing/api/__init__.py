"""Marketing data over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.api import batches, connections, quality

router = APIRouter()
for part in (batches, connections, quality):
    router.include_router(part.router)
