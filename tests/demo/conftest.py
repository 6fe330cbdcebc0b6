"""One company for the whole room, and a second, independent reading of its files."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from kalends.demo.service import DemoCompany, DemoFile, generate

SEED = 7
END = date(2026, 11, 20)

Key = tuple[str, ...]
Numbers = dict[str, Decimal]


@pytest.fixture(scope="session")
def company() -> DemoCompany:
    return generate(seed=SEED, end=END)


@pytest.fixture(scope="session")
def newest(company) -> Callable[[str, str], dict[Key, Numbers]]:
    """(data_source, report) -> the newest version of each good row: what a store must end up with.

    Key: account, campaign, ad group, ad, device, date.
    """

    @cache
    def read(data_source: str, report: str) -> dict[Key, Numbers]:
        versions: dict[Key, Numbers] = {}
        for file in report_files(company, data_source, report):
            versions.update((key, numbers) for key, numbers in READERS[data_source](file) if is_good(key, numbers))
        return versions

    return read


def report_files(company: DemoCompany, data_source: str, report: str) -> list[DemoFile]:
    """One report's files, in the order in which they were reported."""
    wanted = {f"{data_source}_{market}_{report}" for market in ("de", "uk")}
    return [file for file in company.files if file.name.split("_20")[0] in wanted]


def google_numbers(file: DemoFile) -> Iterator[tuple[Key, Numbers]]:
    for row in (row for chunk in json.loads(file.content) for row in chunk["results"]):
        ids = [row.get(level, {}).get("id", "") for level in ("customer", "campaign", "adGroup")]
        ad = row.get("adGroupAd", {}).get("ad", {}).get("id", "")
        metrics = row["metrics"]
        yield (
            (*ids, ad, row["segments"].get("device", ""), row["segments"]["date"]),
            {
                "spend": Decimal(metrics["costMicros"]) / 1_000_000,
                "impressions": Decimal(metrics["impressions"]),
                "clicks": Decimal(metrics["clicks"]),
                "conversions": Decimal(str(metrics["conversions"])),
                "revenue": Decimal(str(metrics["conversionsValue"])),
            },
        )


def meta_numbers(file: DemoFile) -> Iterator[tuple[Key, Numbers]]:
    for row in map(json.loads, file.content.splitlines()):
        ids = [row.get(level, "") for level in ("account_id", "campaign_id", "adset_id", "ad_id")]
        yield (
            (*ids, "", row["date_start"]),
            {
                "spend": Decimal(row["spend"]),
                "impressions": Decimal(row["impressions"]),
                "clicks": Decimal(row["clicks"]),
                "conversions": purchase(row.get("actions", [])),
                "revenue": purchase(row.get("action_values", [])),
            },
        )


READERS = {"google_ads": google_numbers, "facebook_ads": meta_numbers}


def purchase(actions: list[dict[str, str]]) -> Decimal:
    """The pixel's purchase alone: the other two names tell the same one again."""
    kind = "offsite_conversion.fb_pixel_purchase"
    return next((Decimal(action["value"]) for action in actions if action["action_type"] == kind), Decimal(0))


def is_good(key: Key, numbers: Numbers) -> bool:
    try:
        date.fromisoformat(key[-1])
    except ValueError:
        return False
    return numbers["spend"] >= 0
