"""What every stand-in has: requests and replies, tokens that end, limits that are counted, and faults on demand."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs

from kalends.demo.standin.consenting import Consenting, Desk
from kalends.demo.standin.knowing import Knowing

FAULTS = ("limit", "error", "cut", "token", "cursor", "malformed", "duplicate")
"""What may be asked of a stand-in, each answered in its platform's own way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. `path` begins with '/', after the host."""

    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body or b"{}")

    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `is_cut`: the connection breaks off in the middle of it."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False

    @classmethod
    def json(cls, body: Any, status: int = 200, **headers: str) -> Reply:
        """A JSON document; underscores in header names are dashes."""
        told = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(json.dumps(body).encode(), status, told)


@dataclass
class Standin(Knowing):
    """One platform. A subclass says `hosts` (`hosts[0]` is where reports are), how it `answer`s, and its own faults.

    `faults`: which fault meets the n-th counted call ('limit' ... as in FAULTS), counted from 0; each meets it once.
    `limits`: (calls, seconds) that are kept by a log of every call, independent of whoever calls. What went wrong at
    the caller's side is counted: `over_limit`, `unsigned`.
    """

    clock: Callable[[], datetime]
    faults: dict[int, str] = field(default_factory=dict)
    limits: Sequence[tuple[int, int]] = ()
    calls: int = 0
    over_limit: int = 0
    unsigned: int = 0
    tokens: int = 0
    met: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    """Every call in order: method, host and path."""
    _times: deque[float] = field(default_factory=deque)
    _last: dict[str, Reply] = field(default_factory=dict)

    desk: Desk = field(default_factory=Desk)
    """Who was asked whether an app may read."""

    data_source: ClassVar[str] = ""
    hosts: ClassVar[tuple[str, ...]] = ()
    token_seconds: ClassVar[int] = 3600
    secrets: ClassVar[Mapping[str, str]] = {}
    """What a person enters to connect to it: the demo's and the tests' keys."""
    apart: ClassVar[Mapping[str, str]] = {}
    """What belongs only to signing in there: the app, or the token that is given then."""
    consenting: ClassVar[Consenting | None] = None
    """How it asks a person; None where it does not."""
    cannot: ClassVar[frozenset[str]] = frozenset()
    """Faults that cannot happen to this platform: one without pages has no cursor that ends."""
    on_one_page: ClassVar[frozenset[str]] = frozenset()
    """Reports that are too short for a second page."""

    def can_meet(self, report: str) -> list[str]:
        """The faults that can happen to a report."""
        of_pages = {"cursor", "duplicate"} if report in self.on_one_page else set[str]()
        return [fault for fault in FAULTS if fault not in self.cannot | of_pages]

    def secret_texts(self) -> list[str]:
        """What must never be written anywhere: what a person entered, and the tokens that were given out."""
        public = ("app", "client_id", "domain", "id", "region", "zone")
        entered = [value for name, value in self.known.items() if not name.endswith(public) and len(value) > 4]
        tokens = [f"{self.data_source}-token-{number}" for number in range(1, self.tokens + 1)]
        return entered + tokens + [f"{self.data_source}-code-{number}" for number in range(1, self.desk.given + 1)]

    # What a platform is made of.

    def answer(self, asked: Asked) -> Reply:
        """The answer to a call that was signed and is within the limits."""
        raise NotImplementedError

    def is_token_call(self, asked: Asked) -> bool:
        """Whether it asks for a token."""
        return asked.path.endswith("/token")

    def is_counted(self, asked: Asked) -> bool:
        """Whether the platform counts the call, so that limits and faults meet it."""
        return asked.host == self.hosts[0]

    def is_limited(self, asked: Asked) -> bool:  # noqa: ARG002 (for those that have files)
        """Whether the call counts for the platform's limits: the file of a report may lie elsewhere."""
        return True

    def is_signed(self, asked: Asked) -> bool:
        """Whether the call shows the token that was given out last, which has not ended."""
        return asked.headers.get("authorization") == f"Bearer {self.token}"

    def limited(self) -> Reply:
        """The platform's own way to ask for a pause."""
        return Reply.json({"error": "too many requests"}, 429, retry_after="2")

    def refused_token(self) -> Reply:
        """The platform's own way to say that a token has ended."""
        return Reply.json({"error": "unauthorized"}, 401)

    def refused_cursor(self) -> Reply | None:
        """The platform's own way to say that a place in a list is no longer known; None where it has no cursors."""
        return None

    def erred(self) -> Reply:
        """The platform's own trouble."""
        return Reply(b"<html>Internal Server Error</html>", 500, {"content-type": "text/html"})

    def is_page(self, asked: Asked) -> bool:  # noqa: ARG002 (for those that have pages)
        """Whether the call asks for another page than the first of a list."""
        return False

    def can_happen(self, asked: Asked, fault: str) -> bool:
        """Whether the fault can meet this call: only a page after the first has a place that can be lost."""
        return fault not in {"cursor", "duplicate"} or self.is_page(asked)

    # What all have in common.

    @property
    def known(self) -> dict[str, str]:
        """All keys that open it."""
        return {**self.secrets, **self.apart}

    @property
    def token(self) -> str:
        """The token that was given out last."""
        return f"{self.data_source}-token-{self.tokens}"

    def take(self, asked: Asked) -> Reply:
        """Answer a call."""
        self.log.append(f"{asked.method} {asked.host}{asked.path}")
        if self.consenting and (said := self.sign_in(self.consenting, asked)):
            return said
        if self.is_token_call(asked):
            return self.give_token(asked)
        if not self.is_counted(asked):
            return self.answer(asked)
        fault, self.calls = self.faults.get(self.calls), self.calls + 1
        if self.is_limited(asked) and not self._is_within_limits():
            self.over_limit += 1
            self._put_off(fault)
            return self.limited()
        if not self.is_signed(asked):
            self.unsigned += 1
            self._put_off(fault)
            return self.refused_token()
        return self._with_fault(asked, fault)

    def give_token(self, asked: Asked) -> Reply:
        """A new token; the one before it ends."""
        if not self.is_right(asked):
            return Reply.json({"error": "invalid_grant"}, 400)
        self.tokens += 1
        return Reply.json({"access_token": self.token, "token_type": "Bearer", "expires_in": self.token_seconds})

    def is_right(self, asked: Asked) -> bool:
        """Whether a question for a token shows the right keys."""
        shown = asked.form()
        return all(shown[name] == value for name, value in self.known.items() if name in shown)

    def sign_in(self, way: Consenting, asked: Asked) -> Reply | None:
        """The answer to a call that belongs to signing in; None for any other."""
        place = f"{asked.host}{asked.path}"
        if place == way.page:
            return self.ask_person(way, asked)
        return self.change_code(way, asked) if place == way.exchange and way.is_change(asked.body) else None

    def ask_person(self, way: Consenting, asked: Asked) -> Reply:
        """The page that asks, and the way back from it."""
        page = way.ask(name=self.data_source, known=self.known, query=asked.query)
        if page is None:
            return Reply(
                b"The app, its rights or its redirect address are not known.", 400, {"content-type": "text/plain"}
            )
        if asked.method == "GET":
            return Reply(page, 200, {"content-type": "text/html"})
        allows = asked.form().get("answer") == "allow"
        back = way.way_back(self.desk, name=self.data_source, query=asked.query, allows=allows, now=self.clock())
        return Reply(b"", 303, {"location": back})

    def change_code(self, way: Consenting, asked: Asked) -> Reply:
        """The tokens for a code."""
        if not way.change(self.desk, known=self.known, headers=asked.headers, body=asked.body, now=self.clock()):
            return self.refused_code()
        self.tokens += 1
        lasting = {} if self.desk.withholds else {way.keeps: self.known[way.keeps]}
        return self.changed({"access_token": self.token, "token_type": "bearer", "expires_in": 3600} | lasting)

    def changed(self, tokens: Mapping[str, Any]) -> Reply:
        """Tokens, as the platform wraps them."""
        return Reply.json(tokens)

    def refused_code(self) -> Reply:
        """A code or an app that is not good."""
        return Reply.json({"error": "invalid_grant", "error_description": "The code is not good."}, 400)

    def is_meant(self, asked: Asked) -> bool:
        """Whether it is the one at a shared host whose app asks."""
        way, place = self.consenting, f"{asked.host}{asked.path}"
        if way and place == way.page:
            return asked.one(way.app) == self.known[way.app]
        if way and place == way.exchange and way.is_change(asked.body):
            return way.is_app(known=self.known, headers=asked.headers, body=asked.body)
        return self.is_token_call(asked) and self.is_right(asked)

    def end_token(self) -> None:
        """From now on the token that was given out is no longer good."""
        self.tokens += 1

    def _is_within_limits(self) -> bool:
        now = self.clock().timestamp()
        self._times.append(now)
        longest = max((seconds for _, seconds in self.limits), default=0)
        while self._times and self._times[0] <= now - longest:
            self._times.popleft()
        return all(sum(time > now - seconds for time in self._times) <= calls for calls, seconds in self.limits)

    def _with_fault(self, asked: Asked, fault: str | None) -> Reply:
        """The answer, or what happens instead of it. A fault that cannot be here waits for the next call."""
        if fault is None:
            return self._kept(asked, self.answer(asked))
        happened = self._happened(asked, fault)
        if happened is None:
            self._put_off(fault)
            return self._kept(asked, self.answer(asked))
        self.met.append(fault)
        return happened

    def _put_off(self, fault: str | None) -> None:
        """Have it meet the next call that none is meant for."""
        if fault is not None:
            later = self.calls
            while later in self.faults:
                later += 1
            self.faults[later] = fault

    def _happened(self, asked: Asked, fault: str) -> Reply | None:
        if not self.can_happen(asked, fault):
            return None
        if fault == "token":
            self.end_token()
        if fault in {"cut", "malformed"}:
            good = self.answer(asked)
            half = len(good.content) // 2
            return replace(good, is_cut=True) if fault == "cut" else replace(good, content=good.content[:half])
        answers: dict[str, Callable[[], Reply | None]] = {
            "limit": self.limited,
            "error": self.erred,
            "token": self.refused_token,
            "cursor": self.refused_cursor,
            "duplicate": partial(self.duplicated, asked),
        }
        return answers[fault]()

    def duplicated(self, asked: Asked) -> Reply | None:
        """The page before this one once more, where the caller asked for the next one; None where there is none."""
        return self._last.get(asked.path)

    def _kept(self, asked: Asked, reply: Reply) -> Reply:
        self._last[asked.path] = reply
        return reply


def paged(rows: Sequence[Any], *, start: int, size: int) -> tuple[Sequence[Any], int | None]:
    """One page of rows, and where the next one begins; None after the last."""
    following = start + size
    return rows[start:following], following if following < len(rows) else None
