"""Google Analytics answers: what its tag saw of the shops, by last click, beside the questions that were asked.

Source: the Data API's reference of runReport (v1beta): dimensions and metrics by position under their headers, every
value a string, days as YYYYMMDD in the property's zone, money in the currency that `metadata` names. The answer does
not name its property, so that it is kept with its request. The tag sees each sale once at most, and not all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import polars as pl

from kalends.demo.amounts import Days, Floats, Ints
from kalends.demo.parameters import Parameters, Property
from kalends.demo.pulls import Pull
from kalends.demo.reported import DemoFile
from kalends.demo.visits import ALONE, NOT_SET, Origin

REPORTS: Final = {
    "campaign": ("sessionCampaignId", "sessionCampaignName"),
    "channel": ("sessionDefaultChannelGroup",),
    "account": (),
}
"""The reports that one asks for by day, and what each is cut by; users are of a day, and add up over nothing."""
METRICS: Final = {
    "sessions": "TYPE_INTEGER",
    "totalUsers": "TYPE_INTEGER",
    "keyEvents": "TYPE_FLOAT",
    "totalRevenue": "TYPE_CURRENCY",
}
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Watched:
    """What a property saw: one row per day and campaign: date, the dimensions of REPORTS, sessions, orders, cents."""

    property: Property
    rows: pl.DataFrame


def watch(
    *,
    rng: np.random.Generator,
    of: Property,
    days: Days,
    origins: Sequence[Origin],
    alone: Floats,
    sales: pl.DataFrame,
    parameters: Parameters,
) -> Watched:
    """What the property counts of `sales` (the orders of its shops) and of the visits without one.

    `alone` (n, ALONE): the orders of each day whose buyers came by themselves.
    """
    sessions = np.concatenate(
        [
            *(rng.binomial(origin.clicks, parameters.arriving)[:, None] for origin in origins),
            rng.poisson(alone / parameters.own_visits_orders),
        ],
        axis=1,
    )
    visits = pl.concat(
        _visits(days=days, named=named, origin=place, sessions=sessions[:, place])
        for place, named in enumerate((*origins, *_alone(days.size)))
    )
    seen = sales.filter("is_seen").group_by("date", "origin").agg(orders=pl.len(), cents=pl.col("gross").sum())
    rows = visits.join(seen, on=["date", "origin"], how="left").with_columns(pl.col("orders", "cents").fill_null(0))
    # Who bought was there, whatever was counted of clicks.
    rows = rows.with_columns(sessions=pl.max_horizontal("sessions", "orders")).filter(pl.col("sessions") > 0)
    return Watched(of, rows.filter(pl.col("date") >= sales["date"].min()).sort("date", "origin"))


def report_files(*, watched: Watched, pull: Pull, parameters: Parameters) -> Iterator[DemoFile]:
    """The answers to one pull: one per report."""
    inside = watched.rows.filter(pl.col("date").is_between(pull.first, pull.last))
    for report, dimensions in REPORTS.items():
        rows = inside.group_by("date", *dimensions, maintain_order=True).agg(
            pl.col("sessions", "orders", "cents").sum()
        )
        body = {
            "request": _question(watched.property, pull, dimensions),
            "response": {
                "dimensionHeaders": [{"name": name} for name in ("date", *dimensions)],
                "metricHeaders": [{"name": name, "type": kind} for name, kind in METRICS.items()],
                "rows": [_row(row, dimensions, parameters) for row in rows.iter_rows(named=True)],
                "rowCount": rows.height,
                "metadata": {"currencyCode": watched.property.currency, "timeZone": watched.property.zone},
                "kind": "analyticsData#runReport",
            },
        }
        yield DemoFile(
            data_source="google_analytics",
            name=f"google_analytics_{watched.property.market.lower()}_{report}_{pull.first}_{pull.last}_pulled_{pull.day}.json",
            reported_at=pull.reported_at,
            content=orjson.dumps(body),
            date_range=(pull.first, pull.last),
            rows=rows.height,
        )


def _alone(size: int) -> Iterator[Origin]:
    """Those who come by themselves, as origins that no click is counted of."""
    nothing = np.zeros(size, dtype=np.int64)
    for one in ALONE:
        yield Origin(one.channel, one.group, (NOT_SET,) * size, (one.name,) * size, nothing, nothing.astype(np.float64))


def _visits(*, days: Days, named: Origin, origin: int, sessions: Ints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": days.astype("datetime64[D]"),
            "origin": np.full(days.size, origin),
            "sessionCampaignId": named.ids,
            "sessionCampaignName": named.names,
            "sessionDefaultChannelGroup": named.group,
            "sessions": sessions,
        }
    )


def _question(of: Property, pull: Pull, dimensions: Sequence[str]) -> dict[str, Any]:
    return {
        "property": f"properties/{of.id}",
        "dateRanges": [{"startDate": pull.first.isoformat(), "endDate": pull.last.isoformat()}],
        "dimensions": [{"name": name} for name in ("date", *dimensions)],
        "metrics": [{"name": name} for name in METRICS],
        "limit": MOST_ROWS,
        "offset": 0,
    }


def _row(row: dict[str, Any], dimensions: Sequence[str], parameters: Parameters) -> dict[str, Any]:
    """One row, by position."""
    users = round(row["sessions"] * parameters.users_per_session)
    metrics = (row["sessions"], max(users, 1), row["orders"], f"{row['cents'] / 100:.2f}")
    return {
        "dimensionValues": [{"value": f"{row['date']:%Y%m%d}"}, *({"value": row[name]} for name in dimensions)],
        "metricValues": [{"value": str(value)} for value in metrics],
    }
