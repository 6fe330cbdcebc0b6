"""Checks that compare rows with each other: one query each over the campaigns' days, the same on every warehouse.

A query gives data_source, account_id, date, report, subject and detail. `{days}` is the table of days that are scored,
`{between}` a condition on `date` that all of them meet.
"""

# ruff: noqa: S608, E501 -- constants; what is put in later are names of tables and dates

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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

USUAL_NAME = (
    "(SELECT data_source, account_id, campaign_id, max(CASE WHEN 3 * days >= 2 * every THEN name END) AS name FROM"
    " (SELECT data_source, account_id, campaign_id, campaign_name AS name, count(DISTINCT date) AS days,"
    " sum(count(DISTINCT date)) OVER (PARTITION BY data_source, account_id, campaign_id) AS every FROM daily"
    " WHERE campaign_id <> '' AND campaign_name IS NOT NULL GROUP BY data_source, account_id, campaign_id,"
    " campaign_name) AS n GROUP BY data_source, account_id, campaign_id)"
)
"""Each campaign's name on two thirds of its days; after a lasting change it has none."""

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
        " GROUP BY data_source, campaign_id, account_id) AS n) AS u ON u.accounts > 1 AND u.place = 1"
        " AND u.data_source = c.data_source AND u.campaign_id = c.campaign_id AND u.account_id <> c.account_id"
        + OF_DAYS,
    ),
    SetCheck(
        "channel_differs", "consistency", "major",
        "A campaign is of another channel than on its other days.",
        "SELECT DISTINCT c.data_source, c.account_id, c.date, '' AS report, c.campaign_id AS subject,"
        " c.channel || ', usually ' || u.channel AS detail FROM daily AS c JOIN (SELECT data_source, account_id,"
        " campaign_id, channel, days, row_number() OVER (PARTITION BY data_source, account_id, campaign_id"
        " ORDER BY days DESC, channel) AS place, sum(days) OVER (PARTITION BY data_source, account_id, campaign_id)"
        " AS every FROM (SELECT data_source, account_id, campaign_id, channel, count(DISTINCT date) AS days FROM daily"
        " WHERE campaign_id <> '' AND channel IS NOT NULL GROUP BY data_source, account_id, campaign_id, channel)"
        # Two thirds of its days: after a lasting change, neither is what is usual.
        " AS n) AS u ON u.place = 1 AND 3 * u.days >= 2 * u.every AND u.days < u.every"
        " AND u.data_source = c.data_source AND u.account_id = c.account_id AND u.campaign_id = c.campaign_id"
        " AND u.channel <> c.channel" + OF_DAYS,
    ),
    SetCheck(
        "names_exchanged", "consistency", "major",
        "A campaign has the name that another campaign has on its other days.",
        "SELECT DISTINCT c.data_source, c.account_id, c.date, '' AS report, c.campaign_id AS subject,"
        " c.campaign_name || ', usually ' || u.name AS detail FROM daily AS c JOIN {usual} AS u"
        " ON u.data_source = c.data_source AND u.account_id = c.account_id AND u.campaign_id = c.campaign_id"
        " AND u.name <> c.campaign_name JOIN {usual} AS o ON o.data_source = c.data_source AND"
        " o.account_id = c.account_id AND o.campaign_id <> c.campaign_id AND o.name = c.campaign_name".replace(
            "{usual}", USUAL_NAME) + OF_DAYS,
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
