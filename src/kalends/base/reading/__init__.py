"""Files as people and platforms send them, to numbered rows: packing, encoding, CSV, Excel and JSON."""

from kalends.base.reading.errors import EmptyPayloadError, PayloadTooLargeError, UnreadablePayloadError
from kalends.base.reading.rows import Row, Rows, rows_of
from kalends.base.reading.sniff import sniff
from kalends.base.reading.text import Lines
from kalends.base.reading.unpack import Payload

__all__ = [
    "EmptyPayloadError",
    "Lines",
    "Payload",
    "PayloadTooLargeError",
    "Row",
    "Rows",
    "UnreadablePayloadError",
    "rows_of",
    "sniff",
]
