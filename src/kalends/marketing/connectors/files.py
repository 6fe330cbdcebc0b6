"""Files that a platform makes for a report and lets fetch from an address of its own."""

from __future__ import annotations

from io import BytesIO

from kalends.base.reading.errors import PayloadTooLargeError, UnreadablePayloadError
from kalends.base.reading.unpack import Unpacking
from kalends.marketing.connectors.asking import Answer
from kalends.marketing.connectors.signals import Malformed


def plain(answer: Answer) -> bytes:
    """A file's bytes, unpacked if it is packed. Raises Malformed where it is damaged or broken off."""
    unpacking = Unpacking(lambda: BytesIO(answer.content))
    try:
        content = b"".join(unpacking)
    except (UnreadablePayloadError, PayloadTooLargeError) as error:
        raise Malformed(f"{answer.question.place} gave a damaged file.") from error
    if unpacking.cut:
        raise Malformed(f"{answer.question.place} gave a file that breaks off.")
    return content
