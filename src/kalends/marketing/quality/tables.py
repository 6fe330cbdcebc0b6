"""What quality keeps in the warehouse, beside the facts: what was measured of a day, and what was found on it.

Scores are not kept: they follow from these two and from what people acknowledged (`grading`).
"""

from __future__ import annotations

from typing import Final

import ibis

DAYS: Final = "quality_days"
FINDINGS: Final = "quality_findings"

DAYS_SCHEMA: Final = ibis.schema(
    {
        "rules": "!string",  # by which checks and rules
        "data_source": "!string",
        "account_id": "!string",
        "date": "!date",
        "rows": "!int64",
        "failing": "!int64",  # rows that fail any check
        "weight": "!float64",  # spend, and a cent for each row
        "good": "!float64",  # the weight of the rows that pass
        "spend": "float64",
        "currency": "string",
        "evidence": "!string",  # dimensions of which something could be checked, by commas
    }
)
FINDINGS_SCHEMA: Final = ibis.schema(
    {
        "rules": "!string",
        "data_source": "!string",
        "account_id": "!string",
        "date": "!date",
        "check_name": "!string",
        "dimension": "!string",
        "severity": "!string",
        "kind": "!string",  # row | day
        "report": "!string",
        "subject": "!string",
        "rows": "int64",
        "observed": "float64",
        "expected": "float64",
        "detail": "!string",
    }
)
