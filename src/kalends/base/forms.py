"""What a page's form sent. Every part of a request that reads the form reads it here, for it is parsed once only: by
whoever comes first, with that one's limits.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import FormData

MOST_FIELDS: Final = 20_000
"""Some forms have a field for each column of a file, and a file may have as many columns."""


async def sent_form(request: Request) -> FormData:
    """The form's fields."""
    return await request.form(max_fields=MOST_FIELDS)


SentForm = Annotated[FormData, Depends(sent_form)]
