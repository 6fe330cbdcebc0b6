"""The words of a connector: how one platform is asked, written down; `asking` does the asking.

A connector's reports are named as the record names them ('campaign', 'ad/age+gender'), for a slice of a report is
complete: what the platform does not deliver in it any more does not exist any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

import orjson

from kalends.marketing.connectors.signals import Signal
from kalends.marketing.settling import trailing

if TYPE_CHECKING:
    from kalends.marketing.connectors.asking import Answer, Ask
    from kalends.marketing.connectors.auth import Auth
    from kalends.marketing.connectors.consent import Consent


WITHIN: Final = re.compile(r"(\d+)d_([a-z]+)")
FRESH: Final = 2
"""Days: a platform may give yesterday only, and a day may have begun since."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a connection can see. `zone`: the IANA zone of its days, where the platform says it."""

    id: str
    name: str = ""
    currency: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is asked for at once: one report of one account, first to last day, both included.

    `attribution`: the window under which the platform is to count, such as '7d_click'; empty: as the account is set.
    `windows`: all those that the connection brings, for a platform that can tell several in one answer.
    """

    account: Account
    report: str
    first: date
    last: date
    attribution: str = ""
    windows: tuple[str, ...] = ()

    @property
    def days(self) -> list[date]:
        """Its days in order."""
        return [self.first + timedelta(days=place) for place in range((self.last - self.first).days + 1)]

    def is_newest(self, today: date) -> bool:
        """Whether it reaches to the present: what things are called is told as of today, so once a sync is enough."""
        return not self.attribution and self.last >= today - timedelta(days=FRESH)

    @property
    def within(self) -> dict[str, int]:
        """The days of its attribution window by what they follow: {'click': 7, 'view': 1}."""
        return {kind: int(days) for days, kind in WITHIN.findall(self.attribution)}

    def halves(self) -> tuple[Slice, Slice]:
        """The slice in two. Raises ValueError for a single day."""
        if self.first == self.last:
            raise ValueError("one day cannot be divided")
        middle = self.first + (self.last - self.first) // 2
        return replace(self, last=middle), replace(self, first=middle + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what the platform said, as bytes: a JSON document (`is_line`), or a file that stands alone.

    `is_whole`: not so where the platform says that it holds something back, so that what is missing is not gone.
    """

    content: bytes
    is_line: bool = True
    is_whole: bool = True

    @classmethod
    def of(cls, answer: Answer, request: Mapping[str, object] | None = None, *, is_whole: bool = True) -> Page:
        """A JSON document in one line, beside its question: many answers do not say themselves what they are about.

        A line break inside JSON's texts is always escaped, so each that is left is only space.
        """
        line = answer.content.replace(b"\r", b" ").replace(b"\n", b" ").strip()
        asked = {"asked": answer.question.place} if request is None else request
        return cls(b'{"request":' + orjson.dumps(asked) + b',"response":' + line + b"}", is_whole=is_whole)

    @classmethod
    def file(cls, content: bytes) -> Page:
        """A whole file: CSV, JSON lines, a zip."""
        return cls(content, is_line=False)


Pull = Callable[["Ask", Slice], Iterator[Page]]


@dataclass(frozen=True, slots=True)
class Report:
    """One report that can be asked for. `name`: as the record says it.

    `days`: how many of them are asked for at once; `history`: how far back the platform keeps it. `is_default`:
    whether a new connection brings it unless somebody says otherwise. `is_complete`: the answer has all there is of
    the slice, so that what is missing in it is gone.
    """

    name: str
    label: str
    pull: Pull
    days: int = 30
    history: int = 730
    is_default: bool = True
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `calls` in any `seconds`, by the platform's own rule, of calls of one kind on one account.

    Several may have one name: all of them hold then. `is_shared`: it holds over all accounts together, as a limit of a
    user or an app does, and for the calls that are about no account. `is_own`: the platform publishes no number, so
    this one is ours: what a sync needs, and little enough that other programs of the same user are not kept waiting.
    """

    name: str
    calls: int
    seconds: int
    is_shared: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of the form that connects: what a person enters once. `pattern`: all of it must fit."""

    name: str
    label: str
    help: str = ""
    kind: Literal["text", "secret", "choice", "long"] = "text"
    is_required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    pattern: str = ""

    @property
    def is_secret(self) -> bool:
        """Whether it is sealed, and never shown again."""
        return self.kind in {"secret", "long"}


def no_signal(answer: Answer) -> Signal | None:  # noqa: ARG001 (the shape of a judge)
    """What a platform says that says everything by HTTP status."""
    return None


@dataclass(frozen=True, slots=True)
class Connector:
    """How one platform is asked.

    `entries`: what a person gives to connect. `auth`: how calls are signed. `accounts`: lists what the connection can
    see, which is also how it is tested. `judge`: the platform's own signals in an answer whose status does not say
    it; None where the answer is good or its HTTP status tells. `quotas`: the platform's declared limits, or ours.
    `lag`: how many days pass before a day can be asked for at all. `guide`: where a person finds what the form asks
    for. `consent`: how a person signs in at the platform instead of entering keys; None where it knows no such way.
    `attributions`: attribution windows that each report can be asked for under, beside the account's own setting, named
    '7d_click_1d_view'.
    """

    data_source: str
    entries: tuple[Entry, ...]
    auth: Auth
    accounts: Callable[[Ask], list[Account]]
    reports: tuple[Report, ...]
    judge: Callable[[Answer], Signal | None] = no_signal
    quotas: tuple[Quota, ...] = ()
    lag: int = 0
    guide: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    consent: Consent | None = None
    attributions: tuple[str, ...] = ()

    @property
    def reread(self) -> int:
        """How many days back numbers are still restated, so that they are asked for again."""
        return trailing(self.data_source).days

    @property
    def reread_why(self) -> str:
        """Why so many."""
        return trailing(self.data_source).why

    @property
    def beside(self) -> tuple[Entry, ...]:
        """What is entered also by who signs in: neither a secret nor the app's."""
        app = {entry.name for entry in self.consent.app} if self.consent else set()
        return tuple(entry for entry in self.entries if not entry.is_secret and entry.name not in app)

    def report(self, name: str) -> Report:
        """The report of that name. Raises KeyError."""
        return next((one for one in self.reports if one.name == name), None) or _unknown(self.data_source, name)


def _unknown(data_source: str, name: str) -> Report:
    raise KeyError(f"{data_source} has no report {name!r}")
