"""Answers as a platform gives them, for what a connector makes of them."""

from datetime import UTC, datetime

import httpx
import orjson

from kalends.marketing.connectors.asking import Answer, Question

AT = datetime(2026, 3, 1, tzinfo=UTC)


def answered(status, body, **headers):
    """An answer with a JSON body, or bytes as they are; underscores in header names are dashes."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    told = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, told, content, Question("GET", "https://platform.example/path"), AT)
