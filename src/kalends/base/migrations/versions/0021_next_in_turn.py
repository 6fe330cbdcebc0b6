"""Jobs that wait for their turn, behind one that held their lock, are begun when it ends.

Workers are told of new jobs, and one that may not begin yet is looked at again every few seconds only. A chain of
short jobs, each put in by the one before it, as a sync is, would spend most of its time so.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION jobs.tell_next_in_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = jobs, pg_temp AS $$
        BEGIN
            PERFORM pg_notify(
                'procrastinate_queue_v1#' || OLD.queue_name,
                json_build_object('type', 'job_inserted', 'job_id', OLD.id)::text
            );
            RETURN NULL;
        END;
        $$
        """
    )
    ended = "old.status = 'doing' AND new.status <> 'doing'"
    for name, what, when in (("deleted", "DELETE", "true"), ("ended", "UPDATE OF status", ended)):
        op.execute(
            f"CREATE TRIGGER tell_next_in_turn_{name} AFTER {what} ON jobs.procrastinate_jobs FOR EACH ROW"
            f" WHEN (old.lock IS NOT NULL AND {when}) EXECUTE FUNCTION jobs.tell_next_in_turn()"
        )


def downgrade() -> None:
    for name in ("deleted", "ended"):
        op.execute(f"DROP TRIGGER tell_next_in_turn_{name} ON jobs.procrastinate_jobs")
    op.execute("DROP FUNCTION jobs.tell_next_in_turn()")
