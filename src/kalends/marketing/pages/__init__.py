"""The Data room's pages."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.pages import data, platforms, reconciliation, uploading

router = APIRouter(include_in_schema=False)
for part in (data, platforms, reconciliation, uploading):
    router.include_router(part.router)
