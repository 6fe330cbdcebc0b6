"""Which version of Kalends this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kalends")
except PackageNotFoundError:  # running from a source tree that is not installed
    __version__ = "0.0.0"
