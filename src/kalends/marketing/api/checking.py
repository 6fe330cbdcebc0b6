"""What requests that bring data have in common."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from kalends.base.errors import BadInputError

FILE_TYPES = (
    "text/csv",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/gzip",
    "application/octet-stream",
)


def corrections(told: list[str]) -> dict[str, str | None]:
    """`raw=field` pairs; `raw=` leaves the column out."""
    pairs = [one.partition("=") for one in told]
    if any(not equals for _, equals, _ in pairs):
        raise BadInputError("columns: give each correction as raw-name=field, or raw-name= to leave a column out.")
    return {raw: field or None for raw, _, field in pairs}


def checked(kind: type[Any], found: Any) -> Any:
    """`found` as `kind`, or a BadInputError that says where it is not."""
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        problems = [
            {"where": ".".join(map(str, item["loc"])) or "body", "what": item["msg"]} for item in error.errors()
        ]
        raise BadInputError(
            "; ".join(f"{problem['where']}: {problem['what']}" for problem in problems), errors=problems
        ) from None
