"""A calendar's address is read over HTTP: within a time and a size, never into our own network, only if it changed.

The addresses are secrets of whoever keeps the calendar: no message here names more of one than its host.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from threading import Timer
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from kalends.base.errors import BadInputError
from kalends.base.outside import InnerAddressError, call
from kalends.base.version import __version__

SECONDS: Final = 30.0
"""For the whole answer; Google takes one or two for a large calendar."""
SILENCE_SECONDS: Final = 10.0
"""For the next byte of it."""
MAX_BYTES: Final = 20 << 20
MAX_REDIRECTS: Final = 5
HEADERS: Final = {
    "User-Agent": f"Kalends/{__version__} (reads a calendar that one of its users subscribes to)",
    "Accept": "text/calendar, text/csv;q=0.9, application/json;q=0.8, */*;q=0.5",
    "Accept-Encoding": "gzip",
}
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
PAGE_STARTS: Final = (b"<!DOCTYPE HTML", b"<HTML", b"<?XML")


class FetchError(BadInputError):
    """The calendar's address cannot be read."""

    code = "calendar_not_fetched"


class BadAddressError(BadInputError):
    """This is no address of a calendar; give one such as https://calendar.google.com/calendar/ical/.../basic.ics."""

    code = "bad_address"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, and which version of it is known already."""

    address: str = field(repr=False)
    etag: str | None = None
    modified: str | None = None
    local_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came; `content` is None where nothing has changed since the version that is known."""

    content: bytes | None
    etag: str | None = None
    modified: str | None = None


def clean_address(text: str, *, http_allowed: bool) -> str:
    """The address as it is fetched: webcal:// is https. Raises BadAddressError.

    `http_allowed`: whether an address may do without encryption, as on a machine that serves only its own people.
    """
    bare = text.strip()
    scheme, mark, rest = bare.partition("://")
    address = f"https://{rest}" if mark and scheme.lower() in {"webcal", "webcals"} else bare
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and not parts.username and parts.port != 0 and len(address) <= 2_000
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        raise BadAddressError(field="address") from None
    if not is_whole or parts.scheme not in {"http", "https"} or not address.isprintable():
        raise BadAddressError(field="address")
    if parts.scheme == "http" and not http_allowed:
        raise BadAddressError("The address must begin with https://, so that nobody reads along.", field="address")
    return address


def host_of(address: str) -> str:
    """All that is shown of an address."""
    return urlsplit(address).hostname or ""


def fetch(question: Question, *, seconds: float = SECONDS, most: int = MAX_BYTES) -> Answer:
    """Ask for the calendar. Raises FetchError, which says in words why it could not be had."""
    host = host_of(question.address)
    with httpx.Client(timeout=SILENCE_SECONDS) as client:
        # A server that sends byte after byte would never run into the client's own timeout.
        alarm = Timer(seconds, client.close)
        alarm.daemon = True
        alarm.start()
        began = time.monotonic()
        try:
            return _followed(client, question, most=most)
        except InnerAddressError as error:
            raise FetchError(error.message) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError) as error:
            is_late = time.monotonic() - began >= seconds or isinstance(error, httpx.TimeoutException)
            raise FetchError(_late(host) if is_late else _in_words(error, host)) from None
        finally:
            alarm.cancel()


def _followed(client: httpx.Client, question: Question, *, most: int) -> Answer:
    """The answer at the end of its redirects, each of which is checked like the first address."""
    address = question.address
    for _ in range(MAX_REDIRECTS + 1):
        with call(
            client, "GET", address, local_allowed=question.local_allowed, headers=HEADERS | _known(question)
        ) as answer:
            if answer.status_code not in REDIRECTS or "location" not in answer.headers:
                return _taken(answer, host=host_of(address), most=most)
            location = answer.headers["location"]
        try:
            address = clean_address(urljoin(address, location), http_allowed=question.local_allowed)
        except (BadAddressError, ValueError):
            raise FetchError(f"{host_of(address)} leads on to an address that is not fetched.") from None
    raise FetchError(f"{host_of(question.address)} leads on and on, and never to a calendar.")


def _known(question: Question) -> dict[str, str]:
    """The headers that ask only for what has changed (RFC 9110, 13.1)."""
    found = {"If-None-Match": question.etag, "If-Modified-Since": question.modified}
    return {name: value for name, value in found.items() if value}


def _taken(answer: httpx.Response, *, host: str, most: int) -> Answer:
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if answer.status_code == 304:
        return Answer(None, etag, modified)
    if not answer.is_success:
        raise FetchError(_refusal(answer.status_code, host))
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if len(content) > most:
            raise FetchError(f"The calendar at {host} is larger than {most / (1 << 20):g} MB.")
    if bytes(content[:200]).lstrip(b"\xef\xbb\xbf \t\r\n").upper().startswith(PAGE_STARTS):
        raise FetchError(f"{host} shows a web page there, not a calendar; take the address that ends in .ics.")
    return Answer(bytes(content), etag, modified)


def _refusal(status: int, host: str) -> str:
    match status:
        case 401 | 403:
            return f"{host} lets nobody in at this address ({status}); copy the calendar’s secret address anew."
        case 404 | 410:
            return f"{host} knows no calendar at this address ({status}); copy its address anew."
    return f"{host} answered with an error ({status})."


def _late(host: str) -> str:
    return f"{host} took too long to answer."


def _in_words(error: Exception, host: str) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate of {host} is not valid, so it may be somebody else."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return f"{host} could not be reached."
    if isinstance(error, httpx.HTTPError | RuntimeError):
        return f"{host} broke off its answer."
    return f"There is no server called {host}." if isinstance(error, OSError) else f"{host} could not be reached."
