"""What was measured, found and called right goes with the numbers that it is about."""

# ruff: noqa: S608 -- the statements are composed of declared names; days are bound

from __future__ import annotations

import ibis
import pyarrow as pa
from sqlalchemy import delete, select

from kalends.base.work import Work
from kalends.marketing.quality.models import QualityAcknowledgement
from kalends.marketing.quality.tables import DAYS, FINDINGS
from kalends.marketing.stewardship.following import Gone, goes_with_days

GONE = "_gone_account_days"
SCHEMA = ibis.schema({"data_source": "!string", "account_id": "!string", "date": "!date"})


@goes_with_days
def forget_days(work: Work, gone: Gone) -> None:
    """Of the days that have gone."""
    _forget_findings(gone)
    query = select(QualityAcknowledgement).where(QualityAcknowledgement.date < gone.before)
    said = work.session.execute(query).scalars().all()
    over = gone.of((one.data_source, one.account_id, one.date) for one in said)
    ids = [one.id for one in said if (one.data_source, one.account_id, one.date) in over]
    work.session.execute(delete(QualityAcknowledgement).where(QualityAcknowledgement.id.in_(ids)))


def _forget_findings(gone: Gone) -> None:
    warehouse = gone.warehouse
    for table in (DAYS, FINDINGS):
        if not warehouse.exists(table):
            continue
        found = warehouse.execute(
            f"SELECT DISTINCT data_source, account_id, date FROM {table} WHERE date < $before", {"before": gone.before}
        )
        over = gone.of(tuple(row.values()) for row in found.to_pylist())
        if not over:
            continue
        rows = [dict(zip(SCHEMA.names, one, strict=True)) for one in over]
        with warehouse.write():
            warehouse.stage(GONE, pa.Table.from_pylist(rows, schema=SCHEMA.to_pyarrow()), schema=SCHEMA)
            warehouse.run(
                f"DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM {GONE} AS g WHERE g.data_source = {table}.data_source"
                f" AND g.account_id = {table}.account_id AND g.date = {table}.date)"
            )
