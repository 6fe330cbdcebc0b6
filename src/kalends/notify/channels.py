"""How a message leaves: SMTP and HTTP. Each either returns, or says whether trying again could help."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import AbstractContextManager
from email.message import EmailMessage
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

import httpx

from kalends.base.outside import InnerAddressError, call

PATIENCE_SECONDS: Final = 10.0
"""A receiver that takes longer is treated as down; the message is tried again."""

LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class LaterError(Exception):
    """The receiver cannot be reached, or asks to come again."""


class NeverError(Exception):
    """The receiver will not have it, however often it is tried."""


def mail(smtp_url: str | None, message: EmailMessage) -> None:
    """Hand `message` to the mail server `smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS` (or smtps://)."""
    if not smtp_url:
        raise NeverError("No mail server is set: give KALENDS_SMTP_URL.")
    try:
        with _connect(smtp_url) as server:
            server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        raise _judge(error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise LaterError(str(error) or type(error).__name__) from error


def compose(*, delivery_id: UUID, smtp_url: str | None, to: str, subject: str, body: str) -> EmailMessage:
    """The e-mail, with an id that stays the same however often it is sent."""
    message = EmailMessage()
    message["From"] = sender(smtp_url or "")
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{delivery_id}@kalends>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message


def sender(smtp_url: str) -> str:
    """Who mails come from: `?from=` of the address, else its user, else kalends at its host."""
    parts = urlsplit(smtp_url)
    named = parse_qs(parts.query).get("from", [""])[0] or unquote(parts.username or "")
    return named if "@" in named else f"kalends@{parts.hostname or 'localhost'}"


def post(url: str, *, body: bytes, headers: dict[str, str], local_allowed: bool) -> None:
    """POST `body`. Redirects are not followed: the signature was made for this address."""
    try:
        with (
            httpx.Client(timeout=PATIENCE_SECONDS) as client,
            call(client, "POST", url, local_allowed=local_allowed, headers=headers, body=body) as answer,
        ):
            said, is_success = f"{answer.status_code} {answer.reason_phrase}", answer.is_success
    except InnerAddressError as error:
        raise NeverError(error.message) from error
    except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
        raise LaterError(str(error) or type(error).__name__) from error
    if is_success:
        return
    # 408 and 429 (RFC 9110, RFC 6585) ask for another try; the other 4xx mean that this request is wrong.
    if answer.status_code in {408, 429} or answer.is_server_error:
        raise LaterError(said)
    raise NeverError(said)


def _connect(smtp_url: str) -> AbstractContextManager[smtplib.SMTP]:
    parts = urlsplit(smtp_url)
    host, secure = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE_SECONDS, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE_SECONDS)
    try:
        _introduce(server, parts, secure=secure)
    except BaseException:
        server.close()
        raise
    return server


def _introduce(server: smtplib.SMTP, parts: SplitResult, *, secure: ssl.SSLContext) -> None:
    server.ehlo()
    encrypted = parts.scheme == "smtps"
    if not encrypted and server.has_extn("starttls"):
        server.starttls(context=secure)
        encrypted = True
    if not parts.username:
        return
    if not encrypted and parts.hostname not in LOCAL_HOSTS:
        raise NeverError(f"{parts.hostname} offers no encryption, and the password is not sent without it.")
    server.login(unquote(parts.username), unquote(parts.password or ""))


def _judge(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> LaterError | NeverError:
    """RFC 5321, 4.2.1: a 4xx reply is transient, a 5xx reply permanent."""
    code: int
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    else:
        code, said = error.smtp_code, error.smtp_error
    words = f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return LaterError(words) if 400 <= code < 500 else NeverError(words)
