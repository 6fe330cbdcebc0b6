"""Why a payload as a whole cannot be read. Single bad rows never raise: they are quarantined."""

from kalends.base.errors import BadInputError


class UnreadablePayloadError(BadInputError):
    """The file cannot be read; send JSON, NDJSON, CSV, Parquet or Excel, plain, gzipped or zipped alone."""

    code = "unreadable_payload"


class NoTextError(UnreadablePayloadError):
    """The file is no table: its bytes are no text. Send JSON, NDJSON, CSV, Parquet or Excel."""

    code = "no_text"


class EmptyPayloadError(BadInputError):
    """The file has no rows; send one with a header line and at least one row."""

    code = "empty_payload"


class PayloadTooLargeError(BadInputError):
    """The file is larger than can be taken in one piece; send it in several."""

    status = 413
    code = "payload_too_large"
