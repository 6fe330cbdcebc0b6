"""Raw payloads to raw tables in DuckDB, whatever their format, packing and encoding."""

from kalends.marketing.reading.shapes import literal, quoted
from kalends.marketing.reading.tables import (
    FAULT,
    RAW,
    ROW,
    Raw,
    RawTable,
    SlowWayError,
    UnseenColumnsError,
    as_it_came,
    create_raw,
    open_raw,
)

__all__ = [
    "FAULT", "RAW", "ROW", "Raw", "RawTable", "SlowWayError", "UnseenColumnsError", "as_it_came", "create_raw",
    "literal", "open_raw", "quoted",
]  # fmt: skip
