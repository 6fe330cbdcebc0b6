"""The state now: which rows of the log are it, and how it is renewed when a late file comes, a batch is taken back, or
rows take the place of others. The rules are in `kalends.marketing.versions`.

The steps hand over to each other by temporary tables of the tenant's cursor: `_touched` (rows of the log whose keys
must be reconsidered), `_days` (their account-days), `_elided` (statements to be written out) and `_now` (rows of
`facts_past` that are the state now).
"""

# ruff: noqa: S608 -- the statements are composed of declared column names; no text from outside

from __future__ import annotations

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import rollup
from kalends.marketing.attribution import own
from kalends.marketing.fingerprints import DELETED
from kalends.marketing.records import FACT, KEY, LOG, STORED, VERSION

COLUMNS = ", ".join(STORED)
KEYS = ", ".join(KEY)
TOMBSTONE_COLUMNS = ", ".join((*KEY, *VERSION))
ROOTS = "(SELECT batch_seq AS reading, min(retracted_seq) AS root FROM retractions GROUP BY batch_seq)"
"""Of batches that are read again, and so retract: the first reading of their payload, whose place they take."""
NEWEST_FIRST = "reported_at DESC, coalesce(root, batch_seq) DESC"
"""The order of statements, over rows with their `ROOTS`."""
BY_DAY = "date_from, campaign_id, ad_id"
"""The order of rows in the store: a query over a period then reads few blocks."""
ROW_ID = {"duckdb": "rowid", "postgres": "ctid"}
STANDING = "batch_seq NOT IN (SELECT retracted_seq FROM retractions)"


def split_log(tenant: TenantWarehouse) -> None:
    """Keep only once what an older version kept twice: in `facts`, and in a table of all statements."""
    now = "SELECT 1 FROM facts AS f WHERE f.key_hash = l.key_hash AND f.batch_seq = l.batch_seq"
    columns = ", ".join(FACT)
    tenant.run(
        f"INSERT INTO facts_past ({columns}) SELECT {columns} FROM facts_log AS l WHERE NOT EXISTS ({now})"
        f" ORDER BY {BY_DAY}"
    )
    tenant.run("DROP TABLE facts_log")


def touch(tenant: TenantWarehouse, where: str, *, source: str = LOG) -> None:
    """Collect the log's rows to be reconsidered into `_touched`, and their account-days into `_days`. All that was said
    of their keys is in `facts_past` then.
    """
    tenant.stage_query(
        "_touched",
        f"SELECT {KEYS}, key_hash, reported_at, batch_seq, coalesce(root, batch_seq) AS place FROM {source} AS l"
        f" LEFT JOIN {ROOTS} AS o ON o.reading = l.batch_seq WHERE {where}",
    )
    touch_days(tenant, "_touched")
    now = f"FROM facts WHERE {_touched(tenant)}"
    tenant.run(f"INSERT INTO facts_past ({COLUMNS}) SELECT {COLUMNS} {now} ORDER BY {BY_DAY}")
    tenant.run(f"DELETE {now}")


def _touched(tenant: TenantWarehouse) -> str:
    """The condition that a row is of a touched key."""
    return f"{between(tenant, '_touched')} AND key_hash IN (SELECT key_hash FROM _touched)"


def touch_days(tenant: TenantWarehouse, source: str) -> None:
    """Collect the account-days of daily rows into `_days`."""
    days = f"SELECT DISTINCT data_source, account_id, date_from AS date FROM {source} AS s WHERE date_from = date_to"
    tenant.stage_query("_days", days)


def write_out_elided(tenant: TenantWarehouse) -> None:
    """Write out, for each touched row, the next statement about its key that was elided."""
    confirmed = (
        "SELECT c.key_hash, c.reported_at, c.batch_seq, root, c.row_hash, c.source_row, false AS is_deleted"
        " FROM confirmations AS c JOIN _touched AS t ON t.key_hash = c.key_hash"
        f" LEFT JOIN {ROOTS} AS o ON o.reading = c.batch_seq"
        f" WHERE (c.reported_at, coalesce(root, c.batch_seq)) > (t.reported_at, t.place) AND c.{STANDING}"
    )
    absent = (
        f"SELECT t.key_hash, s.reported_at, s.batch_seq, root, {DELETED}, 0, true FROM scopes AS s"
        f" JOIN _touched AS t ON s.is_complete AND {covers('s', 't')}"
        f" LEFT JOIN {ROOTS} AS o ON o.reading = s.batch_seq"
        f" WHERE (s.reported_at, coalesce(root, s.batch_seq)) > (t.reported_at, t.place) AND s.{STANDING}"
        " AND NOT EXISTS (SELECT 1 FROM confirmations AS c WHERE c.key_hash = t.key_hash AND c.batch_seq = s.batch_seq)"
    )
    tenant.stage_query(
        "_elided",
        "SELECT *, (SELECT max(s.recorded_at) FROM scopes AS s WHERE s.batch_seq = p.batch_seq) AS recorded_at"
        " FROM (SELECT *, row_number() OVER (PARTITION BY key_hash"
        " ORDER BY reported_at, coalesce(root, batch_seq)) AS place"
        f" FROM ({confirmed} UNION ALL {absent}) AS e WHERE NOT EXISTS"
        " (SELECT 1 FROM facts_past AS l WHERE l.key_hash = e.key_hash AND l.batch_seq = e.batch_seq)) AS p"
        " WHERE place = 1",
    )
    _write_out(tenant)


def _write_out(tenant: TenantWarehouse) -> None:
    """Append `_elided` to the log. Any row of the key with the same hash holds the values; an absence needs no more
    than the key, which the touched row has.
    """
    own = {"source_row", "batch_seq", "recorded_at", "reported_at"}
    columns = ", ".join(f"e.{column}" if column in own else f"v.{column}" for column in STORED)
    row_id = ROW_ID[tenant.engine]
    tenant.run(
        f"INSERT INTO facts_past ({COLUMNS}) SELECT {columns} FROM _elided AS e JOIN facts_past AS v"
        f" ON v.key_hash = e.key_hash WHERE v.{row_id} IN (SELECT min(l.{row_id}) FROM facts_past AS l"
        " JOIN _elided AS w ON w.key_hash = l.key_hash AND w.row_hash = l.row_hash"
        " WHERE NOT w.is_deleted AND NOT l.is_deleted GROUP BY l.key_hash)"
        " ORDER BY v.date_from, v.campaign_id, v.ad_id"
    )
    keys = ", ".join(f"t.{column}" for column in KEY)
    tenant.run(
        f"INSERT INTO facts_past ({TOMBSTONE_COLUMNS})"
        f" SELECT {keys}, e.key_hash, e.row_hash, 0, e.batch_seq, e.recorded_at, e.reported_at, true FROM _elided AS e"
        " JOIN _touched AS t ON t.key_hash = e.key_hash WHERE e.is_deleted"
    )


def renew_from_log(tenant: TenantWarehouse) -> None:
    """Renew the state and the rollups for the touched keys by what the log says."""
    put_latest(tenant)
    rollup.renew(tenant, days="_days")


def put_latest(tenant: TenantWarehouse) -> None:
    """Move the latest version of each touched key that is not deleted from `facts_past`, where all are, to `facts`."""
    row_id = ROW_ID[tenant.engine]
    placed = latest(f"l.{row_id} AS line", where=_touched(tenant), source="facts_past")
    tenant.stage_query("_now", f"SELECT line FROM ({placed}) AS l WHERE place = 1 AND NOT is_deleted")
    now = f"FROM facts_past WHERE {row_id} IN (SELECT line FROM _now)"
    tenant.run(f"INSERT INTO facts ({COLUMNS}) SELECT {COLUMNS} {now} ORDER BY {BY_DAY}")
    tenant.run(f"DELETE {now}")


def latest(columns: str, *, where: str = "true", source: str = LOG) -> str:
    """A query over the log's standing rows: `columns`, with place 1 for the latest of each key."""
    return (
        f"SELECT {columns}, reported_at, batch_seq, is_deleted,"
        f" row_number() OVER (PARTITION BY key_hash ORDER BY {NEWEST_FIRST}) AS place"
        f" FROM {source} AS l LEFT JOIN {ROOTS} AS o ON o.reading = l.batch_seq WHERE {STANDING} AND {where}"
    )


def covers(window: str, row: str) -> str:
    """That the row's slice and dates are wholly inside the window: of rows that were asked for under an attribution
    window, those of this one; else all others.
    """
    return (
        f"{window}.data_source = {row}.data_source AND {window}.report = {row}.report"
        f" AND {window}.account_id = {row}.account_id"
        f" AND {window}.date_from <= {row}.date_from AND {window}.date_to >= {row}.date_to"
        f" AND coalesce({window}.attribution = {row}.attribution, {own(row)})"
    )


def between(tenant: TenantWarehouse, source: str) -> str:
    """A condition on `date_from` that the store can use to read few blocks: the dates that `source` spans."""
    span = tenant.execute(f"SELECT min(date_from) AS first, max(date_to) AS last FROM {source}").to_pylist()[0]
    if span["first"] is None:
        return "false"
    return f"date_from BETWEEN DATE '{span['first']}' AND DATE '{span['last']}'"
