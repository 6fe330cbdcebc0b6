"""Kalends, the marketing calendar that measures itself.

In a notebook::

    import kalends

    workspace = kalends.connect()
    workspace.ingest("campaigns.csv", data_source="google_ads")
    frame = workspace.causal(start="2025-01-01", end="2025-12-31")
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kalends")
except PackageNotFoundError:  # running from a source tree that is not installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
