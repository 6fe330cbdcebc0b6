# ruff: noqa: N818  # they are signals, caught and acted on; few of them are errors to anybody
"""What a platform may say instead of an answer, in one set of words for all seventeen.

`Passing` ones are tried again by themselves, after a while; the others need something done first: a new token, a
smaller slice, a person.
"""

from __future__ import annotations

from datetime import datetime

from kalends.base.errors import KalendsError


class Signal(KalendsError):
    """The platform did not answer as asked."""

    status = 502
    code = "platform_signal"


class Passing(Signal):
    """The platform is out of order for the moment."""

    code = "platform_out_of_order"


class Malformed(Passing):
    """The platform's answer cannot be read."""

    code = "platform_answer_malformed"


class Limited(Passing):
    """The platform asks for a pause. `seconds`: how long, where it says so."""

    code = "platform_limit"

    def __init__(self, message: str | None = None, *, seconds: float | None = None) -> None:
        """`seconds`: how long the platform wants to be left alone, where it says so."""
        super().__init__(message)
        self.seconds = seconds


class TokenExpired(Signal):
    """The access token is no longer good; a new one is fetched."""

    code = "platform_token_expired"


class CursorExpired(Signal):
    """The place in the list is no longer known; the slice is asked for from its start."""

    code = "platform_cursor_expired"


class TooMuch(Signal):
    """The platform cannot give so much at once; fewer days are asked for."""

    code = "platform_too_much"


class Refused(Signal):
    """The platform lets this connection do that no more. `advice`: what a person can do."""

    code = "platform_refused"

    def __init__(self, message: str | None = None, *, advice: str = "") -> None:
        """`advice`: what a person can do about it."""
        super().__init__(message, advice=advice)
        self.advice = advice


class NotYet(Signal):
    """Nothing is wrong; it goes on at `until`."""

    code = "platform_not_yet"

    def __init__(self, message: str | None = None, *, until: datetime, is_own: bool = False) -> None:
        """`until`: when to go on. `is_own`: only this slice has to wait, for something that is being made for it."""
        super().__init__(message)
        self.until = until
        self.is_own = is_own
