"""Checks that compare rows with each other: one query each over the campaigns' days, the same on every warehouse.

A query gives data_source, account_id, date, report, subject and detail. `{days}` is the table of days that are scored,
`{between}` a condition on `date` that all of them meet.
"""

# ruff: noqa: S608, E501 -- constants; what is put in later are names of tables and dates

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kalends.marketing.attribution import own
from kalends.marketing.quality.checks import Dimension, Severity


@dataclass(frozen=True, slots=True)
class SetCheck:
    """One such check."""

    name: str
    dimension: Dimension
    severity: Severity
    says: str
    query: str


OF_DAYS = (
    " JOIN {days} AS d ON d.data_source = c.data_source AND d.account_id = c.account_id AND d.date = c.date"
    " WHERE c.{between}"
)

LABELS: Final = (
    "account_name", "campaign_name", "channel", "campaign_type", "objective", "date_zone", "device", "country",
    "attribution",
)  # fmt: skip
"""What is told of campaigns in words, and seldom for some days only."""

OWNER = "data_source, account_id, report, campaign_id"
PASSING = (
    f"WITH u AS (SELECT {OWNER}, CASE"
    + "".join(f" WHEN grouping({label}) = 0 THEN '{label}'" for label in LABELS)
    + " END AS label, coalesce("
    + ", ".join(LABELS)
    + ", '') AS value, min(date_from) AS first, max(date_from) AS last, sum(coalesce(impressions, 0) + 1) AS seen"
    f" FROM facts AS f WHERE date_from = date_to AND {own('f')}"
    " AND EXISTS (SELECT 1 FROM {days} AS d WHERE d.data_source ="
    " f.data_source AND d.account_id = f.account_id) GROUP BY GROUPING SETS ("
    + ", ".join(f"({OWNER}, {label})" for label in LABELS)
    + ")), w AS (SELECT *, min(first) OVER o AS begun, max(last) OVER o AS newest, sum(seen) OVER o AS every,"
    " first_value(value) OVER (PARTITION BY data_source, account_id, report, campaign_id, label ORDER BY seen DESC)"
    " AS usual FROM u WINDOW o AS (PARTITION BY data_source, account_id, report, campaign_id, label))"
    " SELECT d.data_source, d.account_id, d.date, w.report, replace(w.label, '_', ' ') AS subject,"
    " coalesce(nullif(min(w.value), ''), 'nothing') || ' for ' || CAST(max(w.last - w.first) + 1 AS VARCHAR(9)) ||"
    " ' days, usually ' || coalesce(nullif(min(w.usual), ''), 'nothing') || CASE WHEN count(*) > 1 THEN"
    " '; ' || CAST(count(*) AS VARCHAR(9)) || ' in all' ELSE '' END AS detail FROM w JOIN {days} AS d"
    " ON d.data_source = w.data_source AND d.account_id = w.account_id AND d.date BETWEEN w.first AND"
    # What has not ended may stay, and is said once.
    " CASE WHEN w.last = w.newest THEN w.first ELSE w.last END"
    " WHERE w.value <> w.usual AND w.last - w.first < 14 AND w.first - w.begun > 7 AND w.newest - w.begun > 21"
    # A twentieth of what the campaign has on such days: some values are hardly ever there.
    " AND 20.0 * w.seen / (w.last - w.first + 1) >= 1.0 * w.every / (w.newest - w.begun + 1)"
    " GROUP BY d.data_source, d.account_id, d.date, w.report, w.label"
)
"""Labels of campaigns that were there for two weeks at most, with others before and after."""

SET_CHECKS: Final[tuple[SetCheck, ...]] = (
    SetCheck(
        "campaign_twice", "uniqueness", "critical",
        "Two campaigns have exactly the same numbers: one of them was probably loaded twice under another id.",
        "SELECT c.data_source, c.account_id, c.date, '' AS report, c.campaign_id AS subject,"
        " 'the same as ' || s.other AS detail FROM daily AS c JOIN (SELECT data_source, date, spend, impressions,"
        " clicks, min(account_id || '/' || campaign_id) AS one, max(account_id || '/' || campaign_id) AS other"
        " FROM daily WHERE {between} AND impressions >= 100 AND clicks >= 5 AND spend > 0"
        " GROUP BY data_source, date, spend, impressions, clicks HAVING count(*) > 1) AS s"
        " ON s.data_source = c.data_source AND s.date = c.date AND s.spend = c.spend AND"
        " s.impressions = c.impressions AND s.clicks = c.clicks AND s.one = c.account_id || '/' || c.campaign_id"
        " AND s.one <> s.other" + OF_DAYS,
    ),
    SetCheck(
        "campaign_in_two_accounts", "consistency", "critical",
        "A campaign is under another account than on its other days.",
        "SELECT DISTINCT c.data_source, c.account_id, c.date, '' AS report, c.campaign_id AS subject,"
        " 'usually under ' || u.account_id AS detail FROM daily AS c JOIN (SELECT data_source, campaign_id,"
        " account_id, days, row_number() OVER (PARTITION BY data_source, campaign_id ORDER BY days DESC, account_id)"
        " AS place, count(*) OVER (PARTITION BY data_source, campaign_id) AS accounts FROM (SELECT data_source,"
        " campaign_id, account_id, count(DISTINCT date) AS days FROM daily WHERE length(campaign_id) >= 6"
        # What is known by its name alone, as '(organic)' of Google Analytics, is another campaign in each account.
        " AND campaign_id IS DISTINCT FROM campaign_name"
        " GROUP BY data_source, campaign_id, account_id) AS n) AS u ON u.accounts > 1 AND u.place = 1"
        " AND u.data_source = c.data_source AND u.campaign_id = c.campaign_id AND u.account_id <> c.account_id"
        + OF_DAYS,
    ),
    SetCheck(
        "label_differs", "consistency", "major",
        "For some days a campaign has another name or label than before and after, or none.", PASSING,
    ),
    SetCheck(
        "ids_rounded", "validity", "critical",
        "All long ids end in zeros after 15 digits: they were numbers once, and have lost their last digits.",
        "SELECT c.data_source, c.account_id, c.date, '' AS report, min(c.campaign_id) AS subject, '' AS detail"
        " FROM daily AS c" + OF_DAYS + " AND length(c.campaign_id) BETWEEN 17 AND 30"
        " GROUP BY c.data_source, c.account_id, c.date HAVING count(DISTINCT c.campaign_id) >= 2 AND"
        " count(CASE WHEN substr(c.campaign_id, 16) <> repeat('0', length(c.campaign_id) - 15) THEN 1 END) = 0",
    ),
    SetCheck(
        "campaign_with_two_names", "consistency", "major",
        "On one day a campaign has two names: two campaigns may have come under one id.",
        "SELECT c.data_source, c.account_id, c.date, c.report, c.campaign_id AS subject,"
        " min(c.campaign_name) || ' / ' || max(c.campaign_name) AS detail"
        " FROM (SELECT *, date_from AS date FROM facts WHERE date_from = date_to AND campaign_id <> '') AS c" + OF_DAYS +
        " GROUP BY c.data_source, c.account_id, c.date, c.report, c.campaign_id"
        " HAVING min(c.campaign_name) <> max(c.campaign_name)",
    ),
)  # fmt: skip
