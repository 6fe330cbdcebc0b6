"""How a person lets Kalends in at a platform, instead of entering keys: OAuth 2's authorization code.

What a platform's way is made of (RFC 6749, 4.1; RFC 7636 for the proof key), written down by its connector: the page
where it asks the person, and how the code that comes back is changed into something that lasts. No I/O: `signin` does
the walking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from kalends.marketing.connectors.auth import Secrets, TokenQuestion, basic
from kalends.marketing.connectors.declared import Entry

CLIENT_ID: Final = Entry("client_id", "Client id")
CLIENT_SECRET: Final = Entry("client_secret", "Client secret", kind="secret")
VERIFIER_LENGTH: Final = 64
"""Of 43 to 128 that are allowed (RFC 7636, 4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One platform's way.

    `authorize`: its page; `exchange`: where a code is given for tokens. Both may name an entry in braces, and the page
    may be another one by what was entered.
    `app`: what the platform gave for the app that asks, entered once. `keeps`: the entry that the sign-in fills: a
    token that lasts. `asks`: what the page is told besides. `code`: the name under which the code comes back.
    `unlasting`: what to do where the platform lets us in, but for a while only. `help`: where the app is made.
    """

    authorize: str | Callable[[Secrets], str]
    exchange: str
    scopes: tuple[str, ...] = ()
    app: tuple[Entry, ...] = (CLIENT_ID, CLIENT_SECRET)
    keeps: str = "refresh_token"
    asks: Mapping[str, str] = field(default_factory=dict)
    code: str = "code"
    has_proof_key: bool = False
    is_basic: bool = False
    unlasting: str = "Sign in again, or enter keys yourself."
    help: str = ""

    def page(self, keys: Secrets, *, redirect: str, state: str, verifier: str) -> str:
        """The address where the person is asked."""
        from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 (heavy: only where somebody signs in)

        client = WebApplicationClient(keys["client_id"])
        proof = {}
        if self.has_proof_key:
            challenge = client.create_code_challenge(verifier, "S256")
            proof = {"code_challenge": challenge, "code_challenge_method": "S256"}
        address = self.authorize if isinstance(self.authorize, str) else self.authorize(keys)
        asked: str = client.prepare_request_uri(
            address.format_map(keys), redirect_uri=redirect, scope=list(self.scopes), state=state, **proof, **self.asks
        )
        return asked

    def question(self, keys: Secrets, *, code: str, redirect: str, verifier: str) -> TokenQuestion:
        """How the code is changed into tokens."""
        from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 (heavy: only where somebody signs in)

        more = {} if self.is_basic else {"client_secret": keys["client_secret"]}
        body = WebApplicationClient(keys["client_id"]).prepare_request_body(
            code=code,
            redirect_uri=redirect,
            include_client_id=not self.is_basic,
            code_verifier=verifier if self.has_proof_key else None,
            **more,
        )
        headers = {"Authorization": basic(keys["client_id"], keys["client_secret"])} if self.is_basic else {}
        return TokenQuestion(self.exchange.format_map(keys), dict(parse_qsl(body)), headers)

    def told(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The tokens in an answer."""
        return body

    def further(self, keys: Secrets, told: Mapping[str, Any]) -> TokenQuestion | None:  # noqa: ARG002 (for others)
        """What has to be asked still, where a platform gives what lasts only in a second step."""
        return None


def new_verifier() -> str:
    """A secret of this one sign-in, whose digest goes ahead: a code that is caught on its way is worth nothing."""
    from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 (heavy: only where somebody signs in)

    verifier: str = WebApplicationClient("").create_code_verifier(VERIFIER_LENGTH)
    return verifier
