"""A platform's page that asks a person whether an app may read, and the code that it sends back with the answer."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

LASTS = timedelta(minutes=10)
"""At most, by RFC 6749, 4.1.2."""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}: allow?</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><style>
body {{ font: 16px/1.5 sans-serif; margin: 10vh auto; max-width: 26em; padding: 0 1em }}
button {{ font: inherit; padding: .6em 1.4em; margin-right: .6em }}</style></head>
<body><main><h1>May Kalends read your reports?</h1><p>A stand-in on this machine asks in the place of {name}. The app
{client} wants: {rights}.</p><form method="post"><button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Deny</button></form></main></body></html>"""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was given out: what it may be changed for, once."""

    redirect: str
    challenge: str
    until: datetime


@dataclass(slots=True)
class Desk:
    """What one stand-in remembers of the people who were asked. `withholds`: it gives no token that lasts."""

    codes: dict[str, Code] = field(default_factory=dict)
    given: int = 0
    withholds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consenting:
    """How a platform asks. `page`, `exchange`: host and path. `keeps`: the token that lasts. `app`, `secret`, `code`:
    what it calls them on its page; `told_as`: what the exchange calls app, secret and code.
    """

    page: str
    exchange: str
    scopes: frozenset[str] = frozenset()
    keeps: str = "refresh_token"
    has_proof_key: bool = False
    is_basic: bool = False
    app: str = "client_id"
    secret: str = "client_secret"  # noqa: S105 (the name of an entry)
    code: str = "code"
    told_as: tuple[str, str, str] = ("client_id", "client_secret", "code")
    is_json: bool = False

    def ask(self, *, name: str, known: Mapping[str, str], query: Mapping[str, list[str]]) -> bytes | None:
        """The page; None where the app, the rights or the way back are not as they were agreed on."""
        asked = {key: values[0] for key, values in query.items()}
        rights = set(asked.get("scope", "").split())
        is_right = (
            asked.get(self.app) == known[self.app]
            and rights >= self.scopes
            and urlsplit(asked.get("redirect_uri", "")).path == f"/data/platforms/{name}/callback"
            and bool(asked.get("state"))
            and (not self.scopes or asked.get("response_type") == "code")
            and (asked.get("code_challenge_method") == "S256" or not self.has_proof_key)
        )
        if not is_right:
            return None
        shown = {"name": name, "client": known[self.app], "rights": ", ".join(sorted(rights)) or "reports"}
        return PAGE.format_map({key: escape(text) for key, text in shown.items()}).encode()

    def way_back(self, desk: Desk, *, name: str, query: Mapping[str, list[str]], allows: bool, now: datetime) -> str:
        """Where the person goes who said yes or no."""
        asked = {key: values[0] for key, values in query.items()}
        back = {"state": asked["state"]}
        if allows:
            desk.given += 1
            code = f"{name}-code-{desk.given}"
            desk.codes[code] = Code(asked["redirect_uri"], asked.get("code_challenge", ""), now + LASTS)
            back[self.code] = code
        else:
            back |= {"error": "access_denied", "error_description": "The user said no."}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def change(
        self, desk: Desk, *, known: Mapping[str, str], headers: Mapping[str, str], body: bytes, now: datetime
    ) -> bool:
        """Whether a question for tokens shows the app, and a code that was not used yet; it is used then."""
        told = self.told(body)
        found = desk.codes.pop(told.get(self.told_as[2], ""), None)
        if found is None or found.until <= now or not self.is_app(known=known, headers=headers, body=body):
            return False
        if not self.is_json and told.get("redirect_uri") != found.redirect:
            return False
        digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
        return not self.has_proof_key or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == found.challenge

    def is_app(self, *, known: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the app is the one that is known, by its secret."""
        told = self.told(body)
        shown = [told.get(name, "") for name in self.told_as[:2]]
        if self.is_basic:
            packed = headers.get("authorization", "").partition(" ")[2]
            shown = base64.b64decode(packed).decode().split(":", 1)
        return shown == [known[self.app], known[self.secret]]

    def is_change(self, body: bytes) -> bool:
        """Whether a code is to be changed, rather than a token renewed."""
        return self.is_json or self.told(body).get("grant_type") in {"authorization_code", "fb_exchange_token"}

    def told(self, body: bytes) -> dict[str, Any]:
        """What a question for tokens says."""
        if self.is_json:
            return dict(json.loads(body))
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}
