"""Kalends, the marketing calendar that measures itself.

In a notebook::

    import kalends

    with kalends.connect() as workspace:
        workspace.ingest("campaigns.csv", data_source="google_ads")
        frame = workspace.causal(start="2025-01-01", end="2025-12-31")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kalends.base.version import __version__

if TYPE_CHECKING:
    from kalends.client import ScheduleBuilder, Workspace, connect

__all__ = ["ScheduleBuilder", "Workspace", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    """Import the client when it is first asked for, so that importing `kalends` itself costs nothing."""
    if name in {"ScheduleBuilder", "Workspace", "connect"}:
        from kalends import client  # noqa: PLC0415

        return getattr(client, name)
    raise AttributeError(f"module 'kalends' has no attribute {name!r}")
