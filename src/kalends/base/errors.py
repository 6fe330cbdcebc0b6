"""The root of every error that a person may see.

Each room defines its own subclasses next to the code that raises them. One handler (`kalends.app`) turns them into
problem+json (RFC 9457), the CLI into one line and an exit code: so an error's text is written for its reader.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class KalendsError(Exception):
    """Kalends could not do what was asked."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "kalends_error"

    def __init__(self, message: str | None = None, /, **details: Any) -> None:
        """`message` says what was wrong, where, and what would be right; `details` are JSON-able and travel along."""
        self.message = message or default_message(type(self))
        self.details = details
        super().__init__(self.message)

    def problem(self) -> dict[str, Any]:
        """The error as an RFC 9457 problem document."""
        return {"type": "about:blank", "title": default_message(type(self)), "status": self.status, "code": self.code,
                "detail": self.message, **self.details}  # fmt: skip


def default_message(kind: type[KalendsError]) -> str:
    """The first line of the error class's docstring: what the error means, in words."""
    return (inspect.getdoc(kind) or kind.__name__).splitlines()[0]


class BadInputError(KalendsError):
    """Something in the request is not as it should be."""

    status = 422
    code = "bad_input"


class NotFoundError(KalendsError):
    """There is no such thing here.

    Another tenant's object answers with exactly this too, so that its existence cannot be learned.
    """

    status = 404
    code = "not_found"


class ConflictError(KalendsError):
    """Somebody else changed this in the meantime; look at the new state and try again."""

    status = 409
    code = "conflict"


class ForbiddenError(KalendsError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class UnavailableError(KalendsError):
    """A part of Kalends is not ready yet; try again in a moment."""

    status = 503
    code = "unavailable"
