"""Signing in at a platform: a person is sent to its page, comes back with a code, and the code becomes a connection.

The way there and back is tied together by `state`: it names a row that is used once and ends soon, and it is signed for
the company, the person and the browser in which it was begun. Whatever else an address that leads back says decides
nothing: where a person is led afterwards follows from that row alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import delete

from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.work import House, Work
from kalends.marketing.connectors import connections
from kalends.marketing.connectors.apps import app_keys
from kalends.marketing.connectors.asking import OpenWork, new_client, routed
from kalends.marketing.connectors.auth import Secrets
from kalends.marketing.connectors.consent import Consent, new_verifier
from kalends.marketing.connectors.declared import Connector
from kalends.marketing.connectors.models import Connection, PlatformSignIn
from kalends.marketing.connectors.signals import NotYet, Refused, Signal
from kalends.marketing.words import source_name

PLAN: Final = "platform sign-in"
STATE: Final = "platform sign-in state"
LASTS: Final = timedelta(minutes=15)
"""Time to find a password and a second proof; a code itself ends sooner."""


class SignInFailedError(BadInputError):
    """Signing in at the platform did not work. Nothing was changed."""

    code = "platform_sign_in_failed"


class NoAppError(SignInFailedError):
    """The platform does not know your company's app yet: enter it first."""

    code = "platform_app_missing"


class StateUnknownError(SignInFailedError):
    """This way back was not begun in this browser, was used already, or took longer than 15 minutes. Begin again."""

    code = "platform_state_unknown"


class NotAllowedError(SignInFailedError):
    """It was not allowed on the platform's page. Nothing was changed."""

    code = "platform_not_allowed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done when the person comes back."""

    redirect: str
    verifier: str
    label: str
    options: Mapping[str, str]
    connection_id: str | None


def set_out(
    work: Work,
    *,
    data_source: str,
    session_id: UUID | None,
    redirect: str,
    label: str = "",
    entered: Mapping[str, str] | None = None,
    connection_id: UUID | None = None,
) -> str:
    """The address of the platform's page, to make a connection or to let `connection_id` in again.

    `redirect`: where the platform sends the person back to. Raises SignInFailedError, and BadConnectionError for what
    was entered beside.
    """
    connector = connections.connector_of(data_source)
    consent = consent_of(connector)
    if session_id is None or work.scope.person_id is None:
        raise SignInFailedError("Only a person at a browser can sign in at a platform.")
    app = app_keys(work, connector)
    if not app:
        raise NoAppError
    options = connections.fitting(connector.beside, entered or {})
    known = str(connection_id) if connection_id else None
    plan = Plan(redirect, new_verifier(), label.strip(), options, known)
    row_id = new_id()
    work.session.execute(delete(PlatformSignIn).where(PlatformSignIn.ends_at <= work.now))
    work.session.add(
        PlatformSignIn(
            tenant_id=work.scope.tenant_id,
            id=row_id,
            data_source=data_source,
            person_id=work.scope.person_id,
            session_id=session_id,
            sealed_plan=work.house.keys.seal(work.scope.tenant_id, PLAN, orjson.dumps(asdict(plan)), row_id.bytes),
            ends_at=work.now + LASTS,
        )
    )
    state = f"{row_id.hex}.{signature(work, row_id, session_id)}"
    page = consent.page(app | options, redirect=redirect, state=state, verifier=plan.verifier)
    return routed(page, work.house.settings.platform_gateway)


def take(work: Work, *, data_source: str, session_id: UUID | None, state: str) -> Plan:
    """What was planned, once: the row is gone afterwards. Raises StateUnknownError."""
    number, _, signed = state.partition(".")
    try:
        row_id = UUID(hex=number)
    except ValueError:
        raise StateUnknownError from None
    if session_id is None or not hmac.compare_digest(signed.encode(), signature(work, row_id, session_id).encode()):
        raise StateUnknownError
    row = work.session.execute(
        delete(PlatformSignIn)
        .where(
            PlatformSignIn.id == row_id,
            PlatformSignIn.data_source == data_source,
            PlatformSignIn.person_id == work.scope.person_id,
            PlatformSignIn.session_id == session_id,
        )
        .returning(PlatformSignIn.sealed_plan, PlatformSignIn.ends_at)
    ).one_or_none()
    if row is None or row.ends_at <= work.now:
        raise StateUnknownError
    return Plan(**orjson.loads(work.house.keys.open_sealed(work.scope.tenant_id, PLAN, row.sealed_plan, row_id.bytes)))


def signature(work: Work, row_id: UUID, session_id: UUID) -> str:
    """What nobody else could have put behind the row's number: of this company, person and browser."""
    key = work.house.keys.derive(work.scope.tenant_id, STATE)
    person = work.scope.person_id.bytes if work.scope.person_id else b""
    return hmac.new(key, row_id.bytes + session_id.bytes + person, hashlib.sha256).hexdigest()


def finish(house: House, *, open_work: OpenWork, data_source: str, plan: Plan, answer: Mapping[str, str]) -> UUID:
    """Change what the platform answered into a connection; gives its id. Raises SignInFailedError."""
    connector = connections.connector_of(data_source)
    consent, name = consent_of(connector), source_name(data_source)
    if error := answer.get("error"):
        raise _refusal(error, name)
    if not (code := answer.get(consent.code, "")):
        raise SignInFailedError(f"{name} sent you back without a code. Begin again.")
    with open_work() as work:
        keys = app_keys(work, connector) | dict(plan.options)
    try:
        told = exchanged(house, connector, keys, code=code, plan=plan)
    except NotYet:
        raise SignInFailedError(f"{name} asks for a pause. Try again in a few minutes.") from None
    except Refused:
        raise SignInFailedError(
            f"{name} let you in, but does not accept the app: are its id and secret right, and is {plan.redirect} among"
            " its redirect addresses? If it took long, just sign in again."
        ) from None
    except Signal as signal:
        raise SignInFailedError(f"{name} has trouble of its own. Try again later. ({signal.message})") from None
    lasting = told.get(consent.keeps)
    if not isinstance(lasting, str) or not lasting:
        raise SignInFailedError(f"{name} let you in for a while only, and gave nothing that lasts. {consent.unlasting}")
    with open_work() as work:
        return keep(work, connector, plan=plan, secrets={consent.keeps: lasting}).id


def exchanged(house: House, connector: Connector, keys: Secrets, *, code: str, plan: Plan) -> Mapping[str, Any]:
    """The tokens that the code gives. Raises the signals."""
    consent = consent_of(connector)
    with new_client() as client:
        ask = connections.voice_of(house, connector, keys=keys, options=plan.options, purse=NOTHING_KEPT, client=client)
        question = consent.question(keys, code=code, redirect=plan.redirect, verifier=plan.verifier)
        told = consent.told(ask.exchange(question))
        if more := consent.further(keys, told):
            told = consent.told(ask.exchange(more))
        return told


def keep(work: Work, connector: Connector, *, plan: Plan, secrets: Mapping[str, str]) -> Connection:
    """The connection with what was given: a new one, or the one that is let in again."""
    if plan.connection_id is None:
        label = plan.label or source_name(connector.data_source)
        return connections.made_of(work, connector, label=label, secrets=secrets, options=plan.options)
    found = connections.get(work, connection_id=UUID(plan.connection_id), for_update=True)
    connections.hold(work, found, secrets, plan.options)
    work.audit("sign_in_again", subject_kind="connection", subject_id=found.id, after=connections.shown(found))
    return found


def consent_of(connector: Connector) -> Consent:
    """The platform's way. Raises SignInFailedError where it has none."""
    if connector.consent is None:
        raise SignInFailedError(f"{source_name(connector.data_source)} is connected by keys only.")
    return connector.consent


def _refusal(error: str, name: str) -> SignInFailedError:
    """A platform's word for why there is no code (RFC 6749, 4.1.2.1). Its own text is not shown: anybody writes it."""
    match error:
        case "access_denied" | "user_cancelled_login" | "user_cancelled_authorize" | "consent_required":
            return NotAllowedError(f"You did not allow it at {name}. Nothing was changed.")
        case "temporarily_unavailable" | "server_error":
            return SignInFailedError(f"{name} has trouble of its own. Try again later.")
        case "invalid_scope" | "unauthorized_client" | "invalid_request" | "unauthorized_scope_error":
            return SignInFailedError(f"{name} does not let the app ask for reports: look at the app’s rights there.")
    return SignInFailedError(f"{name} ended the sign-in without saying why. Begin again.")


class _NothingKept:
    """A purse for calls that are no connection's yet: they are not counted, and what they give is kept elsewhere."""

    def spend(self, quota: str) -> float:  # noqa: ARG002 (the shape of a purse)
        """No limit is known."""
        return 0.0

    def token(self, *, spent: str | None, fetch: Callable[[Secrets], Mapping[str, Any]]) -> dict[str, str]:  # noqa: ARG002
        """There is none yet."""
        return {}

    def remember(self, name: str, value: Any) -> None:
        """Nothing is."""


NOTHING_KEPT: Final = _NothingKept()
