"""Raw payloads to raw tables in DuckDB, whatever their format, packing and encoding."""

from kalends.marketing.reading.raw import (
    FAULT,
    RAW,
    ROW,
    Dialect,
    PatternError,
    RawTable,
    SlowWayError,
    UnseenColumnsError,
    Way,
)
from kalends.marketing.reading.shapes import LIST, literal, quoted
from kalends.marketing.reading.tables import Raw, as_it_came, create_raw, open_raw

__all__ = [
    "FAULT", "LIST", "RAW", "ROW", "Dialect", "PatternError", "Raw", "RawTable", "SlowWayError", "UnseenColumnsError",
    "Way", "as_it_came", "create_raw", "literal", "open_raw", "quoted",
]  # fmt: skip
