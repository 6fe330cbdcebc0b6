"""The one place from which platforms are called: signed, within their limits, tried again, never logged in full.

What a call needs of the world (time, transactions, the network) is passed in, so that all of it can be tried against
a local server at any speed. Nothing said here names more of a call than its platform, method and path.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from kalends.base.outside import InnerAddressError, call
from kalends.base.version import __version__
from kalends.base.work import Work
from kalends.marketing.connectors.auth import Call, Secrets, TokenQuestion
from kalends.marketing.connectors.declared import Connector
from kalends.marketing.connectors.signals import (
    Limited,
    Malformed,
    NotYet,
    Passing,
    Refused,
    Signal,
    TokenExpired,
    TooMuch,
)
from kalends.marketing.words import source_name

LOG = structlog.get_logger(__name__)

TRIES: Final = 6
"""With a doubling pause between them, a minute and a half of trouble is waited out inside one slice."""
PATIENCE: Final = 20.0
"""Seconds that a worker sleeps; a longer pause gives it back, and the slice goes on later."""
SILENCE_SECONDS: Final = 60.0
"""Adobe gives itself 60 s for an answer, the slowest of all."""
MOST_BYTES: Final = 1 << 30
BACKOFF: Final = wait_random_exponential(multiplier=1, max=60)
AGENT: Final = f"Kalends/{__version__}"

Found = TypeVar("Found")
Content = bytes | Callable[[str], bytes]
"""What is sent; made from the token where that goes into the body, so that a new token makes it anew."""

Granted = dict[str, str]
"""What a platform said when it gave a token: 'access_token', and what else is text."""
OpenWork = Callable[[], AbstractContextManager[Work]]
"""Opens one transaction of whoever asks."""


class Purse(Protocol):
    """Keeps what outlives a call: the budget, the token, and what a slice has to remember."""

    def spend(self, quota: str) -> float:
        """Take one call from the budget; seconds to wait where there is none left, and nothing is taken then."""

    def token(self, *, spent: str | None, fetch: Callable[[Secrets], Mapping[str, Any]]) -> Granted:
        """The token and what came with it; a new one where `spent` is the one that is kept. Only one fetches it at
        a time.
        """

    def remember(self, name: str, value: Any) -> None:
        """Keep something of the slice across restarts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `quota`: of which kind it is, for the platform's limits."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: Content = field(default=b"", repr=False)
    quota: str | None = ""
    """None: of a kind that the platform does not count."""
    is_signed: bool = True

    @property
    def place(self) -> str:
        """What may be said of it anywhere: never the query, which may hold a secret."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.hostname}{parts.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    question: Question
    at: datetime

    def json(self) -> Any:
        """The body as JSON. Raises Malformed."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            pass
        try:
            return json.loads(self.content)  # orjson refuses numbers of more than 64 bits
        except ValueError:
            raise Malformed(f"{self.question.place} answered with something that is no JSON.") from None

    @property
    def pause(self) -> float | None:
        """How long to wait by Retry-After (RFC 9110, 10.2.3): seconds, or until a date."""
        told = self.headers.get("retry-after", "").strip()
        if told.replace(".", "", 1).isdigit():
            return float(told)
        try:
            return max(0.0, (parsedate_to_datetime(told) - self.at).total_seconds()) if told else None
        except (ValueError, TypeError):
            return None


@dataclass(slots=True)
class Ask:
    """One connection's voice, for one slice of work."""

    connector: Connector
    secrets: Secrets = field(repr=False)
    options: Mapping[str, str]
    """What a person entered that is no secret."""
    purse: Purse
    client: httpx.Client
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    local_allowed: bool = False
    gateway: str | None = None
    memo: dict[str, Any] = field(default_factory=dict)
    is_known: bool = False
    """Whether the platform has let these keys in before."""
    calls: int = 0

    def get(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        quota: str | None = "",
        is_signed: bool = True,
    ) -> Answer:
        """Ask for something."""
        whole = f"{url}{'&' if '?' in url else '?'}{urlencode(params, doseq=True)}" if params else url
        return self.send(Question("GET", whole, headers or {}, quota=quota, is_signed=is_signed))

    def post(
        self,
        url: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        quota: str = "",
        content: Content | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send something: `body` as JSON, or `content` as it is."""
        sent = orjson.dumps(body) if content is None else content
        told = {"Content-Type": content_type} | dict(headers or {})
        return self.send(Question("POST", url, told, content=sent, quota=quota))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gave when this slice first came here, however often it is cut off since: a report's job is
        ordered once.
        """
        if self.memo.get(name) is None:  # what was forgotten is kept as None
            self.memo[name] = made = make()
            self.purse.remember(name, made)
        return self.memo[name]

    def forget(self, name: str) -> None:
        """Let `once` make it anew."""
        if self.memo.pop(name, None) is not None:
            self.purse.remember(name, None)

    def until(self, look: Callable[[], Found | None], *, first: float = 2.0, slowest: float = 60.0) -> Found:
        """What `look` gives when it gives something; it is asked again after ever longer pauses."""
        pause = first
        while (found := look()) is None:
            self.wait(pause, is_own=True)
            pause = min(pause * 1.5, slowest)
        return found

    def wait(self, seconds: float, *, is_own: bool = False) -> None:
        """Sleep, or give the worker back and go on later. Raises NotYet."""
        if seconds > PATIENCE:
            raise NotYet(until=self.clock() + timedelta(seconds=seconds), is_own=is_own)
        self.sleep(seconds)

    def send(self, question: Question) -> Answer:
        """One answer that is good. Raises the signals, and NotYet where the pause is a long one."""
        retrying = Retrying(
            retry=retry_if_exception_type(Passing),
            stop=stop_after_attempt(TRIES),
            wait=_pause,
            sleep=self.wait,
            reraise=True,
        )
        return retrying(self._with_token, question)

    def token(self, *, spent: str | None = None) -> str:
        """The access token; '' where this platform needs none."""
        return self.granted(spent=spent).get("access_token", "")

    def granted(self, *, spent: str | None = None) -> Granted:
        """The access token and what came with it; empty where this platform needs none."""
        if self.connector.auth.token(self.secrets, self.clock().timestamp()) is None:
            return {}
        return self.purse.token(spent=spent, fetch=self._fetch_token)

    def _with_token(self, question: Question) -> Answer:
        token = self.token() if question.is_signed else ""
        try:
            return self._judged(question, token)
        except TokenExpired:
            if not token:
                said = f"{self._name} does not know the access key{' any more' if self.is_known else ''}."
                raise Refused(said, advice="Enter a new key.") from None
        try:
            return self._judged(question, self.token(spent=token))
        except TokenExpired as error:
            raise Refused(f"{self._name} refuses a new token as well.", advice="Connect it again.") from error

    def _fetch_token(self, secrets: Secrets) -> Mapping[str, Any]:
        wanted = self.connector.auth.token(secrets, self.clock().timestamp())
        assert wanted is not None
        found = self.exchange(wanted)
        if not isinstance(found.get("access_token"), str):
            raise Malformed(f"{self._name} answered without a token.")
        return found

    def exchange(self, wanted: TokenQuestion) -> Mapping[str, Any]:
        """What a platform answers to a question for a token. Raises the signals."""
        kind = "application/json" if wanted.is_json else "application/x-www-form-urlencoded"
        told = {"Content-Type": kind, "Accept": "application/json"} | dict(wanted.headers)
        sent = orjson.dumps(dict(wanted.form)) if wanted.is_json else urlencode(wanted.form).encode()
        question = Question("POST", wanted.url, told, sent, quota=None, is_signed=False)
        answer = self._call(question, "")
        if answer.status in {400, 401, 403}:
            raise Refused(
                f"{self._name} gives no token for what was entered.",
                advice="Connect it again: the permission was taken back, has ended, or was mistyped."
                if self.is_known
                else "Look it through: something was mistyped, or the permission was taken back.",
            )
        _judge_status(answer, self._name)
        found = answer.json()
        if not isinstance(found, dict):
            raise Malformed(f"{question.place} answered without a token.")
        return found

    def _judged(self, question: Question, token: str) -> Answer:
        answer = self._call(question, token)
        signal = self.connector.judge(answer)
        if signal is not None:
            LOG.info("signal", platform=self.connector.data_source, call=question.place, signal=signal.code)
            raise signal
        _judge_status(answer, self._name)
        return answer

    def _call(self, question: Question, token: str) -> Answer:
        while question.quota is not None and (pause := self.purse.spend(question.quota)) > 0:
            self.wait(pause)
        self.calls += 1
        signed = {}
        if question.is_signed:
            signed = self.connector.auth.headers(self.secrets, token, Call(question.method, question.url))
        headers = {
            "User-Agent": AGENT,
            "Accept-Encoding": "gzip",
            **self.connector.headers,
            **signed,
            **question.headers,
        }
        try:
            with call(
                self.client,
                question.method,
                routed(question.url, self.gateway),
                local_allowed=self.local_allowed,
                headers=headers,
                body=question.content(token) if callable(question.content) else question.content,
            ) as answer:
                content = b"".join(_bounded(answer.iter_bytes()))
        except InnerAddressError as error:
            raise Refused(error.message) from None
        except (httpx.HTTPError, OSError) as error:
            LOG.info("cut", platform=self.connector.data_source, call=question.place, kind=type(error).__name__)
            raise Passing(f"{question.place} broke off or could not be reached.") from None
        LOG.debug("asked", platform=self.connector.data_source, call=question.place, status=answer.status_code)
        return Answer(answer.status_code, answer.headers, content, question, self.clock())

    @property
    def _name(self) -> str:
        return source_name(self.connector.data_source)


def routed(url: str, gateway: str | None) -> str:
    """The address that is called or gone to: the platform's own, or its stand-in's behind the gateway."""
    if not gateway:
        return url
    parts = urlsplit(url)
    return f"{gateway.rstrip('/')}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once, for that takes as long as many an answer."""
    return httpx.create_ssl_context()


def new_client() -> httpx.Client:
    """What carries calls to platforms."""
    return httpx.Client(timeout=SILENCE_SECONDS, verify=_trusted())


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > MOST_BYTES:
            raise TooMuch("The answer is larger than 1 GB.")
        yield chunk


def _pause(state: RetryCallState) -> float:
    """As long as the platform says, else ever longer, by chance, so that many do not come back at once."""
    error = state.outcome.exception() if state.outcome else None
    told = error.seconds if isinstance(error, Limited) else None
    return told if told is not None else float(BACKOFF(state))


def _judge_status(answer: Answer, name: str) -> None:
    """What an HTTP status says where the platform itself has said nothing of its own. Raises the signals."""
    place, status = answer.question.place, answer.status
    if 200 <= status < 300:
        return
    raise signal_of(status, place=place, name=name, pause=answer.pause)


def signal_of(status: int, *, place: str, name: str, pause: float | None) -> Signal:
    """The signal behind an HTTP status (RFC 9110, 15; RFC 6585)."""
    if status in {429, 503}:
        return Limited(f"{name} asks for a pause.", seconds=pause)
    if status >= 500 or status in {408, 425}:
        return Passing(f"{place} has trouble of its own ({status}).")
    match status:
        case 401:
            return TokenExpired(f"{place} does not accept the token.")
        case 403:
            return Refused(f"{name} does not allow {place}.", advice="Give this connection the right to read reports.")
        case 404 | 410:
            return Refused(f"{name} knows nothing at {place}.", advice="Is the account still there?")
    return Refused(f"{place} does not understand the question ({status}).", advice="Please report this to us.")
