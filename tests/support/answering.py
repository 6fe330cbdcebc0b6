"""Answers of platforms as a connector gets them, and what the record makes of them."""

import json
from datetime import UTC, datetime

import httpx
from duckdb_in_memory import connect

from kalends.marketing.connectors.asking import Answer, Question
from kalends.marketing.staging import StageOptions, stage

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


def answer(status, body, *, url="https://platform.example/v1/report", method="GET", is_signed=True, **headers):
    """An answer; `body`: bytes as they are, anything else as JSON. Underscores in the names of headers are dashes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, told, content, Question(method, url, is_signed=is_signed), NOW)


def reports_of(tmp_path, source, content):
    """The reports that the record makes of a page's content."""
    path = tmp_path / "page.jsonl"
    path.write_bytes(content + b"\n")
    con = connect()
    stage(con, path, data_source=source, now=NOW, options=StageOptions(defaults={"account_id": "1"}))
    return [name for (name,) in con.execute("SELECT DISTINCT report FROM staged ORDER BY 1").fetchall()]
