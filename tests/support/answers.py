"""Answers of platforms, made by hand from the words of their documentation."""

from datetime import UTC, datetime

import httpx
import orjson

from kalends.marketing.connectors.asking import Answer, Question

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def answered(url, body, status=200, *, method="GET", is_signed=True, **headers):
    """An answer to a call; `body`: bytes as they are, anything else as JSON. Underscores in header names are dashes."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    told = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, told, content, Question(method, url, is_signed=is_signed), AT)
