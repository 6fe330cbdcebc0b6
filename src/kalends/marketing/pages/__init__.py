"""The Data room's pages."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.marketing.pages import (
    conversions,
    data,
    intake,
    lineage,
    names,
    platforms,
    platformsignin,
    quality,
    reconciliation,
    retention,
    series,
    uploading,
)

router = APIRouter(include_in_schema=False)
for part in (
    conversions,
    data,
    intake,
    lineage,
    names,
    platforms,
    platformsignin,
    quality,
    reconciliation,
    retention,
    series,
    uploading,
):
    router.include_router(part.router)
