"""The Data room's pages."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.pages import data, platforms, quality, uploading

router = APIRouter(include_in_schema=False)
for part in (data, platforms, quality, uploading):
    router.include_router(part.router)
