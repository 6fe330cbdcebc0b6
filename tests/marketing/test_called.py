"""Names that came as rows of their own, in the rollup: by a plain oracle, on every engine, word by word."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from kalends.insight.past import tables_at
from kalends.marketing import entities, renames, rollup
from kalends.marketing.records import ENTITY_NAMES_SCHEMA

DAY = date(2026, 2, 1)
SOURCES, ACCOUNTS, CAMPAIGNS, NAMES = ("snap", "li"), ("a", "b"), ("c1", "c2", "c3"), ("Old", "Mid", "New")


def fact(number, source, account, campaign, day, **own):
    return {
        "data_source": source, "account_id": account, "campaign_id": campaign, "report": "campaign", "date_from": day,
        "date_to": day, "source_row": number, "spend": Decimal(number), "impressions": 100,
    } | own  # fmt: skip


def word(seq, said, source, level, account, entity, name):
    return {
        "data_source": source, "level": level, "account_id": account, "entity_id": entity, "name": name, "said": said,
        "batch_seq": seq, "source_row": 1,
    }  # fmt: skip


def called_on(words, source, level, accounts, entity, day):
    """What those words call something on a day: the last one said until then, else the first."""
    for account in accounts:
        told = [
            one for one in words
            if (one["data_source"], one["level"], one["entity_id"]) == (source, level, entity)
            and (level == "account" or one["account_id"] == account)
        ]  # fmt: skip
        told.sort(key=lambda one: (one["said"], one["batch_seq"]))
        if told:
            return ([one for one in told if one["said"] <= day] or told[:1])[-1]["name"]
    return None


def expected(rows, words):
    """Per row of `daily` its account's and its campaign's name."""
    return {
        (row["data_source"], row["account_id"], row["campaign_id"], row["date_from"]): (
            row.get("account_name")
            or called_on(words, row["data_source"], "account", ["-"], row["account_id"], row["date_from"]),
            row.get("campaign_name")
            or called_on(
                words, row["data_source"], "campaign", [row["account_id"], ""], row["campaign_id"], row["date_from"]
            ),
        )
        for row in rows
    }


NAMES_OF = "data_source, account_id, campaign_id, date, account_name, campaign_name"
NOW = """SELECT DISTINCT d.data_source, d.account_id, d.campaign_id, coalesce(r.name, d.campaign_name) AS name
FROM daily AS d LEFT JOIN renames AS r ON r.column_name = 'campaign_name' AND r.data_source = d.data_source
AND r.account_id = d.account_id AND r.campaign_id = d.campaign_id"""


def plain(rows, keys):
    return {tuple(row.values())[:keys]: tuple(row.values())[keys:] for row in rows.to_pylist()}


def names_in(tenant):
    return plain(tenant.execute(f"SELECT {NAMES_OF} FROM daily"), 4)


def now_in(tenant):
    """What each campaign is called now."""
    return {key: name for key, (name,) in plain(tenant.execute(NOW), 3).items()}


def expected_now(rows, words):
    """Per campaign the newest word: a row's own on its newest day, or one that was said since."""
    told = {}
    for key, (_, name) in expected(rows, words).items():
        told.setdefault(key[:3], []).append((key[3], name or ""))
    for key, each in told.items():
        about = (key[0], "campaign", key[2])
        said = [one for one in words if (one["data_source"], one["level"], one["entity_id"]) == about]
        own = [one for one in said if one["account_id"] == key[1]] or [one for one in said if not one["account_id"]]
        newest = max(own, key=lambda one: (one["said"], one["batch_seq"]), default=None)
        if newest:
            each.append((newest["said"], newest["name"]))
    return {
        key: max(((day, name) for day, name in each if name), default=(None, None))[1] for key, each in told.items()
    }


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


def take_back(tenant, seq, gone):
    tenant.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES ({seq}, {gone})")
    rollup.rename(tenant, batches=[gone])


def random_words(rng, seq):
    for _ in range(rng.randint(1, 3)):
        level = rng.choice(["campaign", "campaign", "campaign", "account", "ad"])
        entity = rng.choice(ACCOUNTS if level == "account" else CAMPAIGNS)
        # In all but a few batches what is said later comes later.
        said = DAY + timedelta(days=min(seq, 12) if rng.random() < 0.8 else rng.randint(-5, 12))
        yield word(seq, said, rng.choice(SOURCES), level, rng.choice(["", *ACCOUNTS]), entity, rng.choice(NAMES))


@pytest.mark.parametrize("seed", range(2))
def test_every_row_is_called_as_on_its_day_whenever_the_names_come_and_go(tenant, load, seed):
    rng = random.Random(seed)
    places = [
        (s, a, c, DAY + timedelta(days=n)) for s in SOURCES for a in ACCOUNTS for c in CAMPAIGNS for n in range(8)
    ]
    own = ({}, {}, {}, {"campaign_name": "Own"}, {"account_name": "Shop"})
    rows = [fact(number, *place, **rng.choice(own)) for number, place in enumerate(places, start=1)]
    load(rows[::2])
    said, past = {}, {}
    for seq in range(2, 14):
        if seq == 7:
            load(rows[1::2])
            continue
        if said and rng.random() < 0.3:
            gone = rng.choice(sorted(said))
            take_back(tenant, seq, gone)
            del said[gone]
        else:
            # Of one thing nobody says two names at once.
            made = {(one["data_source"], one["level"], one["entity_id"]): one for one in random_words(rng, seq)}
            said[seq] = list(made.values())
            say(tenant, *said[seq])
        words = [one for each in said.values() for one in each]
        loaded = rows if seq > 7 else rows[::2]
        assert names_in(tenant) == expected(loaded, words)
        assert now_in(tenant) == expected_now(loaded, words)
        past[seq] = words
    for version in rng.sample(sorted(past), 2):
        known = tables_at(tenant, version).instead
        told = tenant.to_arrow(known["daily"].select(*NAMES_OF.split(", ")))
        assert plain(told, 4) == expected(rows, past[version])
        now = renames.named_now(known["daily"], "campaign_name", known[renames.TABLE])
        told = tenant.to_arrow(now.select(*renames.IDS["campaign_name"], "campaign_name").distinct())
        assert {key: name for key, (name,) in plain(told, 3).items()} == expected_now(rows, past[version])
    before = names_in(tenant)
    tenant.run("DELETE FROM daily")
    tenant.stage_query("days", "SELECT DISTINCT data_source, account_id, date_from AS date FROM facts")
    rollup.renew(tenant, days="days")
    assert names_in(tenant) == before


def test_a_name_makes_nobody_elses_days_anew(tenant, load):
    days = [DAY + timedelta(days=number) for number in range(3)]
    load([fact(n, "snap", a, c, day) for n, day in enumerate(days, start=1) for a in "ab" for c in ("c1", "c2")])
    tenant.run("UPDATE daily SET clicks = 7")
    say(tenant, word(2, days[1], "snap", "campaign", "a", "c1", "Named"))
    rows = tenant.execute("SELECT account_id, campaign_id, clicks, spend, campaign_name FROM daily").to_pylist()
    renewed = [row for row in rows if row["clicks"] is None]
    assert {(row["account_id"], row["campaign_id"], row["campaign_name"]) for row in renewed} == {("a", "c1", "Named")}
    assert sorted(row["spend"] for row in renewed) == [1, 2, 3]
    assert {row["campaign_name"] for row in rows if row["clicks"] == 7} == {None}
