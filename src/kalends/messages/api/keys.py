"""What a client sends along so that the same call, sent twice, counts once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[str | None, Header(max_length=200, description="The same key again gives the first answer.")]
