"""Makes Meta-like insights rows as NDJSON, the same bytes for the same seed.

Each row has 25 fields and an `actions` list of 3 to 6 entries, about 550 bytes: the size and shape of an ad-level
insights row with account, campaign, ad set and ad names. Three variants serve the ingest benchmark:

* `plain`: rows ordered by day, then ad;
* `shuffled`: the same rows in another order, keys in another order, other white space;
* `changed`: the same rows, one in a thousand with another spend.

Run `python benchmarks/ingest_maker.py OUT.ndjson --rows 1000000 --variant plain`.
"""

import argparse
import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count as counting
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

FIRST_DAY = date(2023, 1, 1)
ADS_A_DAY = 2_000
ADS_A_SET = 5
SETS_A_CAMPAIGN = 4
CHANGED_ONE_IN = 1_000
ACTION_TYPES = (
    "link_click",
    "view_content",
    "add_to_cart",
    "lead",
    "omni_purchase",
    "purchase",
)
OBJECTIVES = ("SALES", "LEADS", "TRAFFIC")
MESSAGES_A_CAMPAIGN = 8
ANSWER = "01GMRWDSA0ARTAKE1SFX8JGXAY"
Row = dict[str, Any]


def names_of(ad: int) -> Row:
    """What an ad is called and where it hangs: the part of a row that does not change from day to day."""
    ad_set, campaign = ad // ADS_A_SET, ad // (ADS_A_SET * SETS_A_CAMPAIGN)
    account = campaign % 5
    return {
        "account_currency": "USD",
        "account_id": str(798085168510957 + account),
        "ad_id": str(23854695759200548 + ad),
        "ad_name": f"Ad {ad}",
        "adset_id": str(23854404706320548 + ad_set),
        "adset_name": f"Set {ad_set}",
        "buying_type": "AUCTION",
        "campaign_id": str(23854404676180548 + campaign),
        "campaign_name": f"Campaign {campaign}",
        "objective": OBJECTIVES[campaign % 3],
    }


def numbers_of(random_numbers: random.Random) -> Row:
    """One day's numbers of one ad, as strings, as the Graph API writes them."""
    impressions = random_numbers.randrange(100, 20_000)
    clicks = random_numbers.randrange(1, 1 + impressions // 20)
    spend = random_numbers.randrange(100, 50_000) / 100
    purchases = str(random_numbers.randrange(0, 30))
    kinds = ACTION_TYPES[-random_numbers.randrange(3, 7) :]
    actions = [
        {"action_type": kind, "value": purchases if "purchase" in kind else str(random_numbers.randrange(1, 500))}
        for kind in kinds
    ]
    return {
        "actions": actions,
        "clicks": str(clicks),
        "cpc": f"{spend / clicks:.4f}",
        "cpm": f"{1000 * spend / impressions:.4f}",
        "ctr": f"{100 * clicks / impressions:.4f}",
        "frequency": f"{1 + random_numbers.random():.4f}",
        "impressions": str(impressions),
        "inline_link_clicks": str(clicks // 2),
        "cpp": f"{spend / 7:.4f}",
        "wish_bid": "0",
        "reach": str(impressions * 2 // 3),
        "spend": f"{spend:.2f}",
        "unique_clicks": str(clicks * 9 // 10),
    }


def rows(*, count: int, seed: int = 1) -> Iterator[Row]:
    """`count` rows by day, then ad; the same for the same seed."""
    random_numbers = random.Random(seed)
    for number in range(count):
        day = (FIRST_DAY + timedelta(days=number // ADS_A_DAY)).isoformat()
        ad = number % ADS_A_DAY
        yield {**names_of(ad), **numbers_of(random_numbers), "date_start": day, "date_stop": day}


def google_rows(*, count: int, seed: int = 1) -> Iterator[Row]:
    """Ad-level rows of a Google Ads search by day, as the API writes them: resources as objects with their resource
    names, 64-bit numbers as texts. The columns are those that our connector asks for.
    """
    random_numbers = random.Random(seed)
    for number in range(count):
        ad, impressions = number % ADS_A_DAY, random_numbers.randrange(100, 20_000)
        group, campaign = ad // ADS_A_SET, ad // (ADS_A_SET * SETS_A_CAMPAIGN)
        account, conversions = f"customers/{1234567890 + campaign % 5}", round(random_numbers.random() * 30, 4)
        group_id, ad_id = 150_000_000_000 + group, 680_000_000_000 + ad
        yield {
            "customer": {
                "resourceName": account, "id": account.removeprefix("customers/"), "currencyCode": "USD",
                "timeZone": "America/New_York",
            },
            "campaign": {
                "resourceName": f"{account}/campaigns/{20_000_000_000 + campaign}",
                "advertisingChannelType": ("SEARCH", "DISPLAY", "VIDEO")[campaign % 3],
                "name": f"Campaign {campaign}", "id": str(20_000_000_000 + campaign),
            },
            "adGroup": {
                "resourceName": f"{account}/adGroups/{group_id}", "id": str(group_id), "name": f"Group {group}"
            },
            "metrics": {
                "clicks": str(random_numbers.randrange(1, 1 + impressions // 20)),
                "conversionsValue": round(random_numbers.random() * 900, 2),
                "conversions": conversions,
                "costMicros": str(random_numbers.randrange(10_000, 500_000_000)),
                "allConversions": conversions, "impressions": str(impressions), "viewThroughConversions": "0",
            },
            "adGroupAd": {
                "resourceName": f"{account}/adGroupAds/{group_id}~{ad_id}",
                "ad": {"resourceName": f"{account}/ads/{ad_id}", "id": str(ad_id), "name": f"Ad {ad}"},
            },
            "segments": {"date": (FIRST_DAY + timedelta(days=number // ADS_A_DAY)).isoformat()},
        }  # fmt: skip


def klaviyo_numbers(random_numbers: random.Random) -> Row:
    """What became of one message: the statistics that our connector asks for."""
    sent = random_numbers.randrange(100, 20_000)
    return {
        "recipients": sent,
        "delivered": sent - sent // 90,
        "opens": sent // 3,
        "clicks": sent // 40,
        "unsubscribes": sent // 900,
        "bounced": sent // 90,
        "conversions": random_numbers.randrange(0, 40),
        "conversion_value": round(random_numbers.random() * 4_000, 2),
    }


def klaviyo_values(*, count: int, seed: int = 1) -> Iterator[Row]:
    """Results of Klaviyo's campaign values report: the messages of a day's campaigns, with the day they were sent,
    which only the question says (see `in_answers`).
    """
    random_numbers = random.Random(seed)
    for number in range(count):
        day, message = divmod(number, ADS_A_DAY)
        yield {
            "groupings": {
                "campaign_id": f"01J{day:05d}C{message // MESSAGES_A_CAMPAIGN:017d}",
                "campaign_message_id": f"01J{day:05d}M{message:017d}",
                "send_channel": "email",
            },
            "statistics": klaviyo_numbers(random_numbers),
        }


def in_answers(results: Iterator[Row]) -> Iterator[Row]:
    """Results as the API answers and our connector keeps them: a day's in one document, beside the question."""
    for number in counting(0):
        if not (some := list(islice(results, ADS_A_DAY))):
            return
        day = (FIRST_DAY + timedelta(days=number)).isoformat()
        yield {
            "request": {"timeframe": {"start": f"{day}T00:00:00+00:00", "end": f"{day}T23:59:59+00:00"}},
            "response": {
                "data": {"type": "campaign-values-report", "id": ANSWER, "attributes": {"results": some}},
                "links": {"self": "https://a.klaviyo.com/api/campaign-values-reports"},
            },
        }


def klaviyo_rows(*, count: int, seed: int = 1) -> Iterator[Row]:
    """Flow messages by day, as somebody may write them down from Klaviyo's series: no answer of the API is so."""
    random_numbers = random.Random(seed)
    for number in range(count):
        message = number % ADS_A_DAY
        day = (FIRST_DAY + timedelta(days=number // ADS_A_DAY)).isoformat()
        yield {
            "account_id": "XaBc12",
            "groupings": {
                "flow_id": f"Fl{message // MESSAGES_A_CAMPAIGN:04d}",
                "flow_message_id": f"01GMRWDSA0ARTAKE1SFX{message:06d}",
                "send_channel": "email",
            },
            "statistics": klaviyo_numbers(random_numbers),
            "interval_from": day,
            "interval_to": day,
        }


SHAPES = {"meta": rows, "google": google_rows, "klaviyo": klaviyo_values, "klaviyo_rows": klaviyo_rows}
IN_ANSWERS = frozenset({"klaviyo"})
"""Shapes whose rows lie in answers, one document a line."""


def changed(made: Iterator[Row]) -> Iterator[Row]:
    """The same rows, one in `CHANGED_ONE_IN` with one cent more spend."""
    for number, row in enumerate(made):
        if number % CHANGED_ONE_IN == 0:
            if "spend" in row:
                row["spend"] = f"{float(str(row['spend'])) + 0.01:.2f}"
            elif "metrics" in row:
                row["metrics"]["costMicros"] = str(int(row["metrics"]["costMicros"]) + 10_000)
            else:
                row["statistics"]["opens"] += 1
        yield row


def shuffled_lines(made: Iterator[Row], *, seed: int = 2) -> list[bytes]:
    """The same documents as lines in another order, with their keys reversed and spaces after the separators; results
    inside of them likewise.
    """
    lines = [orjson.dumps(reversed_keys(one, seed)).replace(b'":', b'": ').replace(b',"', b', "') for one in made]
    random.Random(seed).shuffle(lines)
    return lines


def reversed_keys(document: Row, seed: int) -> Row:
    """The document with its keys, and those of its results, in reverse; the results in another order."""
    if "response" in document:
        results = [dict(reversed(one.items())) for one in document["response"]["data"]["attributes"]["results"]]
        random.Random(seed).shuffle(results)
        document["response"]["data"]["attributes"]["results"] = results
    return dict(reversed(document.items()))


def write(path: Path, *, count: int, variant: str = "plain", seed: int = 1, shape: str = "meta") -> int:
    """Write one variant; returns the bytes written."""
    made = SHAPES[shape](count=count, seed=seed)
    made = changed(made) if variant == "changed" else made
    made = in_answers(made) if shape in IN_ANSWERS else made
    lines = shuffled_lines(made) if variant == "shuffled" else map(orjson.dumps, made)
    with path.open("wb") as out:
        for line in lines:
            out.write(line + b"\n")
    return path.stat().st_size


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--variant", choices=("plain", "shuffled", "changed"), default="plain")
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    size = write(asked.out, count=asked.rows, variant=asked.variant, seed=asked.seed)
    print(f"{asked.out}: {asked.rows} rows, {size / asked.rows:.0f} bytes a row")


if __name__ == "__main__":
    main()
