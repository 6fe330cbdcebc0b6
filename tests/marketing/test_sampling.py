"""A file's beginning: whole lines only, unpacked, and the row that a number came from in every format."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kalends.marketing.lineage import read_row
from kalends.marketing.preview import guess_source
from kalends.marketing.sampling import Sample, TooLargeToPreviewError, take_sample

pytestmark = pytest.mark.unit
LINES = b"".join(b"2026-02-%02d,W,%d\n" % (place % 28 + 1, place) for place in range(1000))
ROWS = [{"day": "2026-02-01", "spend": str(place)} for place in range(1, 6)]


def of(content):
    return lambda: io.BytesIO(content)


@pytest.mark.parametrize("packed", [LINES, gzip.compress(LINES)], ids=["plain", "gzip"])
def test_a_sample_ends_with_a_whole_line(packed):
    sample = take_sample(of(packed), limit=1000)
    assert sample.is_partial
    assert len(sample.plain) <= 1000
    assert LINES.startswith(sample.plain)
    assert sample.plain.endswith(b"\n")
    assert take_sample(of(packed), limit=1 << 20) == Sample(LINES, is_partial=False)


def test_utf16_is_cut_between_its_characters():
    text = LINES.decode().encode("utf-16")
    sample = take_sample(of(text), limit=1001)
    assert LINES.decode().startswith(sample.plain.decode("utf-16"))


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def test_parquet_is_looked_at_whole_or_not_at_all():
    content = parquet(ROWS)
    assert take_sample(of(content), limit=10).plain == content
    with pytest.raises(TooLargeToPreviewError):
        take_sample(of(content), limit=10, whole_limit=100)


@pytest.mark.parametrize(
    "content",
    [
        b"\n\n".join(json.dumps(row).encode() for row in ROWS),
        json.dumps(ROWS).encode(),
        b"day,spend\n" + b"".join(f"{row['day']},{row['spend']}\n".encode() for row in ROWS),
        gzip.compress(b"My report\nday,spend\n" + b"".join(f"{r['day']},{r['spend']}\n".encode() for r in ROWS)),
        parquet(ROWS),
    ],
    ids=["ndjson", "json", "csv", "titled csv, gzip", "parquet"],
)
def test_a_row_is_read_back(content):
    assert read_row(of(content), row=3).cells == ROWS[2]
    assert read_row(of(content), row=6) is None


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("date,campaign,spend,clicks", "file"),
        ("date,customer_id,campaign_id,cost_micros,clicks", "google_ads"),
        ("date_start,adset_id,ad_id,spend,inline_link_clicks,account_currency", "facebook_ads"),
        (
            "date,campaignId,adGroupId,keywordId,campaignBudgetCurrencyCode,cost,clicks,purchases14d,sales14d",
            "amazon_ads",
        ),
        ("TimePeriod,AccountId,CampaignId,DeviceType,Spend,ConversionsQualified", "microsoft_ads"),
        ("ad_squad_id,date,swipes,spend,conversion_purchases,conversion_save,shares", "snapchat_ads"),
        ("DATE,AD_ACCOUNT_ID,TARGETING_TYPE,TARGETING_VALUE,IMPRESSION_2,CLICKTHROUGH_1", "pinterest_ads"),
        ("date,ad_group_id,taps,tap_installs,local_spend_amount,local_spend_currency", "apple_search_ads"),
    ],
)
def test_a_platform_is_known_by_columns_of_its_own(header, source):
    row = ",".join("1" for _ in header.split(","))
    assert guess_source(Sample(f"{header}\n{row}\n".encode(), is_partial=False), file_name="export.csv") == source
