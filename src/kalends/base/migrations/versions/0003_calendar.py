"""Placeholder, uncommitted: overwrite with the calendar's tables."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
