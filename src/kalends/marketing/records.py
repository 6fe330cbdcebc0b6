"""The record: what one row of platform data is, declared once as the schemas of the warehouse's tables.

A fact is one row of one report at that report's own grain. Its key holds everything that tells it from another row
(`KEY`); a key that is too short loses rows silently. Key texts are never null: '' means "not at this grain".
`report` is the level and the breakdown set: 'campaign', 'ad', 'ad/age+gender', 'campaign/country'. Rows of different
reports repeat the same money and are never added together.

Money is DECIMAL(18,6) in the row's own `currency`; counts are 64-bit; conversions are fractional, so doubles. Null is
"not delivered" and is not zero. Dates are the account's local dates (`date_zone`); instants are UTC.
"""

from datetime import date

import ibis

EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
"""No platform has older data: an earlier day is a year of two digits, or a serial. Nobody declares or asks beyond."""
KEY: tuple[str, ...] = (
    "data_source", "report", "account_id", "campaign_id", "ad_group_id", "ad_id", "breakdowns", "attribution",
    "date_from", "date_to",
)  # fmt: skip
DATES: tuple[str, ...] = ("date_from", "date_to")
NAMES: tuple[str, ...] = ("account_name", "campaign_name", "ad_group_name", "ad_name")
DIMENSIONS: tuple[str, ...] = (
    "date_zone", "channel", "campaign_type", "objective", "country", "region", "device", "currency",
)  # fmt: skip
MESSAGE_IDS: tuple[str, ...] = ("list_id", "segment_id", "flow_id", "message_id")
ATTRIBUTES: tuple[str, ...] = (*NAMES, *DIMENSIONS, *MESSAGE_IDS)

MONEY: tuple[str, ...] = ("spend", "revenue", "pipeline_value")
COUNTS: tuple[str, ...] = (
    "impressions", "clicks", "reach", "video_views", "sends", "deliveries", "opens", "unsubscribes", "bounces",
    "sessions", "users",
)  # fmt: skip
FRACTIONS: tuple[str, ...] = (
    "conversions", "frequency", "impression_share", "search_quality_score", "leads", "opportunities", "deals_won",
)  # fmt: skip
METRICS: tuple[str, ...] = (
    "spend", "impressions", "clicks", "conversions", "revenue", "reach", "frequency", "video_views",
    "impression_share", "search_quality_score", "sends", "deliveries", "opens", "unsubscribes", "bounces",
    "leads", "opportunities", "deals_won", "pipeline_value", "sessions", "users",
)  # fmt: skip
# One person reached on two days or by two ads is one person; a share or a score has no sum.
NOT_ADDITIVE: tuple[str, ...] = ("reach", "frequency", "impression_share", "search_quality_score", "users")
ADDITIVE: tuple[str, ...] = tuple(metric for metric in METRICS if metric not in NOT_ADDITIVE)
DOCUMENTS: tuple[str, ...] = ("conversion_types", "extra")  # canonical JSON texts: a nested type is not portable
VALUES: tuple[str, ...] = (*ATTRIBUTES, *METRICS, *DOCUMENTS)  # what `row_hash` covers
STAGED_VERSION: tuple[str, ...] = ("key_hash", "row_hash", "source_row")  # a mapped row brings these itself
STAMPS: tuple[str, ...] = ("batch_seq", "recorded_at", "reported_at", "is_deleted")  # given by the batch
VERSION: tuple[str, ...] = (*STAGED_VERSION, *STAMPS)
STAGED: tuple[str, ...] = (*KEY, *VALUES, *STAGED_VERSION, "raw_hash")
FACT: tuple[str, ...] = (*KEY, *VALUES, *VERSION)
STORED: tuple[str, ...] = (*STAGED, *STAMPS)  # as a row lies in the tables: see kalends.marketing.known for `raw_hash`

_TYPES: dict[str, str] = {
    **dict.fromkeys(KEY, "!string"),
    **dict.fromkeys(DATES, "!date"),
    **dict.fromkeys(ATTRIBUTES, "string"),
    **dict.fromkeys(MONEY, "decimal(18, 6)"),
    **dict.fromkeys(COUNTS, "int64"),
    **dict.fromkeys(FRACTIONS, "float64"),
    **dict.fromkeys(DOCUMENTS, "string"),
    "key_hash": "!uuid",
    "row_hash": "!int64",
    "source_row": "!int64",
    "raw_hash": "int64",
    "batch_seq": "!int64",
    "recorded_at": "!timestamp('UTC')",
    "reported_at": "!timestamp('UTC')",
    "is_deleted": "!boolean",
}


def _schema(*columns: str, **more: str) -> ibis.Schema:
    """The named record columns with their declared types, then `more` columns with the types given."""
    return ibis.schema({column: _TYPES[column] for column in columns} | more)


STAGED_SCHEMA = _schema(*STAGED)
FACT_SCHEMA = _schema(*FACT)
STORED_SCHEMA = _schema(*STORED)

DAILY_GRAIN: tuple[str, ...] = (
    "date", "data_source", "account_id", "campaign_id", "channel", "campaign_type", "objective", "currency",
)  # fmt: skip
DAILY_SCHEMA = ibis.schema(
    {column: "!date" if column == "date" else _TYPES[column] for column in DAILY_GRAIN}
    | {"account_name": "string", "campaign_name": "string", "report": "!string"}
    | {metric: _TYPES[metric] for metric in ADDITIVE}
)

COVER_METRICS: tuple[str, ...] = ("spend", "impressions", "clicks")  # what a report must reach to cover an account
OUTCOMES: tuple[str, ...] = ("revenue", "conversions", "sessions")  # what does where an account has none of those
REPORT_DAY_METRICS: tuple[str, ...] = (*COVER_METRICS, "conversions", "revenue")
REPORT_DAYS_SCHEMA = ibis.schema(
    {"date": "!date", "data_source": "!string", "account_id": "!string", "report": "!string", "rows": "!int64"}
    | {"repeats": "!int64"}  # rows that say it again under another attribution window; in no sum
    | {metric: _TYPES[metric] for metric in REPORT_DAY_METRICS}
    | {"is_covering": "!boolean"}
)

SERIES_ROLES: tuple[str, ...] = ("kpi", "control", "treatment", "organic")
SERIES_SCHEMA = ibis.schema(
    {
        "name": "!string",
        "role": "!string",
        "metric": "string",
        "channel": "string",
        "date_from": "!date",
        "date_to": "!date",
        "geo": "!string",
        "value": "float64",
        "unit": "string",
        "batch_seq": "!int64",
        "source_row": "!int64",
    }
)
QUARANTINE_SCHEMA = ibis.schema(
    {
        "batch_seq": "!int64",
        "source_row": "!int64",
        "column_name": "string",
        "code": "!string",
        "message": "!string",
        "raw": "string",
        "recorded_at": "!timestamp('UTC')",
    }
)

# What rows say that only name something, and for which days it counts: see kalends.marketing.entities.
ENTITY_NAMES_SCHEMA = ibis.schema(
    {"data_source": "!string", "level": "!string", "account_id": "!string", "entity_id": "!string", "name": "!string"}
    | {"said": "!date", "batch_seq": "!int64", "source_row": "!int64"}
)
CALLED_SCHEMA = ibis.schema(
    {"data_source": "!string", "level": "!string", "account_id": "!string", "entity_id": "!string", "name": "!string"}
    | {"said": "!date", "first": "!date", "until": "!date"}
)

TOTALS_SCHEMA = ibis.schema(
    {"batch_seq": "!int64", "report": "!string", "account_id": "!string", "date_from": "!date", "date_to": "!date"}
    | {"rows": "!int64", "spend": "decimal(28, 6)", "impressions": "float64", "clicks": "float64"}
    | {"conversions": "float64", "revenue": "decimal(28, 6)"}
)

# What the versions keep beside the log: see kalends.marketing.versions.
CONFIRMATIONS_SCHEMA = _schema("key_hash", "row_hash", "source_row", "date_from", "batch_seq", "reported_at")
SCOPES_SCHEMA = _schema(
    "batch_seq", "data_source", "report", "account_id", "date_from", "date_to", "recorded_at", "reported_at",
    is_complete="!boolean", attribution="string",
)  # fmt: skip
RETRACTIONS_SCHEMA = _schema("batch_seq", retracted_seq="!int64")

HAS_AMOUNTS = "coalesce({0}spend, {0}revenue, {0}pipeline_value) IS NOT NULL"
NAMES_NO_CURRENCY = f"currency IS NULL AND {HAS_AMOUNTS.format('')}"
"""That a row has amounts and does not say what in, as a condition."""


def hash_in(currency: str, row_hash: str) -> str:
    """The `row_hash` of a row that takes `currency` from outside, as SQL; of such a hash, that of the row alone."""
    return f"xor({row_hash}, {int.from_bytes(currency.encode())})"


LOG = f"(SELECT {', '.join(FACT)} FROM facts UNION ALL SELECT {', '.join(FACT)} FROM facts_past)"  # noqa: S608 - ours
"""All that was ever said, as a table expression: see kalends.marketing.versions."""

TABLES: dict[str, ibis.Schema] = {
    "facts": STORED_SCHEMA,
    "facts_past": STORED_SCHEMA,
    "daily": DAILY_SCHEMA,
    "report_days": REPORT_DAYS_SCHEMA,
    "series": SERIES_SCHEMA,
    "quarantine": QUARANTINE_SCHEMA,
    "control_totals": TOTALS_SCHEMA,
    "entity_names": ENTITY_NAMES_SCHEMA,
    "called": CALLED_SCHEMA,
    "confirmations": CONFIRMATIONS_SCHEMA,
    "scopes": SCOPES_SCHEMA,
    "retractions": RETRACTIONS_SCHEMA,
}
