"""Fiscal years: which year, quarter, period and week of the books a day belongs to.

A scheme is said, never guessed: the same twelve months are FY2023 to one company (named by the year they start in:
NRF, most US retailers) and FY2024 to another (named by the year they end in: Walmart, the US government). So
`named_by` has no default, and a label shows both years. A company may change its books: every scheme has the day from
which it holds, and the schemes of a calendar form a timeline.
"""

from __future__ import annotations

from kalends.calendar.fiscal.months import MonthlyFiscalYears
from kalends.calendar.fiscal.scheme import FISCAL_COLUMNS, FiscalScheme
from kalends.calendar.fiscal.timeline import AnyFiscalYears, check_timeline, fiscal_days
from kalends.calendar.fiscal.weeks import WeeklyFiscalYears

__all__ = [
    "FISCAL_COLUMNS",
    "AnyFiscalYears",
    "FiscalScheme",
    "MonthlyFiscalYears",
    "WeeklyFiscalYears",
    "check_timeline",
    "fiscal_days",
]
