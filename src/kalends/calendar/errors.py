"""What can be wrong with a calendar, in words."""

from __future__ import annotations

from kalends.base.errors import BadInputError, ConflictError, NotFoundError


class CalendarNotFoundError(NotFoundError):
    """There is no such calendar."""

    code = "calendar_not_found"


class EventNotFoundError(NotFoundError):
    """There is no such event."""

    code = "event_not_found"


class UnknownIndustryError(BadInputError):
    """There is no template for that industry."""

    code = "unknown_industry"


class UnknownCountryError(BadInputError):
    """No holidays are known for that country; use its two-letter ISO code."""

    code = "unknown_country"


class PeriodError(BadInputError):
    """The period asked for does not work."""

    code = "bad_period"


class EventError(BadInputError):
    """The event is not as it should be."""

    code = "bad_event"


class EventChangedError(ConflictError):
    """Somebody else changed this event in the meantime; look at the new state and try again."""

    code = "event_changed"


class NothingToUndoError(ConflictError):
    """There is nothing to undo for this event."""

    code = "nothing_to_undo"


class NotKnownYetError(NotFoundError):
    """The calendar was not known yet at that time."""

    code = "not_known_yet"
