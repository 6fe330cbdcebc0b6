"""Ads whose rows do not say their campaign, in the campaign that rows of names say: by a plain oracle, as words come
and go, in the rollup, as of earlier, and in reconciliation.
"""

import random
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from kalends.insight.past import tables_at
from kalends.marketing import entities, rollup
from kalends.marketing.reconciliation.past import daily_at
from kalends.marketing.records import ENTITY_NAMES_SCHEMA

DAY = date(2026, 2, 1)
LAST = DAY + timedelta(days=9)
ADS, GROUPS, CAMPAIGNS = ("a1", "a2", "a3"), ("g1", "g2"), ("c1", "c2")
CHOICES = {"ad.ad_group_id": (ADS, GROUPS), "ad.campaign_id": (ADS, CAMPAIGNS), "ad_group.campaign_id": (GROUPS, CAMPAIGNS)}  # fmt: skip


def fact(number, account, ad, day, **own):
    return {
        "data_source": "snap", "account_id": account, "ad_id": ad, "report": "ad", "date_from": day, "date_to": day,
        "source_row": number, "spend": Decimal(number), "impressions": 100,
    } | own  # fmt: skip


def word(seq, said, level, account, entity, above):
    return {
        "data_source": "snap", "level": level, "account_id": account, "entity_id": entity, "name": above, "said": said,
        "batch_seq": seq, "source_row": 1,
    }  # fmt: skip


def said_on(words, level, account, entity, day):
    """What those words say something is in on a day: the account's own before those of none, the last one until then,
    else the first; '' where nobody says it.
    """
    for whose in (account, ""):
        told = [one for one in words if (one["level"], one["account_id"], one["entity_id"]) == (level, whose, entity)]
        told.sort(key=lambda one: (one["said"], one["batch_seq"]))
        if told:
            return ([one for one in told if one["said"] <= day] or told[:1])[-1]["name"]
    return ""


def campaign_of(row, words):
    account, day = row["account_id"], row["date_from"]
    group = row.get("ad_group_id") or said_on(words, "ad.ad_group_id", account, row["ad_id"], day)
    by_ad = row.get("campaign_id") or said_on(words, "ad.campaign_id", account, row["ad_id"], day)
    return by_ad or said_on(words, "ad_group.campaign_id", account, group, day)


def expected(rows, words):
    """The spend per account, campaign and day."""
    found = {}
    for row in rows:
        key = row["account_id"], campaign_of(row, words), row["date_from"]
        found[key] = found.get(key, 0) + row["spend"]
    return found


def sums(rows):
    return {(row["account_id"], row["campaign_id"], row["date"]): row["spend"] for row in rows}


def in_daily(tenant):
    return sums(tenant.execute("SELECT account_id, campaign_id, date, spend FROM daily").to_pylist())


@pytest.fixture
def load(tenant, stage):
    def load_rows(rows):
        stage(rows)
        columns = ", ".join(tenant.table("staged").columns)
        tenant.run(
            f"INSERT INTO facts ({columns}, batch_seq, recorded_at, reported_at, is_deleted)"
            f" SELECT {columns}, 1, now(), now(), false FROM staged"
        )
        tenant.stage_query("days", "SELECT DISTINCT data_source, account_id, date_from AS date FROM staged")
        rollup.renew(tenant, days="days")

    return load_rows


def say(tenant, *words):
    tenant.append(entities.TABLE, pa.Table.from_pylist(list(words), schema=ENTITY_NAMES_SCHEMA.to_pyarrow()))
    rollup.rename(tenant, batches=sorted({one["batch_seq"] for one in words}))


def random_words(rng, seq):
    for _ in range(rng.randint(1, 3)):
        level = rng.choice(list(CHOICES))
        things, above = CHOICES[level]
        said = DAY + timedelta(days=min(seq, 12) if rng.random() < 0.8 else rng.randint(-5, 12))
        yield word(seq, said, level, rng.choice(["", "a", "b"]), rng.choice(things), rng.choice(above))
    if rng.random() < 0.5:  # a name renews its campaign's days, whoever says what is in it
        yield word(seq, DAY, "campaign", "", rng.choice(CAMPAIGNS), rng.choice(["Old", "New"]))


@pytest.mark.parametrize("seed", range(2))
def test_every_ad_counts_for_the_campaign_that_was_said_on_its_day(tenant, load, seed):
    rng = random.Random(seed)
    places = [(account, ad, DAY + timedelta(days=n)) for account in "ab" for ad in ADS for n in range(8)]
    own = ({}, {}, {}, {"campaign_id": "c9"}, {"ad_group_id": "g1"})
    rows = [fact(number, *place, **rng.choice(own)) for number, place in enumerate(places, start=1)]
    load(rows[::2])
    said, past = {}, {}
    for seq in range(2, 14):
        if seq == 7:
            load(rows[1::2])
            continue
        if said and rng.random() < 0.3:
            gone = rng.choice(sorted(said))
            tenant.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES ({seq}, {gone})")
            rollup.rename(tenant, batches=[gone])
            del said[gone]
        else:
            # Of one thing nobody says two things at once.
            said[seq] = list(
                {(one["level"], one["account_id"], one["entity_id"]): one for one in random_words(rng, seq)}.values()
            )
            say(tenant, *said[seq])
        words = [one for each in said.values() for one in each]
        assert in_daily(tenant) == expected(rows if seq > 7 else rows[::2], words)
        past[seq] = words
    assert any(campaign for _, campaign, _ in expected(rows, words)), "the words say something"
    for version in rng.sample(sorted(past), 3):
        daily = tables_at(tenant, version).instead["daily"]
        told = tenant.to_arrow(daily.select("account_id", "campaign_id", "date", "spend")).to_pylist()
        assert sums(told) == expected(rows, past[version])
        kept = daily_at(tenant, version=version, first=DAY, last=LAST)
        summed = kept.aggregate(by=["account_id", "campaign_id", "date"], spend=kept.spend.sum())
        assert sums(tenant.to_arrow(summed).to_pylist()) == expected(rows, past[version])
    before = in_daily(tenant)
    tenant.run("DELETE FROM daily")
    tenant.stage_query("days", "SELECT DISTINCT data_source, account_id, date_from AS date FROM facts")
    rollup.renew(tenant, days="days")
    assert in_daily(tenant) == before


def test_where_campaigns_speak_for_the_days_nothing_is_made_anew(tenant, load):
    load([fact(1, "a", "", DAY, campaign_id="c1", report="campaign"), fact(1, "a", "a1", DAY)])
    tenant.run("UPDATE daily SET clicks = 7")
    say(tenant, word(2, DAY, "ad.campaign_id", "a", "a1", "c2"))
    assert tenant.execute("SELECT campaign_id, clicks FROM daily").to_pylist() == [{"campaign_id": "c1", "clicks": 7}]
