"""Alembic's entry: migrations run on the connection that `kalends.base.bootstrap` hands over, as the owner."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
