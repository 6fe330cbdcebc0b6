"""What base needs: tasks, announcements, audit, and the job queue's own schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import APP, WORKER, reference, tenant_table, timestamp, words

revision = "0001"
down_revision = None


def upgrade() -> None:
    tenant_table(
        "tasks",
        words("kind"),
        words("lock", nullable=True),
        sa.Column("args", pg.JSONB, nullable=False),
        reference("subject_id", nullable=True),
        words("state"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("total", sa.BigInteger, nullable=True),
        words("message", default=""),
        sa.Column("error", pg.JSONB, nullable=True),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default="false"),
        timestamp("created_at"),
        timestamp("started_at", nullable=True),
        timestamp("finished_at", nullable=True),
    )
    op.create_index("ix_tasks_subject", "tasks", ["tenant_id", "subject_id"])
    tenant_table(
        "announcements",
        words("name"),
        sa.Column("payload", pg.JSONB, nullable=False),
        timestamp("announced_at"),
    )
    tenant_table(
        "audit_entries",
        timestamp("at"),
        reference("person_id", nullable=True),
        words("label"),
        words("action"),
        words("subject_kind"),
        words("subject_id"),
        sa.Column("before", pg.JSONB, nullable=True),
        sa.Column("after", pg.JSONB, nullable=True),
        append_only=True,
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["tenant_id", "at"])
    create_job_queue()


def create_job_queue() -> None:
    """procrastinate's tables, in a schema of their own.

    The app may only put jobs in, through one function that runs as the owner; the worker may take them out.
    """
    op.execute("CREATE SCHEMA jobs")
    op.execute("SET LOCAL search_path = jobs")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    op.execute(
        "ALTER FUNCTION procrastinate_defer_jobs_v1(procrastinate_job_to_defer_v1[])"
        " SECURITY DEFINER SET search_path = jobs, pg_temp"
    )
    op.execute(f"GRANT USAGE ON SCHEMA jobs TO {APP}, {WORKER}")
    op.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA jobs TO {WORKER}")
    op.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA jobs TO {WORKER}")
    op.execute("SET LOCAL search_path = public")


def downgrade() -> None:
    op.execute("DROP SCHEMA jobs CASCADE")
    for table in ("audit_entries", "announcements", "tasks"):
        op.drop_table(table)
