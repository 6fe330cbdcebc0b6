"""How much slower than hand-written SQL is a query through the engine, on 10,000,000 facts in an encrypted file?

    python benchmarks/insights.py [--facts 10000000] [--runs 9] [--readers 10]

Rival: SQL written by hand for the same numbers on the same file and connection settings, run in turns with ours, once
from the table that we read too and once from the facts. The Home page's queries read the rollup by day and campaign;
those by ad read the facts and are here for information. Ours includes all that a page waits for: planning, totals,
changes, coverage; no answer is kept. Bounds for the Home page's: median ratio to the same table 1.25, none 30 ms
slower, ten closed-loop readers p95 300 ms.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from bounds import Bound, judge
from kalends.base.warehouse import DuckWarehouse
from kalends.insight.comparisons import compare
from kalends.insight.engine import Asker, Engine, run
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query, Snapshot
from kalends.marketing.records import TABLES

FIRST, DAYS, ADS = date(2021, 1, 1), 1000, 10
LAST = FIRST + timedelta(days=DAYS - 1)
MONTH = Period(LAST - timedelta(days=29), LAST, "last 30 days")
YEAR = Period(LAST - timedelta(days=364), LAST, "last 365 days")
QUARTER = Period(LAST - timedelta(days=83), LAST, "twelve weeks")
FIGURES = ("spend", "revenue", "roas", "conversions")

MAKE_FACTS = """
INSERT INTO facts BY NAME
SELECT ['google_ads', 'facebook_ads', 'linkedin_ads', 'tiktok_ads'][1 + c % 4] AS data_source, 'ad' AS report,
    'a' || c % 12 AS account_id, 'c' || c AS campaign_id, 'g' || c AS ad_group_id, 'ad' || c || '_' || a AS ad_id,
    '{}' AS breakdowns, '' AS attribution, day AS date_from, day AS date_to, 'Account ' || c % 12 AS account_name,
    'Campaign ' || c AS campaign_name, 'Ad ' || a AS ad_name,
    ['paid_search', 'paid_social', 'display', 'video'][1 + c % 4] AS channel, 'EUR' AS currency,
    CAST(hash(c, a, day) % 100000 / 1000 AS DECIMAL(18, 6)) AS spend,
    CAST(hash(c, a, day, 1) % 10000 AS BIGINT) AS impressions, CAST(hash(c, a, day, 2) % 300 AS BIGINT) AS clicks,
    CAST(hash(c, a, day, 3) % 20 AS DOUBLE) AS conversions,
    CAST(hash(c, a, day, 4) % 300000 / 1000 AS DECIMAL(18, 6)) AS revenue, CAST(uuid() AS UUID) AS key_hash,
    0 AS row_hash, 1 AS source_row, 1 AS batch_seq, TIMESTAMPTZ '2024-01-01' AS recorded_at,
    TIMESTAMPTZ '2024-01-01' AS reported_at, false AS is_deleted
FROM (SELECT CAST(DATE '2021-01-01' + CAST(d AS INT) AS DATE) AS day FROM range($days) AS t(d))
    CROSS JOIN range($campaigns) AS c(c) CROSS JOIN range(10) AS a(a)
"""
MAKE_DAILY = """
INSERT INTO daily BY NAME
SELECT date_from AS date, data_source, account_id, campaign_id, channel, currency, account_name, campaign_name, report,
    sum(spend) AS spend, CAST(sum(impressions) AS BIGINT) AS impressions, CAST(sum(clicks) AS BIGINT) AS clicks,
    sum(conversions) AS conversions, sum(revenue) AS revenue
FROM facts GROUP BY ALL ORDER BY date, campaign_id
"""
MAKE_REPORT_DAYS = """
INSERT INTO report_days BY NAME
SELECT date, data_source, account_id, 'ad' AS report, count(*) AS "rows", 0 AS repeats, sum(spend) AS spend,
    CAST(sum(impressions) AS BIGINT) AS impressions, CAST(sum(clicks) AS BIGINT) AS clicks,
    sum(conversions) AS conversions, sum(revenue) AS revenue, true AS is_covering
FROM daily GROUP BY ALL ORDER BY date
"""

SUMS = """sum(spend) FILTER (WHERE date BETWEEN $start0 AND $end0) AS spend,
    sum(revenue) FILTER (WHERE date BETWEEN $start0 AND $end0) AS revenue,
    sum(conversions) FILTER (WHERE date BETWEEN $start0 AND $end0) AS conversions,
    sum(spend) FILTER (WHERE date BETWEEN $start1 AND $end1) AS spend_before,
    sum(revenue) FILTER (WHERE date BETWEEN $start1 AND $end1) AS revenue_before,
    sum(conversions) FILTER (WHERE date BETWEEN $start1 AND $end1) AS conversions_before"""
PLAIN = "sum(spend) AS spend, sum(revenue) AS revenue, sum(conversions) AS conversions"
BOTH = "FROM {t} WHERE date BETWEEN $start0 AND $end0 OR date BETWEEN $start1 AND $end1"
ONE = "FROM {t} WHERE date BETWEEN $start0 AND $end0"
MOVED = "CASE WHEN date < $start0 THEN date + 364 ELSE date END"
WEEKS = "SELECT date_trunc('week', date) AS week, sum(spend) AS spend"
FACTS = "(SELECT *, date_from AS date FROM facts WHERE report = 'ad' AND date_to = date_from)"


TWO_ADS = (Filter("channel", ("video",)), Filter("ad_id", ("ad3_1", "ad7_2")))


def questions():
    """(name, what it reads, our query, the same by hand)."""
    before = compare("previous_period", period=MONTH)
    last_year = compare("same_weekdays_last_year", period=YEAR)
    top = {"order": ("-spend",), "limit": 10}
    weekdays = compare("same_weekdays_last_year", period=QUARTER)
    return [
        ("Home: figures and channels", "daily", Query(FIGURES, QUARTER, ("channel",), compare_to=weekdays),
         f"SELECT channel, {SUMS} {BOTH} GROUP BY 1 ORDER BY 1"),
        ("Home: the curve", "daily", Query(FIGURES, QUARTER, ("date",), compare_to=weekdays),
         f"SELECT {MOVED} AS day, {SUMS} {BOTH} GROUP BY 1 ORDER BY 1"),
        ("key figures, compared", "daily", Query(FIGURES, MONTH, compare_to=before), f"SELECT {SUMS} {BOTH}"),
        ("key figures, a year", "daily", Query(FIGURES, YEAR, compare_to=last_year), f"SELECT {SUMS} {BOTH}"),
        ("trend by day", "daily", Query(FIGURES, MONTH, ("date",)),
         f"SELECT date, {PLAIN} {ONE} GROUP BY 1 ORDER BY 1"),
        ("trend by day, a year", "daily", Query(FIGURES, YEAR, ("date",)),
         f"SELECT date, {PLAIN} {ONE} GROUP BY 1 ORDER BY 1"),
        ("by channel, compared", "daily", Query(FIGURES, MONTH, ("channel",), compare_to=before),
         f"SELECT channel, {SUMS} {BOTH} GROUP BY 1 ORDER BY 1"),
        ("sparklines by channel", "daily", Query(("spend",), MONTH, ("date", "channel")),
         f"SELECT date, channel, sum(spend) AS spend {ONE} GROUP BY 1, 2 ORDER BY 1, 2"),
        ("ten best campaigns", "daily", Query(FIGURES, MONTH, ("campaign_name",), **top),
         f"SELECT campaign_name, {PLAIN} {ONE} GROUP BY 1 ORDER BY 2 DESC LIMIT 10"),
        ("ten best ads", "facts", Query(FIGURES, MONTH, ("ad_id",), **top),
         f"SELECT ad_id, {PLAIN} {ONE} GROUP BY 1 ORDER BY 2 DESC LIMIT 10"),
        ("ads of a channel by week", "facts", Query(("spend",), YEAR, ("week",), TWO_ADS),
         f"{WEEKS} {ONE} AND channel = 'video' AND ad_id IN ('ad3_1', 'ad7_2') GROUP BY 1 ORDER BY 1"),
        ("ads by day, a year", "facts", Query(FIGURES, YEAR, ("date",), (Filter("ad_group_id", ("g1",), "not_in"),)),
         f"SELECT date, {PLAIN} {ONE} AND ad_group_id <> 'g1' GROUP BY 1 ORDER BY 1"),
    ]  # fmt: skip


def fill(tenant, facts):
    campaigns = max(1, facts // (DAYS * ADS))
    for name, schema in TABLES.items():
        tenant.create(name, schema)
    began = time.perf_counter()
    tenant.run(MAKE_FACTS, {"days": DAYS, "campaigns": campaigns})
    tenant.run(MAKE_DAILY)
    tenant.run(MAKE_REPORT_DAYS)
    tenant.checkpoint()
    print(f"{campaigns * DAYS * ADS:,} facts made in {time.perf_counter() - began:.0f} s")


def values(query):
    spans = [query.period, *([query.compare_to.period] if query.compare_to else [])]
    return {f"{edge}{n}": getattr(span, edge) for n, span in enumerate(spans) for edge in ("start", "end")}


@contextmanager
def timed(into):
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1000)


def compare_one(tenant, ask, question, runs):
    """Milliseconds of ours, by hand from the same table, and by hand from the facts: medians of alternating runs,
    after checking that the numbers are equal.
    """
    _, table, query, sql = question
    given = values(query)
    rivals = [sql.format(t=FACTS if table == "facts" else "daily"), sql.format(t=FACTS)]
    for rival in rivals:
        theirs = tenant.execute(rival, given).column("spend").to_pylist()
        assert theirs == run(ask, query).table.column("spend").to_pylist()
    took = [[], [], []]
    for _ in range(runs):
        with timed(took[0]):
            run(ask, query)
        for rival, into in zip(rivals, took[1:], strict=True):
            with timed(into):
                tenant.execute(rival, given)
    return [statistics.median(times) for times in took]


def read_along(warehouse, tenant_id, engine, snapshot, table, readers, seconds=10.0):
    """95th percentile in ms of closed-loop readers who ask the questions in turn."""
    took, stop = [], time.perf_counter() + seconds
    asked = [question for question in questions() if question[1] == table]

    def reader(number):
        with warehouse.tenant(tenant_id) as tenant:
            ask = Asker(engine=engine, warehouse=tenant, snapshot=snapshot)
            while time.perf_counter() < stop:
                number += 1
                with timed(took):
                    run(ask, asked[number % len(asked)][2])

    threads = [threading.Thread(target=reader, args=(n,)) for n in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statistics.quantiles(took, n=20)[-1], len(took)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--facts", type=int, default=10_000_000)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--readers", type=int, default=10)
    given = options.parse_args()
    tenant_id, engine, snapshot = uuid.uuid4(), Engine(), Snapshot(1, 1, LAST + timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder:
        warehouse = DuckWarehouse(folder=Path(folder), key_for=lambda _: b"k" * 32, memory_limit="2GB")
        with warehouse.tenant(tenant_id) as tenant:
            fill(tenant, given.facts)
            ask = Asker(engine=engine, warehouse=tenant, snapshot=snapshot)
            bounds = report(tenant, ask, given.runs)
        for table in ("daily", "facts"):
            p95, count = read_along(warehouse, tenant_id, engine, snapshot, table, given.readers)
            told = f"{given.readers} closed-loop readers of {table}: p95 {p95:.0f} ms over {count} queries"
            print(f"{told} (load {os.getloadavg()[0]:.1f})")
            if table == "daily":
                bounds.append(Bound(f"p95 of {given.readers} readers of the Home page's queries, ms", p95, at_most=300))
        warehouse.close()
    return judge(bounds)


def report(tenant, ask, runs):
    """One line per question, and the medians of the ratios; gives what was promised of them."""
    ratios = {"daily": [], "facts": [], "facts, for the Home page": []}
    slower = []
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'question':28}{'reads':>7}{'ours ms':>9}{'by hand':>9}{'ratio':>7}{'more ms':>9}{'facts by hand':>15}")
    for question in questions():
        ours, same, facts = compare_one(tenant, ask, question, runs)
        ratios[question[1]].append(ours / same)
        if question[1] == "daily":
            ratios["facts, for the Home page"].append(ours / facts)
            slower.append(ours - same)
        took = f"{ours:>9.1f}{same:>9.1f}{ours / same:>7.2f}{ours - same:>9.1f}{facts:>15.1f}"
        print(f"{question[0]:28}{question[1]:>7}{took}")
    for rival, found in ratios.items():
        print(f"median ratio to SQL by hand from {rival}: {statistics.median(found):.2f}")
    return [
        Bound("Home page's queries, times SQL by hand", statistics.median(ratios["daily"]), at_most=1.25),
        Bound("most that one of them is slower, ms", max(slower), at_most=30),
    ]


if __name__ == "__main__":
    sys.exit(main())
