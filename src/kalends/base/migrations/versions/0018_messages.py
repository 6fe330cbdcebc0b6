"""Creator pages, their captions and schedules, and the locks that keep a caption from being sent twice too soon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from kalends.base.migrations.tables import APP, WORKER, foreign, reference, tenant_table, timestamp, words

revision = "0018"
down_revision = "0017"

VIEWS = {
    "schedule_recommendations": """
        SELECT s.tenant_id, s.id AS schedule_id, p.name AS page_name, s.created_at, s.plan AS schedule_json,
            s.total_messages, s.saturation_zone
        FROM message_schedules AS s JOIN message_pages AS p ON p.tenant_id = s.tenant_id AND p.id = s.page_id
    """,
    "active_caption_assignments": """
        SELECT l.tenant_id, l.id AS lock_id, l.schedule_id, p.name AS page_name, c.caption_no AS caption_id,
            lower(l.during) AS locked_from, upper(l.during) AS locked_until
        FROM caption_locks AS l
        JOIN message_pages AS p ON p.tenant_id = l.tenant_id AND p.id = l.page_id
        JOIN captions AS c ON c.tenant_id = l.tenant_id AND c.id = l.caption_id
        WHERE l.released_at IS NULL
    """,
    "schedule_export_log": """
        SELECT e.tenant_id, e.schedule_id, p.name AS page_name, e.exported_at AS export_timestamp,
            e.rows AS message_count, e.seconds AS execution_time_seconds, e.error AS error_message, e.status
        FROM schedule_exports AS e JOIN message_pages AS p ON p.tenant_id = e.tenant_id AND p.id = e.page_id
    """,
    "caption_bank": """
        SELECT c.tenant_id, c.caption_no AS caption_id, p.name AS page_name, c.text AS caption_text, c.price_tier,
            c.category AS content_category, c.has_urgency, c.language, c.is_active
        FROM captions AS c LEFT JOIN message_pages AS p ON p.tenant_id = c.tenant_id AND p.id = c.page_id
    """,
}
"""The names that operators' other tools ask for."""


def upgrade() -> None:
    pages_and_captions()
    schedules()
    imports_and_trials()
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} WITH (security_invoker = true) AS {query}")
        op.execute(f"GRANT SELECT ON {name} TO {APP}, {WORKER}")


def pages_and_captions() -> None:
    tenant_table(
        "message_pages",
        sa.Column("page_no", sa.BigInteger, nullable=False, unique=True),
        words("name"),
        words("external_id", nullable=True),
        words("zone"),
        words("currency"),
        sa.Column("quiet_from", sa.Time, nullable=False),
        sa.Column("quiet_until", sa.Time, nullable=False),
        sa.Column("overrides", pg.JSONB, nullable=False),
        words("tier", nullable=True),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        timestamp("created_at"),
        timestamp("removed_at", nullable=True),
    )
    op.create_index(
        "ix_message_pages_name",
        "message_pages",
        ["tenant_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    tenant_table(
        "message_page_people",
        reference("page_id"),
        reference("person_id"),
        timestamp("assigned_at"),
        foreign("page_id", "message_pages"),
        sa.UniqueConstraint("tenant_id", "page_id", "person_id"),
    )
    tenant_table(
        "captions",
        sa.Column("caption_no", sa.BigInteger, nullable=False),
        sa.Column("lock_no", sa.BigInteger, nullable=False, unique=True),
        reference("page_id", nullable=True),
        words("text"),
        words("price_tier"),
        words("category"),
        sa.Column("has_urgency", sa.Boolean, nullable=False),
        words("language"),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        timestamp("created_at"),
        timestamp("changed_at"),
        foreign("page_id", "message_pages"),
        sa.UniqueConstraint("tenant_id", "caption_no"),
        sa.CheckConstraint("price_tier IN ('Budget', 'Mid', 'Premium', 'Free')", name="price_tier"),
    )
    op.create_index("ix_captions_page", "captions", ["tenant_id", "page_id", "is_active"])


def schedules() -> None:
    tenant_table(
        "message_schedules",
        reference("page_id"),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("days", sa.SmallInteger, nullable=False),
        words("zone"),
        sa.Column("seed", sa.BigInteger, nullable=False),
        words("state"),
        words("tier"),
        words("saturation_zone"),
        sa.Column("total_messages", sa.Integer, nullable=False),
        sa.Column("plan", pg.JSONB, nullable=False),
        sa.Column("analysis", pg.JSONB, nullable=False),
        sa.Column("inputs", pg.JSONB, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        reference("created_by", nullable=True),
        timestamp("created_at"),
        reference("approved_by", nullable=True),
        timestamp("approved_at", nullable=True),
        timestamp("superseded_at", nullable=True),
        foreign("page_id", "message_pages"),
    )
    op.create_index("ix_message_schedules_page", "message_schedules", ["tenant_id", "page_id", "first_day"])
    tenant_table(
        "message_assignments",
        reference("schedule_id"),
        reference("page_id"),
        timestamp("send_at"),
        words("message_type"),
        reference("caption_id"),
        sa.Column("price", sa.Numeric(18, 6), nullable=True),
        sa.Column("performance_score", sa.Float, nullable=False),
        sa.Column("propensity", sa.Float, nullable=False),
        reference("follows_id", nullable=True),
        sa.Column("why", pg.JSONB, nullable=False),
        sa.Column("is_edited", sa.Boolean, nullable=False, server_default=sa.false()),
        words("sent_message_id", nullable=True),
        timestamp("removed_at", nullable=True),
        foreign("schedule_id", "message_schedules"),
        foreign("caption_id", "captions", on_delete="RESTRICT"),
    )
    op.create_index("ix_message_assignments_schedule", "message_assignments", ["tenant_id", "schedule_id", "send_at"])
    op.create_index("ix_message_assignments_page", "message_assignments", ["tenant_id", "page_id", "send_at"])
    tenant_table(
        "caption_locks",
        reference("schedule_id"),
        reference("page_id"),
        reference("caption_id"),
        # Scalars as ranges: an exclusion constraint over them needs no extension. `lane` is the page's number, or 0
        # where a caption may be with one page at a time.
        sa.Column("lane", sa.BigInteger, nullable=False),
        sa.Column("lock_no", sa.BigInteger, nullable=False),
        sa.Column("during", pg.TSTZRANGE, nullable=False),
        timestamp("released_at", nullable=True),
        foreign("schedule_id", "message_schedules"),
        foreign("page_id", "message_pages"),
        foreign("caption_id", "captions"),
    )
    op.execute(
        "ALTER TABLE caption_locks ADD CONSTRAINT ex_caption_locks EXCLUDE USING gist ("
        "int8range(lane, lane, '[]') WITH &&, int8range(lock_no, lock_no, '[]') WITH &&, during WITH &&)"
        " WHERE (released_at IS NULL)"
    )
    op.create_index("ix_caption_locks_page", "caption_locks", ["tenant_id", "page_id"])
    tenant_table(
        "schedule_exports",
        reference("schedule_id", nullable=True),
        reference("page_id"),
        reference("person_id", nullable=True),
        words("label"),
        words("way"),
        timestamp("exported_at"),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        words("status"),
        words("error", nullable=True),
        foreign("page_id", "message_pages"),
    )
    op.create_index("ix_schedule_exports_at", "schedule_exports", ["tenant_id", "exported_at"])
    tenant_table(
        "schedule_templates",
        words("name"),
        sa.Column("rules", pg.JSONB, nullable=False),
        reference("created_by", nullable=True),
        timestamp("created_at"),
        sa.UniqueConstraint("tenant_id", "name"),
    )


def imports_and_trials() -> None:
    tenant_table(
        "message_imports",
        words("kind"),
        words("state"),
        words("file_name"),
        reference("file_id", nullable=True),
        reference("page_id", nullable=True),
        sa.Column("options", pg.JSONB, nullable=False),
        sa.Column("received", sa.Integer, nullable=True),
        sa.Column("loaded", sa.Integer, nullable=True),
        sa.Column("unchanged", sa.Integer, nullable=True),
        sa.Column("rejected", sa.Integer, nullable=True),
        sa.Column("warnings", pg.JSONB, nullable=False),
        sa.Column("report", pg.JSONB, nullable=False),
        sa.Column("error", pg.JSONB, nullable=True),
        words("idempotency_key", nullable=True),
        reference("person_id", nullable=True),
        timestamp("created_at"),
        timestamp("finished_at", nullable=True),
        sa.UniqueConstraint("tenant_id", "idempotency_key"),
    )
    tenant_table(
        "message_import_problems",
        reference("import_id"),
        sa.Column("source_row", sa.Integer, nullable=False),
        words("column_name", nullable=True),
        words("code"),
        words("message"),
        words("raw"),
        foreign("import_id", "message_imports"),
    )
    op.create_index(
        "ix_message_import_problems_row", "message_import_problems", ["tenant_id", "import_id", "source_row"]
    )
    tenant_table(
        "message_trials",
        words("name"),
        words("kind"),
        words("state"),
        sa.Column("arms", pg.JSONB, nullable=False),
        sa.Column("plan", pg.JSONB, nullable=False),
        sa.Column("blocks", pg.JSONB, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("weeks", sa.SmallInteger, nullable=False),
        sa.Column("result", pg.JSONB, nullable=True),
        reference("created_by", nullable=True),
        timestamp("created_at"),
        timestamp("ended_at", nullable=True),
    )
    tenant_table("message_alerts", words("kind"), timestamp("began_at"), timestamp("ended_at", nullable=True))
    tenant_table(
        "message_settings",
        sa.Column("settings", pg.JSONB, nullable=False),
        timestamp("changed_at"),
        reference("changed_by", nullable=True),
        sa.UniqueConstraint("tenant_id"),
    )


def downgrade() -> None:
    for name in VIEWS:
        op.execute(f"DROP VIEW {name}")
    for table in (
        "message_settings", "message_alerts", "message_trials", "message_import_problems", "message_imports", "schedule_templates",
        "schedule_exports", "caption_locks", "message_assignments", "message_schedules", "captions",
        "message_page_people", "message_pages",
    ):  # fmt: skip
        op.drop_table(table)
