"""What outlives a call, kept in Postgres: calls made, the token, and what a slice must remember.

Each is a short transaction of its own: a call that was made is counted even if all that follows fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.ids import new_id
from kalends.base.work import House, Work
from kalends.marketing.connectors.apps import app_keys
from kalends.marketing.connectors.asking import Granted, OpenWork
from kalends.marketing.connectors.auth import Secrets
from kalends.marketing.connectors.budget import quotas_named, taken, wait_of
from kalends.marketing.connectors.declared import Connector, Quota
from kalends.marketing.connectors.models import CallCount, Connection, SyncSlice

SECRETS: Final = "connection secrets"
TOKEN: Final = "connection token"  # noqa: S105 (what the box is for)
MARGIN: Final = timedelta(seconds=60)
"""A token is renewed a minute before it ends: a clock may be wrong by that much."""
UNSAID: Final = 3600
"""Seconds that a token lasts where the platform does not say."""


@dataclass(frozen=True, slots=True)
class StoredPurse:
    """The purse of one connection and account; `slice_id`: None where nothing is to be remembered, as in a test."""

    open_work: OpenWork
    connector: Connector
    connection_id: UUID
    account: str
    slice_id: UUID | None = None

    def spend(self, quota: str) -> float:
        """Take one call from the budget; seconds to wait where there is none left, and nothing is taken then."""
        limits = quotas_named(self.connector.quotas, quota)
        if not limits:
            return 0.0
        with self.open_work() as work:
            now = work.now.timestamp()
            rows = {limit: self._counted(work, limit) for limit in limits}
            wait = max(wait_of(limit, row.counts, now) for limit, row in rows.items())
            if wait > 0:
                return wait
            for limit, row in rows.items():
                row.counts, row.updated_at = taken(limit, row.counts, now), work.now
            return 0.0

    def token(self, *, spent: str | None, fetch: Callable[[Secrets], Mapping[str, Any]]) -> Granted:
        """The token; a new one where `spent` is the one that is kept. The connection's row lock lets one fetch it."""
        with self.open_work() as work:
            kept = living_token(work, self._connection(work), spent)
            if kept:
                return kept
        with self.open_work() as work:
            found = self._connection(work, for_update=True)
            kept = living_token(work, found, spent)
            if kept:
                return kept
            secrets = secrets_of(work.house, found)
            told = fetch(keys_of(work, found, self.connector))
            if renewed := told.get("refresh_token"):  # some platforms give a new one each time
                keep_secrets(work.house, found, {**secrets, "refresh_token": str(renewed)})
            granted = {name: said for name, said in told.items() if isinstance(said, str) and name != "refresh_token"}
            found.sealed_token = work.house.keys.seal(found.tenant_id, TOKEN, orjson.dumps(granted), found.id.bytes)
            found.token_until = work.now + timedelta(seconds=float(told.get("expires_in") or UNSAID))
            return granted

    def remember(self, name: str, value: Any) -> None:
        """Keep something of the slice across restarts."""
        if self.slice_id is None:
            return
        with self.open_work() as work:
            kept = work.session.get_one(SyncSlice, (work.scope.tenant_id, self.slice_id), with_for_update=True)
            kept.memo = {**kept.memo, name: value}

    def _counted(self, work: Work, quota: Quota) -> CallCount:
        """The row of one limit, locked: two workers that ask at once take turns."""
        name = f"{quota.name}/{quota.seconds}"
        account = "" if quota.is_shared else self.account
        key = (CallCount.data_source == self.connector.data_source, CallCount.account == account)
        query = select(CallCount).where(*key, CallCount.quota == name).with_for_update()
        found = work.session.execute(query).scalar_one_or_none()
        if found is None:
            work.session.execute(
                insert(CallCount)
                .values(
                    tenant_id=work.scope.tenant_id,
                    id=new_id(),
                    data_source=self.connector.data_source,
                    account=account,
                    quota=name,
                    counts={},
                    updated_at=work.now,
                )
                .on_conflict_do_nothing()
            )
            found = work.session.execute(query).scalar_one()
        return found

    def _connection(self, work: Work, *, for_update: bool = False) -> Connection:
        return work.session.get_one(
            Connection, (work.scope.tenant_id, self.connection_id), with_for_update=for_update or None
        )


def secrets_of(house: House, connection: Connection) -> dict[str, str]:
    """What a person entered, opened."""
    opened = house.keys.open_sealed(connection.tenant_id, SECRETS, connection.sealed_secrets, connection.id.bytes)
    found: dict[str, str] = orjson.loads(opened)
    return found


def keys_of(work: Work, connection: Connection, connector: Connector) -> dict[str, str]:
    """All that calls are signed with: what is the connection's own, above what is the app's."""
    return app_keys(work, connector) | secrets_of(work.house, connection) | connection.options


def keep_secrets(house: House, connection: Connection, secrets: Mapping[str, str]) -> None:
    """Seal what a person entered."""
    plain = orjson.dumps(dict(secrets))
    connection.sealed_secrets = house.keys.seal(connection.tenant_id, SECRETS, plain, connection.id.bytes)


def living_token(work: Work, connection: Connection, spent: str | None) -> Granted:
    """The token that is kept; empty where there is none, it is about to end, or it is `spent`."""
    if connection.sealed_token is None or not connection.token_until or connection.token_until <= work.now + MARGIN:
        return {}
    kept: Granted = orjson.loads(
        work.house.keys.open_sealed(connection.tenant_id, TOKEN, connection.sealed_token, connection.id.bytes)
    )
    return {} if kept["access_token"] == spent else kept


def forget_token(connection: Connection) -> None:
    """Have the next call fetch a new one."""
    connection.sealed_token = connection.token_until = None
