"""Raw payloads to raw tables in DuckDB, whatever their format, packing and encoding."""

from kalends.marketing.reading.errors import EmptyPayloadError, PayloadTooLargeError, UnreadablePayloadError
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
    literal,
    open_raw,
    quoted,
)
from kalends.marketing.reading.unpack import Payload

__all__ = [
    "FAULT", "RAW", "ROW", "EmptyPayloadError", "Payload", "PayloadTooLargeError", "Raw", "RawTable",
    "SlowWayError", "UnreadablePayloadError", "UnseenColumnsError", "as_it_came", "create_raw", "literal",
    "open_raw", "quoted",
]  # fmt: skip
