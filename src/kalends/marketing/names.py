"""Finding campaigns by what they are called."""

from __future__ import annotations

from kalends.base.work import Work


def find_campaigns(work: Work, *, words: str, limit: int) -> list[tuple[str, str]]:
    """Campaigns whose name has `words`, as (name, data source), those with the newest days first."""
    if not work.warehouse.exists("daily"):
        return []
    daily = work.warehouse.table("daily")
    named = daily.filter(daily.campaign_name.lower().contains(words.lower()))
    found = named.group_by("campaign_name", "data_source").agg(newest=named.date.max())
    rows = found.order_by([found.newest.desc(), found.campaign_name]).limit(limit).to_pyarrow().to_pylist()
    return [(row["campaign_name"], row["data_source"]) for row in rows]
