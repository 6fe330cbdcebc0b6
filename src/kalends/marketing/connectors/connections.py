"""Connections: made, tested, changed and removed by people; what is secret is sealed and never shown again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy import select

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.outside import inner_allowed
from kalends.base.work import House, Work
from kalends.marketing.connectors import rereads
from kalends.marketing.connectors.apps import app_keys
from kalends.marketing.connectors.asking import Ask, OpenWork, new_client
from kalends.marketing.connectors.declared import Account, Connector, Entry
from kalends.marketing.connectors.models import Connection
from kalends.marketing.connectors.purse import StoredPurse, forget_token, keep_secrets, keys_of, secrets_of
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.signals import NotYet, Refused, Signal

EVERY: Final = 24 * 60
"""Minutes: platforms restate whole days, so that asking once a day is enough for most."""
FASTEST, SLOWEST = 60, 7 * 24 * 60
HISTORY: Final = 90
LONGEST_HISTORY: Final = 1_100


class NoSuchConnectionError(NotFoundError):
    """There is no such connection."""

    code = "no_such_connection"


class NoSuchPlatformError(NotFoundError):
    """There is no connector for this platform."""

    code = "no_such_platform"


class BadConnectionError(BadInputError):
    """Something in the connection is not as it should be."""

    code = "bad_connection"


@dataclass(frozen=True, slots=True)
class Health:
    """What a test said: healthy | degraded | broken, why, what to do, and the accounts that can be seen."""

    state: str
    problem: str = ""
    advice: str = ""
    accounts: tuple[Account, ...] = field(default=())


def connector_of(data_source: str) -> Connector:
    """The platform's connector. Raises NoSuchPlatformError."""
    if data_source not in CONNECTORS:
        raise NoSuchPlatformError(f"There is no connector for {data_source!r}.", platforms=sorted(CONNECTORS))
    return CONNECTORS[data_source]


def create(work: Work, *, data_source: str, label: str, entered: Mapping[str, str]) -> Connection:
    """A connection that brings nothing yet: its accounts are chosen once it is tested. Raises BadConnectionError."""
    connector = connector_of(data_source)
    secrets, options = divided(connector, checked(connector, entered, spared=app_keys(work, connector)))
    return made_of(work, connector, label=label, secrets=secrets, options=options)


def made_of(
    work: Work, connector: Connector, *, label: str, secrets: Mapping[str, str], options: Mapping[str, str]
) -> Connection:
    """A new connection of what was checked."""
    made = Connection(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        data_source=connector.data_source,
        label=label.strip() or connector.data_source,
        state="active",
        options=dict(options),
        accounts=[],
        seen=[],
        reports=[report.name for report in connector.reports if report.is_default],
        every=EVERY,
        history=HISTORY,
        health="unknown",
        created_by=work.scope.person_id,
        created_at=work.now,
        updated_at=work.now,
    )
    keep_secrets(work.house, made, secrets)
    work.session.add(made)
    work.session.flush()
    work.audit("create", subject_kind="connection", subject_id=made.id, after=shown(made))
    return made


def checked(connector: Connector, entered: Mapping[str, str], *, spared: Collection[str] = ()) -> dict[str, str]:
    """What was entered, trimmed; without what is `spared` and was not. Raises BadConnectionError, with the field."""
    if unknown := sorted(entered.keys() - {entry.name for entry in connector.entries}):
        raise BadConnectionError(f"{', '.join(unknown)}: there is no such field.", field=unknown[0])
    wanted = [entry for entry in connector.entries if entry.name not in spared or entered.get(entry.name, "").strip()]
    return fitting(wanted, entered)


def fitting(entries: Collection[Entry], entered: Mapping[str, str]) -> dict[str, str]:
    """The value of each entry, trimmed. Raises BadConnectionError, with the field."""
    found = {}
    for entry in entries:
        value = entered.get(entry.name, "").strip() or entry.default
        if entry.is_required and not value:
            raise BadConnectionError(f"{entry.label} is missing.", field=entry.name)
        if entry.choices and value not in dict(entry.choices):
            raise BadConnectionError(f"{entry.label}: choose one of those offered.", field=entry.name)
        if not all(char.isprintable() or char in "\r\n\t" for char in value) or len(value) > 10_000:
            raise BadConnectionError(f"{entry.label} has characters that no key has.", field=entry.name)
        if entry.pattern and not re.fullmatch(entry.pattern, value):
            raise BadConnectionError(f"{entry.label} is not as it should be. {entry.help}", field=entry.name)
        found[entry.name] = value
    return found


def divided(connector: Connector, entered: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is secret, and what is not."""
    secret = {entry.name for entry in connector.entries if entry.is_secret}
    return (
        {name: value for name, value in entered.items() if name in secret},
        {name: value for name, value in entered.items() if name not in secret},
    )


def get(work: Work, *, connection_id: UUID, for_update: bool = False) -> Connection:
    """The connection. Raises NoSuchConnectionError."""
    query = select(Connection).where(Connection.id == connection_id, Connection.removed_at.is_(None))
    found = work.session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise NoSuchConnectionError
    return found


def listed(work: Work) -> Sequence[Connection]:
    """All connections, by platform and label."""
    query = select(Connection).where(Connection.removed_at.is_(None)).order_by(Connection.data_source, Connection.label)
    return work.session.scalars(query).all()


def replace_secrets(work: Work, *, connection_id: UUID, entered: Mapping[str, str]) -> Connection:
    """Enter keys anew; a field left empty keeps what it had."""
    found = get(work, connection_id=connection_id, for_update=True)
    connector = connector_of(found.data_source)
    kept = secrets_of(work.house, found) | found.options
    given = {name: value for name, value in entered.items() if value.strip()}
    # What only a sign-in leaves is no field of the form: keys that are entered take its place.
    names = {entry.name for entry in connector.entries}
    whole = checked(
        connector,
        {name: value for name, value in kept.items() if name in names} | given,
        spared=app_keys(work, connector),
    )
    hold(work, found, *divided(connector, whole))
    work.audit("replace_secrets", subject_kind="connection", subject_id=found.id, after=shown(found))
    return found


def hold(work: Work, connection: Connection, secrets: Mapping[str, str], options: Mapping[str, str]) -> None:
    """Give a connection other keys; what was wrong with the former ones is over."""
    keep_secrets(work.house, connection, secrets)
    forget_token(connection)
    connection.options, connection.updated_at = dict(options), work.now
    connection.seen = []
    connection.health, connection.failures = "unknown", 0
    connection.problem = connection.advice = None


def choose(
    work: Work,
    *,
    connection_id: UUID,
    accounts: Sequence[Account] | None = None,
    reports: Sequence[str] | None = None,
    label: str | None = None,
    every: int | None = None,
    history: int | None = None,
    reread: rereads.Reread | None = None,
    attributions: Sequence[str] | None = None,
) -> Connection:
    """Set what the connection brings and how often; None leaves as it is. Raises BadConnectionError, BadRereadError."""
    rereads.check(reread)
    found = get(work, connection_id=connection_id, for_update=True)
    connector, before = connector_of(found.data_source), shown(found)
    if accounts is not None:
        found.accounts = [asdict(account) for account in accounts]
    if reports is not None:
        if not reports:
            raise BadConnectionError("Choose at least one report.", field="reports")
        found.reports = among([report.name for report in connector.reports], reports, what="report", field="reports")
    if attributions is not None:
        offered = connector.attributions
        found.attributions = among(offered, attributions, what="attribution window", field="attributions")
    if label is not None:
        found.label = label.strip() or found.label
    if every is not None:
        found.every = bounded(every, FASTEST, SLOWEST, field="every")
    if history is not None:
        found.history = bounded(history, 1, LONGEST_HISTORY, field="history")
    rereads.change(work, found, reread)
    if accounts is not None and found.accounts and found.next_sync_at is None:
        found.next_sync_at = work.now
    found.updated_at = work.now
    work.audit("change", subject_kind="connection", subject_id=found.id, before=before, after=shown(found))
    return found


def among(offered: Collection[str], chosen: Sequence[str], *, what: str, field: str) -> list[str]:
    """What was chosen, each once. Raises BadConnectionError where something else is offered."""
    if unknown := sorted(set(chosen) - set(offered)):
        said = f"{', '.join(unknown)}: there is no such {what}; there is {', '.join(offered) or 'none'}."
        raise BadConnectionError(said, field=field)
    return list(dict.fromkeys(chosen))


def bounded(value: int, least: int, most: int, *, field: str) -> int:
    """The value. Raises BadConnectionError outside the bounds."""
    if not least <= value <= most:
        raise BadConnectionError(f"{field}: give a number from {least} to {most}.", field=field)
    return value


def forget(work: Work, *, connection_id: UUID) -> None:
    """Forget its keys for good; what it brought stays."""
    found = get(work, connection_id=connection_id, for_update=True)
    keep_secrets(work.house, found, {})
    forget_token(found)
    found.removed_at = found.updated_at = work.now
    found.next_sync_at = None
    rereads.note(work)
    work.audit("remove", subject_kind="connection", subject_id=found.id, before=shown(found))


def restore(work: Work, *, connection_id: UUID) -> Connection:
    """Bring a removed connection back; its keys are entered anew."""
    found = work.session.get(Connection, (work.scope.tenant_id, connection_id), with_for_update=True)
    if found is None or found.removed_at is None:
        raise NoSuchConnectionError
    found.removed_at, found.updated_at, found.health = None, work.now, "broken"
    found.problem, found.advice = "Its keys were removed.", "Enter them anew."
    rereads.note(work)
    work.audit("restore", subject_kind="connection", subject_id=found.id)
    return found


def shown(connection: Connection) -> dict[str, Any]:
    """What may be shown of a connection, in an audit trail too."""
    names = ("data_source", "label", "state", "accounts", "reports", "attributions", "every", "history", "reread")
    return {name: getattr(connection, name) for name in names}


def chosen_accounts(connection: Connection) -> list[Account]:
    """The accounts that it brings."""
    return [Account(**account) for account in connection.accounts]


def known_accounts(connection: Connection) -> list[Account]:
    """Accounts that can be seen, and chosen ones that cannot any more: those are not dropped in silence."""
    seen = [Account(**account) for account in connection.seen]
    ids = {account.id for account in seen}
    return [*seen, *(account for account in chosen_accounts(connection) if account.id not in ids)]


def voice(
    house: House, connection: Connection, *, open_work: OpenWork, client: httpx.Client, account: str = "", **more: Any
) -> Ask:
    """What asks on behalf of a connection."""
    connector = connector_of(connection.data_source)
    purse = StoredPurse(open_work, connector, connection.id, account, more.pop("slice_id", None))
    with open_work() as work:
        keys = keys_of(work, connection, connector)
    more |= {"options": connection.options, "is_known": bool(connection.seen)}
    return voice_of(house, connector, keys=keys, purse=purse, client=client, **more)


def voice_of(house: House, connector: Connector, *, keys: Mapping[str, str], **more: Any) -> Ask:
    """What asks the platform with these keys."""
    return Ask(
        connector=connector,
        secrets=keys,
        clock=house.clock,
        sleep=house.sleep,
        local_allowed=inner_allowed(house.settings) or bool(house.settings.platform_gateway),
        gateway=house.settings.platform_gateway,
        **more,
    )


def demo_keys(house: House, data_source: str) -> dict[str, str]:
    """What opens the platform's stand-in, where one answers for it; else nothing."""
    if not house.settings.platform_gateway:
        return {}
    try:
        answer = httpx.get(f"{house.settings.platform_gateway}/keys/{data_source}", timeout=2)
        return dict(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError):
        return {}


def test(house: House, *, open_work: OpenWork, connection_id: UUID) -> Health:
    """Ask the platform now, and note what it says."""
    with open_work() as work:
        connection = get(work, connection_id=connection_id)
    try:
        with new_client() as client:
            ask = voice(house, connection, open_work=open_work, client=client)
            found = Health("healthy", accounts=tuple(ask.connector.accounts(ask)))
        if not found.accounts:
            found = Health("degraded", "No account can be seen with these keys.", "Give the connection access to one.")
        elif gone := missing(connection, found.accounts):
            found = Health(
                "degraded", f"{', '.join(gone)} can no longer be seen.", "Choose accounts anew.", found.accounts
            )
    except NotYet as error:
        found = Health(
            "degraded", "The platform's limit is used up for now.", f"Try again after {error.until:%H:%M} UTC."
        )
    except Refused as error:
        found = Health("broken", error.message, error.advice)
    except Signal as error:
        found = Health("degraded", error.message, "It is tried again by itself; look at the platform's status page.")
    with open_work() as work:
        note_health(work, connection_id=connection_id, health=found)
    return found


def missing(connection: Connection, accounts: Sequence[Account]) -> list[str]:
    """Chosen accounts that are not among those that can be seen."""
    seen = {account.id for account in accounts}
    return [chosen["name"] or chosen["id"] for chosen in connection.accounts if chosen["id"] not in seen]


def note_health(work: Work, *, connection_id: UUID, health: Health) -> None:
    """Write down how the connection is."""
    found = get(work, connection_id=connection_id, for_update=True)
    found.health, found.checked_at = health.state, work.now
    found.problem, found.advice = health.problem or None, health.advice or None
    if health.accounts:
        found.seen = [asdict(account) for account in health.accounts]


def due_again(connection: Connection) -> timedelta:
    """Until the next routine sync; ever longer while it fails, a week at most."""
    return timedelta(minutes=min(connection.every << min(connection.failures, 6), SLOWEST))
