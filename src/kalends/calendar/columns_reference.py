"""Writes docs/reference/calendar.md out of the columns themselves: `python -m kalends.calendar.columns_reference`."""

from __future__ import annotations

import sys
from typing import Final

from kalends.calendar.days import DAY_COLUMNS, DayColumn, Group

HEAD: Final = """# The columns of the day

`calendar_days` has one current row per calendar and date (`version_to` is null); earlier rows keep what was known.
Join it to facts on `date` and one `calendar_id`. "May be empty" means that it is not known, which is never the same as
"no" or 0. JSON is canonical text: keys sorted, no blanks. This page is written by
`python -m kalends.calendar.columns_reference`.
"""
GROUPS: Final[dict[Group, str]] = {
    "key": "Keys",
    "part": "Parts of the date",
    "business": "Business days (primary market, unless said)",
    "fiscal": "Fiscal year (the calendar's own scheme; others are in `calendar_fiscal_days`)",
    "comparison": "What to compare with",
    "seasonality": "Seasonality",
    "marketing": "Marketing",
    "quality": "Quality",
}
MEANING: Final = {
    "calendar_id": "Which calendar.",
    "date": "The day, in the calendar's own zone.",
    "date_key": "The date as a number, YYYYMMDD.",
    "day_of_week": "0 Monday to 6 Sunday.",
    "day_name": "Monday to Sunday.",
    "day_of_month": "1 to 31.",
    "day_of_quarter": "1 to 92.",
    "day_of_year": "1 to 366.",
    "iso_year": "The year that the ISO 8601 week belongs to.",
    "iso_week": "ISO 8601 week, 1 to 53.",
    "week_of_year": "The same as iso_week.",
    "month_number": "1 to 12.",
    "month_name": "January to December.",
    "quarter_number": "1 to 4, of the calendar year.",
    "year_number": "The calendar year.",
    "is_first_day_of_month": "Whether it is.",
    "is_last_day_of_month": "Whether it is.",
    "is_first_day_of_quarter": "Whether it is.",
    "is_last_day_of_quarter": "Whether it is.",
    "is_first_day_of_year": "Whether it is 1 January.",
    "is_last_day_of_year": "Whether it is 31 December.",
    "season": "winter, spring, summer or autumn: whole months, by hemisphere.",
    "is_weekday": "Not a weekend day, as the country has them.",
    "is_weekend": "A weekend day, as the country has them (Friday and Saturday in some).",
    "is_holiday": "A public holiday.",
    "holiday_name": "Its name, in English where known.",
    "holiday_is_estimated": "Whether the moon has still to settle the date.",
    "holiday_markets": "JSON: market -> the holiday there.",
    "holiday_share": "Share of sales (0 to 1) in markets that are on holiday.",
    "is_bridge_day": "A single business day between a holiday and another day off.",
    "is_half_day": "A day on which business ends early, where known.",
    "is_business_day": "Neither weekend nor holiday, or a weekend day that is worked.",
    "business_day_of_month": "1 for the month's first business day; empty on days off.",
    "is_school_holiday": "Whether schools are closed; empty where nobody says.",
    "is_payday_window": "Payday, or one of the two days after it.",
    "fiscal_scheme": "The rule's code, such as months:2:end.",
    "fiscal_year_named_by": "start or end: which calendar year names it.",
    "fiscal_year": "Its name, by that rule.",
    "fiscal_quarter": "1 to 4.",
    "fiscal_month": "1 to 12 (a period, with 13 of them).",
    "fiscal_week": "1 to 53.",
    "fiscal_period": "Month or period of the fiscal year.",
    "fiscal_day_of_year": "Counted from its first day.",
    "fiscal_label": "For people; both years where it spans two.",
    "is_first_day_of_fiscal_year": "Whether it is.",
    "is_last_day_of_fiscal_year": "Whether it is.",
    "same_day_last_year": "The same date a year before; 28 February for 29 February.",
    "same_weekday_last_year": "364 days before.",
    "same_fiscal_week_last_year": "The same weekday of the same fiscal week, as that year counted it.",
    "same_fiscal_week_last_year_restated": "The same, after a 53-week year's weeks were counted from its second.",
    "comparable_event_day_last_year": "The same day of the same major moment (Black Friday to Black Friday).",
    "day_seasonality_factor": "1 is an average day; the factors that hold, multiplied.",
    "week_seasonality_factor": "The ISO week's mean.",
    "month_seasonality_factor": "The month's mean.",
    "quarter_seasonality_factor": "The quarter's mean.",
    "seasonality_source": "pattern:INDUSTRY, or learned:DAYS from the company's own facts.",
    "industry_seasonality": "JSON: the pattern's parts that hold -> factor.",
    "industry_attributes": "JSON: what is typical of the industry.",
    "regional_adjustments": "JSON: each further market -> is_business_day, season, seasonality_factor.",
    "moments": "JSON list: codes of the trade's moments on this day, in any market.",
    "moments_certainty": "confirmed, calculated or estimated: the least sure of them.",
    "is_black_friday": "Whether it is; empty where the market's dates are not known.",
    "is_cyber_monday": "Whether it is; empty where the market's dates are not known.",
    "is_prime_day": "Whether it is; empty in years whose dates are not announced.",
    "marketing_season": "The season of the marketing year.",
    "business_period": "The company's busy period, or its industry's peak or lull; else regular.",
    "next_major_moment": "Its code; the day's own while it lasts.",
    "days_to_next_major_moment": "0 while it lasts.",
    "last_major_moment": "Its code.",
    "days_since_last_major_moment": "0 while it lasts.",
    "events": "JSON list: ids of events on this day.",
    "event_windows": "JSON list: ids of events whose days before or after these are.",
    "event_impact": "-1 to 1: what the events lead one to expect; tentative ones count half.",
    "quality_score": "0 to 1: how settled what stands here is (consolidation.md says how it is reckoned).",
    "provenance": "JSON: where each group of columns comes from.",
}


def reference() -> str:
    """The whole page."""
    parts = [f"\n## {title}\n\n{_table(group)}" for group, title in GROUPS.items()]
    return HEAD + "".join(parts)


def _table(group: Group) -> str:
    rows = [_line(column) for column in DAY_COLUMNS if column.group == group]
    return "| column | type | what it says |\n| --- | --- | --- |\n" + "".join(rows)


def _line(column: DayColumn) -> str:
    may_be_empty = "" if column.type.startswith("!") else ", may be empty"
    return f"| `{column.name}` | {column.type.lstrip('!')}{may_be_empty} | {MEANING[column.name]} |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
