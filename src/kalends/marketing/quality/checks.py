"""Checks of single rows: each one line of SQL that holds where a row is wrong, the same on every warehouse.

All of them are asked in one pass over the facts (see `rowpass`). A row that has nothing to be asked about passes. To
add a check is to add an entry here; the reference page follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

Dimension = Literal[
    "completeness", "validity", "consistency", "uniqueness", "timeliness", "plausibility", "reconciliation"
]
Severity = Literal["critical", "major", "minor"]
DIMENSIONS: Final[tuple[Dimension, ...]] = (
    "completeness", "validity", "consistency", "uniqueness", "timeliness", "plausibility", "reconciliation",
)  # fmt: skip
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "major", "minor")

CHECKS_VERSION: Final = 5
"""Raised with every change of a check that changes what is found: all days are then scored again."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One check of a row. `fails`: SQL over the record's columns; `$today` is the day of scoring."""

    name: str
    dimension: Dimension
    severity: Severity
    says: str
    """What is wrong with a row that fails, in words for whoever reads the numbers."""
    fails: str

    def sql(self, *, today: date) -> str:
        """The condition, never null."""
        asked = self.fails.replace("$today", f"DATE '{today}'").replace("$tomorrow", f"DATE '{today + DAY}'")
        return f"coalesce({asked}, false)"


DAY: Final = timedelta(days=1)
COUNTED = ("spend", "impressions", "clicks", "conversions", "reach", "video_views", "sends", "deliveries", "opens")
IDS = ("account_id", "campaign_id", "ad_group_id", "ad_id")
LEVELS_BELOW = "('campaign', 'ad_group', 'asset_group', 'ad', 'keyword', 'search_term')"
AD_PLATFORMS = (
    "('google_ads', 'facebook_ads', 'linkedin_ads', 'twitter_ads', 'tiktok_ads', 'snapchat_ads', 'pinterest_ads',"
    " 'amazon_ads', 'microsoft_ads', 'apple_search_ads')"
)
CLICK_ONLY = "('google_ads', 'microsoft_ads', 'apple_search_ads')"
"""Platforms whose conversions follow clicks; others count people who only saw an ad."""
LARGE_UNITS = "('EUR', 'USD', 'GBP', 'CHF', 'CAD', 'AUD', 'NZD')"
"""Currencies of which one unit is about a euro: only there is an amount absurd by itself."""
ISO_CODES: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
"""ISO 4217, active codes of money that people pay with."""
BROKEN_TEXTS = ("�", "Ã¤", "Ã¶", "Ã¼", "Ã©", "Ã¨", "â€", "Ã±")
"""U+FFFD, and UTF-8 that was read as Latin-1."""


def _any(pattern: str, columns: tuple[str, ...]) -> str:
    return " OR ".join(f"({pattern.format(column)})" for column in columns)


ROW_CHECKS: Final[tuple[RowCheck, ...]] = (
    RowCheck("account_missing", "completeness", "major", "The row names no account.",
             f"account_id = '' AND data_source IN {AD_PLATFORMS}"),
    RowCheck("campaign_missing", "completeness", "major", "The row is of a campaign, and does not say of which.",
             f"campaign_id = '' AND split_part(report, '/', 1) IN {LEVELS_BELOW}"),
    RowCheck("currency_missing", "completeness", "major", "There is an amount, and its currency is not known.",
             "currency IS NULL AND coalesce(spend, revenue, pipeline_value) IS NOT NULL"),
    RowCheck("cost_missing", "completeness", "major", "Ads were shown, and what they cost is missing.",
             f"spend IS NULL AND impressions > 0 AND data_source IN {AD_PLATFORMS}"),
    RowCheck("impressions_missing", "completeness", "major",
             "Money was spent, and how often ads were shown is missing.",
             f"impressions IS NULL AND spend > 0 AND data_source IN {AD_PLATFORMS}"),
    RowCheck("negative", "validity", "critical", "A number that cannot be negative is.",
             _any("{0} < 0", COUNTED)),
    RowCheck("future_day", "validity", "critical", "The day lies in the future.", "date_to > $tomorrow"),
    RowCheck("ancient_day", "validity", "critical", "The day lies before there was online advertising.",
             "date_from < DATE '2000-01-01'"),
    RowCheck("currency_unknown", "validity", "major", "No such currency is in use.",
             f"currency IS NOT NULL AND currency NOT IN ({', '.join(repr(code) for code in ISO_CODES.split())})"),
    RowCheck("share_out_of_range", "validity", "major", "A share is below 0 or above 1, as if it were a percentage.",
             "impression_share < 0 OR impression_share > 1"),
    RowCheck("id_damaged", "validity", "critical", "A spreadsheet has turned an id into a number like 2.38E+16.",
             _any("{0} LIKE '_.%E+%' OR {0} LIKE '_E+%'", IDS)),
    RowCheck("name_garbled", "validity", "minor", "Letters of a name were damaged when a file was read or written.",
             " OR ".join(f"concat(campaign_name, ad_group_name, ad_name) LIKE '%{text}%'" for text in BROKEN_TEXTS)),
    RowCheck("clicks_above_impressions", "consistency", "major", "There are more clicks than impressions.",
             f"clicks > impressions AND data_source IN {AD_PLATFORMS}"),
    RowCheck("spend_without_impressions", "consistency", "major", "Money was spent, and no ad was shown.",
             f"impressions = 0 AND spend > 1 AND data_source IN {AD_PLATFORMS}"),
    RowCheck("conversions_above_clicks", "consistency", "major",
             "There are more conversions than clicks, where conversions follow clicks.",
             f"conversions > clicks + 2 AND conversions > 1.5 * clicks AND data_source IN {CLICK_ONLY}"),
    RowCheck("revenue_without_conversions", "consistency", "minor", "There is revenue, and nobody has bought.",
             "revenue > 0 AND conversions = 0"),
    RowCheck("reach_above_impressions", "consistency", "major", "More people were reached than ads were shown.",
             "reach > impressions"),
    RowCheck("frequency_differs", "consistency", "minor", "The frequency is not impressions by reach.",
             "reach > 0 AND abs(frequency - 1.0 * impressions / reach) > 0.05 * frequency + 0.01"),
    RowCheck("deliveries_above_sends", "consistency", "major", "More messages were delivered than sent.",
             "deliveries > sends"),
    RowCheck("click_price_absurd", "plausibility", "major", "A click costs more than 1,000.",
             f"clicks >= 1 AND spend > 1000 * clicks AND currency IN {LARGE_UNITS}"),
    RowCheck("impression_price_absurd", "plausibility", "major", "An impression costs more than 10.",
             f"impressions >= 20 AND spend > 10 * impressions AND currency IN {LARGE_UNITS}"),
)  # fmt: skip
