"""The master calendar as other tools read it: one view in the warehouse, `master_calendar_dimension`.

It shows the days of the default calendar as they hold now, by the names and columns that reports expect. The instants
at which versions were published lie beside the days, so that the view can say since when a row is there and when it
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import ibis
from sqlalchemy import select

from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work
from kalends.calendar.days import CALENDAR_DAYS
from kalends.calendar.dayversions import DAYS, FISCAL_DAYS
from kalends.calendar.models import CalendarVersion

VIEW: Final = "master_calendar_dimension"
PUBLISHED: Final = "calendar_published"
PUBLISHED_SCHEMA: Final = ibis.schema(
    {"calendar_id": "!string", "version": "!int64", "published_at": "!timestamp('UTC')"}
)
"""When each version of each calendar was published."""
DIMENSION_COLUMNS: Final = (
    "id", "date_key", "fiscal_year", "fiscal_quarter", "business_period", "industry_attributes", "created_at",
    "updated_at",
)  # fmt: skip


def prepare(work: Work, *, default_id: UUID) -> None:
    """Have the tables of days in the warehouse, and the view over the default calendar's."""
    warehouse = work.warehouse
    if VIEW in warehouse.list_views():  # not so before the first build, and after a backup was restored
        return
    for table in (DAYS, FISCAL_DAYS):
        warehouse.create(table.name, table.schema)
    warehouse.create(PUBLISHED, PUBLISHED_SCHEMA)
    show_dimension(warehouse, default_id=default_id)
    note_published(warehouse, calendar_id=default_id, versions=_earlier(work, default_id))


def publish(work: Work, *, calendar_id: UUID, versions: Sequence[int]) -> None:
    """Note in the warehouse that versions of a calendar are published now."""
    noted = [(version, work.now) for version in versions]
    note_published(work.warehouse, calendar_id=calendar_id, versions=noted)


def _earlier(work: Work, calendar_id: UUID) -> list[tuple[int, datetime]]:
    """What was published before publications were noted in the warehouse."""
    query = select(CalendarVersion.version, CalendarVersion.published_at).where(
        CalendarVersion.calendar_id == calendar_id, CalendarVersion.published_at.is_not(None)
    )
    rows = work.session.execute(query.order_by(CalendarVersion.version)).all()
    return [(row.version, row.published_at) for row in rows if row.published_at is not None]


def show_dimension(warehouse: TenantWarehouse, *, default_id: UUID) -> None:
    """Make the view over the days of the default calendar. Safe to repeat."""
    # An id is hexadecimal digits and hyphens: nothing in it can end the literal.
    warehouse.run(
        f"""
        CREATE OR REPLACE VIEW {VIEW} AS
        SELECT d.calendar_id || ':' || CAST(d.date_key AS VARCHAR) AS id, d.date_key, d.fiscal_year, d.fiscal_quarter,
               d.business_period, d.industry_attributes, b.published_at AS created_at, p.published_at AS updated_at
        FROM (SELECT calendar_id, date_key, fiscal_year, fiscal_quarter, business_period, industry_attributes,
                     version_from, version_to, min(version_from) OVER (PARTITION BY date) AS first_version
              FROM {CALENDAR_DAYS} WHERE calendar_id = '{default_id}') d
        JOIN {PUBLISHED} p ON p.calendar_id = d.calendar_id AND p.version = d.version_from
        JOIN {PUBLISHED} b ON b.calendar_id = d.calendar_id AND b.version = d.first_version
        WHERE d.version_to IS NULL
        """  # noqa: S608
    )


def note_published(warehouse: TenantWarehouse, *, calendar_id: UUID, versions: Sequence[tuple[int, datetime]]) -> None:
    """Note when versions were published, in place of what a build that died has noted of them or of later ones."""
    mine, first = {"calendar": str(calendar_id)}, min((version for version, _ in versions), default=0)
    warehouse.run(
        f"DELETE FROM {PUBLISHED} WHERE calendar_id = $calendar AND version >= $first",  # noqa: S608
        mine | {"first": first},
    )
    for version, published in versions:
        warehouse.run(
            f"INSERT INTO {PUBLISHED} (calendar_id, version, published_at) "  # noqa: S608
            " VALUES ($calendar, $version, $published)",
            mine | {"version": version, "published": published},
        )
