"""How calls are signed, one class for each kind that the platforms have.

A kind gives the headers of a call; where it needs a short-lived token, it also says how that is fetched. It holds no
secret: what a person entered is passed in, and what a platform gave is kept by `tokens`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kalends.marketing.connectors.signals import Refused

Secrets = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenQuestion:
    """How a token is asked for: a form, posted; `is_json`: as a JSON object."""

    url: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be signed."""

    method: str
    url: str


class Auth(Protocol):
    """One way to sign."""

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:
        """The headers of a call; `token` is '' where this kind needs none."""

    def token(self, secrets: Secrets, now: float) -> TokenQuestion | None:
        """How a token is asked for; None where none is needed."""


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """A key that lasts, in a header: `prefix` stands before it ('Bearer ')."""

    header: str = "Authorization"
    prefix: str = "Bearer "
    secret: str = "access_token"  # noqa: S105 (the name of an entry)
    also: Mapping[str, str] = field(default_factory=dict)
    """Header -> entry that it shows."""

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:  # noqa: ARG002
        """The key in its header."""
        return {self.header: self.prefix + secrets[self.secret]} | _shown(self.also, secrets)

    def token(self, secrets: Secrets, now: float) -> None:
        """None is needed."""


def basic(name: str, password: str) -> str:
    """Both, in Base64 (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Basic:
    """Name and password of a service account (RFC 7617)."""

    name: str
    password: str

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:  # noqa: ARG002
        """In the header that is made for it."""
        return {"Authorization": basic(secrets[self.name], secrets[self.password])}

    def token(self, secrets: Secrets, now: float) -> None:
        """None is needed."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """A token that ends, from one that lasts (RFC 6749, 6: refreshing) or from the app's own secret (4.4).

    `scheme` stands before the token; `also` (header -> entry) goes along. `basic`: the app signs itself by RFC 7617
    instead of in the form. `assertion` makes the client secret anew for each question (RFC 7523), as Apple asks.
    """

    url: str
    grant: str = "refresh_token"
    scope: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer "
    also: Mapping[str, str] = field(default_factory=dict)
    basic: bool = False
    assertion: Callable[[Secrets, float], str] | None = None

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:  # noqa: ARG002
        """The token."""
        return {self.header: self.scheme + token} | _shown(self.also, secrets)

    def token(self, secrets: Secrets, now: float) -> TokenQuestion:
        """The question for a token; a URL may name an entry in braces."""
        form = {"grant_type": self.grant}
        headers: dict[str, str] = {}
        client_secret = self.assertion(secrets, now) if self.assertion else secrets.get("client_secret", "")
        if self.basic:
            headers["Authorization"] = basic(secrets.get("client_id", ""), client_secret)
        else:
            form |= {"client_id": secrets.get("client_id", ""), "client_secret": client_secret}
        if self.grant == "refresh_token":
            form["refresh_token"] = secrets["refresh_token"]
        if self.scope:
            form["scope"] = self.scope
        return TokenQuestion(url=self.url.format_map(secrets), form=form, headers=headers)


@dataclass(frozen=True, slots=True)
class SignedInOr:
    """A platform that can be connected in two ways: by signing in there, which leaves a refresh token, or by keys."""

    signed_in: OAuth2
    keys: Auth

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:
        """As the way that was taken has it."""
        return self._way(secrets).headers(secrets, token, call)

    def token(self, secrets: Secrets, now: float) -> TokenQuestion | None:
        """As the way that was taken asks."""
        return self._way(secrets).token(secrets, now)

    def _way(self, secrets: Secrets) -> Auth:
        return self.signed_in if secrets.get("refresh_token") else self.keys


@dataclass(frozen=True, slots=True)
class OAuth1:
    """Four keys that sign each call with its address (RFC 5849)."""

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:  # noqa: ARG002
        """The signature. Bodies are JSON or empty, so that only the address is signed (3.4.1.3.1)."""
        from oauthlib.oauth1 import Client  # noqa: PLC0415 (heavy: only where X is asked)

        client = Client(
            secrets["consumer_key"],
            client_secret=secrets["consumer_secret"],
            resource_owner_key=secrets["access_token"],
            resource_owner_secret=secrets["access_token_secret"],
        )
        _, headers, _ = client.sign(call.url, http_method=call.method)
        return {name: str(value) for name, value in headers.items()}

    def token(self, secrets: Secrets, now: float) -> None:
        """None is needed."""


@dataclass(frozen=True, slots=True)
class TwoTokens:
    """OAuth 2 whose token goes into the body of each call: the connector writes it there (SOAP)."""

    inner: OAuth2

    def headers(self, secrets: Secrets, token: str, call: Call) -> dict[str, str]:  # noqa: ARG002
        """None: the body has it all."""
        return {}

    def token(self, secrets: Secrets, now: float) -> TokenQuestion:
        """As OAuth 2 asks."""
        return self.inner.token(secrets, now)


def client_assertion(secrets: Secrets, now: float, *, audience: str) -> str:
    """A secret that its holder makes itself: a JWT signed with a private key (ES256), good for a day.

    Raises Refused where the key is none.
    """
    import jwt  # noqa: PLC0415 (heavy: only where Apple is asked)

    claims = {
        "sub": secrets["client_id"],
        "aud": audience,
        "iat": int(now),
        "exp": int(now) + 86_400,
        "iss": secrets["team_id"],
    }
    try:
        return jwt.encode(claims, secrets["private_key"], algorithm="ES256", headers={"kid": secrets["key_id"]})
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Refused(
            "The private key cannot be read.", advice="Enter the whole file, from BEGIN to END, without a password."
        ) from None


def _shown(also: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    return {header: secrets[entry] for header, entry in also.items() if secrets.get(entry)}
