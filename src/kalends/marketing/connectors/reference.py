"""Writes docs/reference/reports.md out of the connectors: `python -m kalends.marketing.connectors.reference`."""

from __future__ import annotations

import sys
from typing import Final

from kalends.marketing.connectors.declared import Connector, Report
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.words import PLATFORM_NAMES

HEAD: Final = """# What a connection brings

Each platform's reports, as they are chosen when it is connected (page Data, Platforms; `reports` of
`PATCH /api/v1/marketing/connections/{id}`). A report's name is its level, and after the slash by what else its rows are
told apart. Reports tell the same money several times and are never added up: each answer reads, for an account's day,
the one report that has all that is asked by and reaches what the whole account spent. So *Keywords by day* answers for
accounts whose money went to keywords; where it did not, the answer says that no report covers the account.
What a report's columns become is [told by platform](platforms.md).
This page is written by `python -m kalends.marketing.connectors.reference`.
"""


TABLE: Final = "| report | what it has | comes unless left out | days back, at most |\n|---|---|---|---|\n"


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(_platform(name, CONNECTORS[code]) for code, name in PLATFORM_NAMES.items())


def _platform(name: str, connector: Connector) -> str:
    return f"\n## {name}\n\n{TABLE}{''.join(map(_row, connector.reports))}"


def _row(report: Report) -> str:
    comes = "yes" if report.is_default else "when chosen"
    return f"| `{report.name}` | {report.label} | {comes} | {report.history:,} |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
