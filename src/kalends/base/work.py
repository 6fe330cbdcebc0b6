"""What one process holds open (the house), and one piece of work done in it (one transaction, one tenant)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from kalends.base import jobs
from kalends.base.cache import Cache
from kalends.base.clock import Clock
from kalends.base.database import Database
from kalends.base.files import FileStore
from kalends.base.ids import new_id
from kalends.base.keys import KeyStore
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.usage import Usage
from kalends.base.warehouse import TenantWarehouse, Warehouse


@dataclass(slots=True)
class House:
    """Everything a process opened once at start, and closes once at the end."""

    settings: Settings
    database: Database
    worker_database: Database
    warehouse: Warehouse
    keys: KeyStore
    files: FileStore
    cache: Cache
    clock: Clock
    sleep: Callable[[float], None] = time.sleep
    """How the house waits: with the clock it is all there is of time."""
    usage: Usage = field(default_factory=Usage)
    """Calls that are not written down yet."""
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    """Which kinds of job run when something is announced; filled by `kalends.app`."""

    @contextmanager
    def work(self, scope: Scope, *, database: Database | None = None) -> Iterator[Work]:
        """One transaction for `scope`. This is the edge: it alone commits, and what it opened it closes."""
        with ExitStack() as stack, (database or self.database).transaction(scope) as session:
            yield Work(house=self, session=session, scope=scope, now=self.clock(), _stack=stack)

    def tenants(self) -> list[UUID]:
        """Every living tenant: for system jobs, which then open a scope for each."""
        with self.database.lookup() as session:
            return list(session.execute(text("SELECT tenant_id FROM list_tenants()")).scalars())


@dataclass(slots=True)
class Work:
    """One transaction: what services are given. They read and write through it and never commit."""

    house: House
    session: Session
    scope: Scope
    now: datetime
    _stack: ExitStack
    _warehouse: TenantWarehouse | None = None

    @property
    def warehouse(self) -> TenantWarehouse:
        """The tenant's warehouse on a cursor of its own: opened when first asked for, given back with the work."""
        if self._warehouse is None:
            self._warehouse = self._stack.enter_context(self.house.warehouse.tenant(self.scope.tenant_id))
        return self._warehouse

    def defer(
        self,
        kind: str,
        *,
        subject_id: UUID | None = None,
        lock: str | None = None,
        after: datetime | None = None,
        **args: Any,
    ) -> UUID:
        """Start a task of `kind` when this transaction commits, or at the instant `after` it. `args` are ids only.
        Gives the task's id.
        """
        task_id = new_id()
        self.session.execute(
            text(
                "INSERT INTO tasks (tenant_id, id, kind, lock, args, subject_id, state, created_at)"
                " VALUES (:tenant, :id, :kind, :lock, CAST(:args AS jsonb), :subject, 'queued', :now)"
            ),
            {
                "tenant": self.scope.tenant_id,
                "id": task_id,
                "kind": kind,
                "lock": lock,
                "args": orjson.dumps(args).decode(),
                "subject": subject_id,
                "now": self.now,
            },
        )
        jobs.put(
            self.session.connection(),
            tenant_id=self.scope.tenant_id,
            task_id=task_id,
            kind=kind,
            lock=lock,
            after=after,
        )
        return task_id

    def announce(self, name: str, **payload: Any) -> None:
        """Say that something happened; higher rooms' subscribed jobs start when this transaction commits."""
        self.session.execute(
            text(
                "INSERT INTO announcements (tenant_id, id, name, payload, announced_at)"
                " VALUES (:tenant, :id, :name, CAST(:payload AS jsonb), :now)"
            ),
            {
                "tenant": self.scope.tenant_id,
                "id": new_id(),
                "name": name,
                "payload": orjson.dumps(payload).decode(),
                "now": self.now,
            },
        )
        for kind in self.house.subscriptions.get(name, ()):
            self.defer(kind, **payload)

    def audit(
        self,
        action: str,
        *,
        subject_kind: str,
        subject_id: object,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Note who did what to what, with the state before and after, in the append-only trail."""
        self.session.execute(
            text(
                "INSERT INTO audit_entries (tenant_id, id, at, person_id, label, action, subject_kind, subject_id,"
                " before, after) VALUES (:tenant, :id, :at, :person, :label, :action, :kind, :subject,"
                " CAST(:before AS jsonb), CAST(:after AS jsonb))"
            ),
            {
                "tenant": self.scope.tenant_id,
                "id": new_id(),
                "at": self.now,
                "person": self.scope.person_id,
                "label": self.scope.label,
                "action": action,
                "kind": subject_kind,
                "subject": str(subject_id),
                "before": None if before is None else orjson.dumps(before, default=str).decode(),
                "after": None if after is None else orjson.dumps(after, default=str).decode(),
            },
        )
