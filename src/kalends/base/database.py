"""The operational store: PostgreSQL, one transaction per request or job, one tenant per transaction.

The tenant, person and role are set transaction-locally in the same place where the transaction begins. A commit in
the middle would drop them and every later statement would see nothing, so nothing but this module commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import MetaData, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from kalends.base.scope import Scope


class Model(DeclarativeBase):
    """The base of every room's tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class FreshSession(Session):
    """A session in which a row that is read to be held (FOR UPDATE) is what it is by then.

    SQLAlchemy leaves an object alone that it knows already, and so as it was before somebody else changed it.
    """


@event.listens_for(FreshSession, "do_orm_execute")
def _read_anew(asked: ORMExecuteState) -> None:
    if asked.is_select and getattr(asked.statement, "_for_update_arg", None) is not None:
        asked.update_execution_options(populate_existing=True)


SET_SCOPE = text(
    "SELECT set_config('kalends.tenant', :tenant, true), set_config('kalends.person', :person, true),"
    " set_config('kalends.role', :role, true)"
)


class Database:
    """A pool of connections as one role that neither owns tables nor can bypass row-level security."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """`url`: a SQLAlchemy URL of the form postgresql+psycopg://... naming the app's (or the worker's) role."""
        self.url = url
        self.engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=True,
            # A plan kept for one tenant's settings must not serve another's query.
            connect_args={"prepare_threshold": None},
        )

    @contextmanager
    def transaction(self, scope: Scope, *, snapshot: bool = False) -> Iterator[Session]:
        """One transaction in one tenant's scope: committed at the end, rolled back on any error.

        `snapshot`: everything is read as of one instant (REPEATABLE READ), as a backup must.
        """
        with FreshSession(self.engine, expire_on_commit=False) as session, session.begin():
            if snapshot:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.execute(
                SET_SCOPE,
                {"tenant": str(scope.tenant_id), "person": str(scope.person_id or ""), "role": scope.role},
            )
            yield session

    @contextmanager
    def lookup(self) -> Iterator[Session]:
        """A transaction before any tenant is known: it sees no tenant's rows, only the named look-up functions."""
        with FreshSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def attempt(session: Session) -> Iterator[None]:
    """A part of a transaction that leaves nothing behind where it fails; the rest of the transaction stands."""
    with session.begin_nested():
        yield
