"""Which report speaks for an account's day: the rule on plain values, and the SQL that must equal it."""

import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.marketing import rollup
from kalends.marketing.attribution import THING, preference
from kalends.marketing.reconciliation import past
from kalends.marketing.rollup import Totals, chosen, covering

DAY = date(2026, 2, 1)
REPORTS = ["account", "campaign", "ad_group", "ad", "keyword", "ad/age+gender", "campaign/country", "flow"]


METRICS = ("spend", "impressions", "clicks", "revenue", "conversions", "sessions")


def totals(report, *amounts):
    spend, impressions, clicks, revenue, conversions, sessions = (*amounts, *[None] * (6 - len(amounts)))
    spend, revenue, conversions = (n if n is None else Decimal(n) for n in (spend, revenue, conversions))
    return Totals(
        report=report, spend=spend, impressions=impressions, clicks=clicks, revenue=revenue, conversions=conversions,
        sessions=sessions,
    )  # fmt: skip


def nameless(report, *amounts):
    """Totals of rows that name no campaign."""
    return replace(totals(report, *amounts), names_campaigns=False)


def outcome(report, *amounts):
    """Totals of a platform that knows no ads."""
    return totals(report, None, None, None, *amounts)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], None),
        ([totals("ad", "1")], "ad"),
        ([totals("account", "100"), totals("campaign", "100"), totals("ad", "100")], "ad"),
        # Performance Max spends without ads: the ad report is short of the campaigns'.
        ([totals("campaign", "100"), totals("ad", "80")], "campaign"),
        ([totals("campaign", "100"), totals("ad", "99.5")], "ad"),
        ([totals("campaign", "100"), totals("ad", "99.499999")], "campaign"),
        # Enough spend, too few clicks.
        ([totals("campaign", "100", 1000, 50), totals("ad", "100", 1000, 40)], "campaign"),
        # A keyword report that does not deliver impressions cannot show that it covers them.
        ([totals("campaign", "100", 1000), totals("keyword", "100")], "campaign"),
        ([totals("ad", "100"), totals("ad/age+gender", "100")], "ad"),
        ([totals("campaign", "100"), totals("ad/age+gender", "100")], "ad/age+gender"),
        # A breakdown that lists a click twice is no total.
        ([totals("ad", "100", None, 50), totals("ad/action", "100", None, 100)], "ad"),
        ([totals("account", "100"), totals("campaign", "60")], "account"),
        # Without any of the three metrics, the outcomes decide: deals without a campaign are in the account's alone.
        ([outcome("account", "900", 9), outcome("campaign", "900", 9)], "campaign"),
        ([outcome("account", "900", 9), outcome("campaign", "600", 6)], "account"),
        ([outcome("campaign", "900"), outcome("ad", "900", 0)], "ad"),
        ([outcome("campaign", None, "2.5"), outcome("ad", None, "2.4")], "campaign"),
        ([outcome("account", None, None, 1000), outcome("account/event", None, None, 4000)], "account"),
        ([outcome("account", None, None, 1000), outcome("account/device", None, None, 1000)], "account"),
        # Where one of the three is known, what conversions a report gives decides nothing.
        ([totals("campaign", "100", None, None, "900"), totals("ad", "100")], "ad"),
        ([totals("campaign", "0", 0, 0, "900"), totals("ad", "0", 0, 0, "600")], "campaign"),
        # Without any metric at all, the finest speaks.
        ([totals("account"), totals("campaign")], "campaign"),
        ([totals("account", "0"), totals("campaign", "0")], "campaign"),
        # Ads that do not say whose they are speak for the account and not for its campaigns.
        ([totals("campaign", "100"), nameless("ad", "100")], "campaign"),
        ([totals("account", "100"), nameless("ad", "100")], "ad"),
        ([nameless("ad_group", "100"), nameless("ad", "100")], "ad"),
    ],
)
def test_the_finest_covering_report_speaks(reports, expected):
    assert chosen(reports) == expected


amounts = st.one_of(st.none(), st.integers(0, 2000))
report_sets = st.lists(st.sampled_from(REPORTS), unique=True, max_size=6).flatmap(
    lambda names: st.tuples(*(st.builds(totals, st.just(name), *[amounts] * 6) for name in names))
)


@pytest.mark.unit
@given(report_sets)
def test_the_chosen_report_covers_and_is_the_finest(reports):
    covers = covering(reports)
    best = chosen(reports)
    assert (best is None) == (not covers)
    assert all(rollup.level_of(best) >= rollup.level_of(other) for other in covers)


def fact(number, day, account, totals_of):
    named = {"data_source": "meta", "account_id": account, "date_from": day, "date_to": day, "source_row": number}
    values = {metric: getattr(totals_of, metric) for metric in METRICS}
    if values["conversions"] is not None:
        values["conversions"] = float(values["conversions"])
    campaign = f"c{number % 2}" if totals_of.names_campaigns else ""
    return named | {"report": totals_of.report, "campaign_id": campaign} | values


def random_totals(rng):
    def amount():
        return rng.choice([None, 0, 100000, 99500, 99499, 100501, 50000])

    def money():
        told = amount()
        return told if told is None else Decimal(told).scaleb(-3)

    has_ads = rng.random() < 0.5
    for name in rng.sample(REPORTS, rng.randint(0, 5)):
        ads = (money(), amount(), amount()) if has_ads else (None, rng.choice([None, 0]), None)
        yield replace(totals(name, *ads, money(), money(), amount()), names_campaigns=rng.random() < 0.7)


@pytest.fixture
def load(tenant, stage):
    """Put rows straight into `facts`, which is all that the rollup reads, and renew the days given."""

    def load_rows(rows, *, days="SELECT DISTINCT data_source, account_id, date_from AS date FROM facts"):
        stage(rows)
        columns = ", ".join(tenant.table("staged").columns)
        tenant.run(
            f"INSERT INTO facts ({columns}, batch_seq, recorded_at, reported_at, is_deleted)"
            f" SELECT {columns}, 1, now(), now(), false FROM staged"
        )
        tenant.stage_query("days", days)
        rollup.renew(tenant, days="days")

    return load_rows


def test_the_sql_equals_the_rule(tenant, load):
    rng = random.Random(4)
    places = [(account, DAY + timedelta(days=number)) for account in "ab" for number in range(150)]
    days = {place: reports for place in places if (reports := list(random_totals(rng)))}
    entries = [(day, account, each) for (account, day), reports in days.items() for each in reports]
    load([fact(number, *entry) for number, entry in enumerate(entries, start=1)])
    found = tenant.execute("SELECT account_id, date, report, is_covering FROM report_days").to_pylist()
    assert len(found) == len(entries)
    covers = {(row["account_id"], row["date"], row["report"]) for row in found if row["is_covering"]}
    assert covers == {(*place, report) for place, reports in days.items() for report in covering(reports)}
    spoken = tenant.execute("SELECT account_id, date, report FROM daily").to_pylist()
    speaks = {(row["account_id"], row["date"]): row["report"] for row in spoken}
    assert speaks == {place: best for place, reports in days.items() if (best := chosen(reports))}
    assert set(speaks.values()) >= {"account", "campaign", "ad", "keyword", "ad/age+gender", "flow"}
    # As known at a version, reconciliation hears the same reports.
    known = past.daily_at(tenant, version=1, first=DAY, last=DAY + timedelta(days=150))
    assert sums(tenant.to_arrow(known).to_pylist()) == sums(tenant.execute("SELECT * FROM daily").to_pylist())


def sums(rows):
    """What the days of each account have in all, of some metrics."""
    found = {}
    for row in rows:
        told = found.setdefault((row["account_id"], row["date"]), Counter())
        told.update({name: row[name] or 0 for name in ("spend", "revenue", "conversions")})
    return found


def test_daily_sums_the_chosen_report_alone_and_keeps_null_apart_from_zero(tenant, load):
    campaign = [fact(1, DAY, "a", totals("campaign", "10", 100)), fact(2, DAY, "a", totals("campaign", "5", 50))]
    ad = [fact(number, DAY, "a", totals("ad", "5", 50)) | {"ad_id": f"x{number}"} for number in (3, 4, 5)]
    load([*campaign, *ad])
    found = tenant.execute("SELECT campaign_id, report, spend, impressions, clicks FROM daily ORDER BY 1").to_pylist()
    assert found == [
        {"campaign_id": "c0", "report": "ad", "spend": Decimal(5), "impressions": 50, "clicks": None},
        {"campaign_id": "c1", "report": "ad", "spend": Decimal(10), "impressions": 100, "clicks": None},
    ]


ATTRIBUTIONS = ["", "1d_click", "28d_click", "7d_click_1d_view", "skan", "asked_1d_click"]


def once(rows):
    """Of the rows of one thing, the one under the preferred attribution window."""
    things = {}
    for row in sorted(rows, key=lambda row: preference(row["attribution"]), reverse=True):
        things[tuple(row.get(column, "") for column in THING)] = row
    return list(things.values())


def test_what_is_told_under_several_attribution_windows_is_summed_once(tenant, load):
    rng = random.Random(5)
    places = itertools.product(range(40), "ab", ["campaign", "ad"], ATTRIBUTIONS, ["x1", "x2"])
    rows = [
        fact(number, DAY + timedelta(days=day), account, totals(report, rng.choice([None, 1, 10, 100]), 100, 5))
        | {"ad_id": ad, "attribution": attribution, "conversions": rng.choice([None, 1.0, 2.5])}
        | {"campaign_id": "c"}
        for number, (day, account, report, attribution, ad) in enumerate(places, start=1)
        if rng.random() < 0.4
    ]
    load(rows)
    kept = once(rows)
    assert 20 < len(kept) < len(rows) - 20
    told = tenant.execute('SELECT account_id, date, report, "rows", repeats, conversions FROM report_days').to_pylist()
    for line in told:
        same = [
            [r for r in held if (r["account_id"], r["date_from"], r["report"]) == tuple(line.values())[:3]]
            for held in (kept, rows)
        ]
        conversions = [row["conversions"] for row in same[0] if row["conversions"] is not None]
        assert (line["rows"], line["repeats"]) == (len(same[0]), len(same[1]) - len(same[0]))
        assert line["conversions"] == (sum(conversions) if conversions else None)
    spoken = tenant.execute("SELECT account_id, date, report, sum(spend) AS s FROM daily GROUP BY 1, 2, 3").to_pylist()
    assert spoken
    for line in spoken:
        place = tuple(line.values())[:3]
        spend = [r["spend"] for r in kept if (r["account_id"], r["date_from"], r["report"]) == place and r["spend"]]
        assert line["s"] == (sum(spend) if spend else None)


def test_an_attribution_window_per_ad_set_leaves_nothing_out(tenant, load):
    one, other = (fact(n, DAY, "a", totals("ad", "5", 50)) | {"ad_id": f"x{n}"} for n in (1, 2))
    load([one | {"attribution": "7d_click"}, other | {"attribution": "1d_click"}])
    assert tenant.execute("SELECT sum(spend) AS spend FROM daily").to_pylist() == [{"spend": Decimal(10)}]


def test_period_rows_stay_out(tenant, load):
    load([fact(1, DAY, "a", totals("ad", "7")) | {"date_to": DAY + timedelta(days=6)}])
    assert tenant.execute("SELECT 1 FROM daily UNION ALL SELECT 1 FROM report_days").num_rows == 0


def test_only_the_days_asked_are_renewed(tenant, load):
    later = DAY + timedelta(days=1)
    load([fact(1, DAY, "a", totals("ad", "7")), fact(2, later, "a", totals("ad", "8"))])
    tenant.run("DELETE FROM facts")
    load([], days=f"SELECT 'meta' AS data_source, 'a' AS account_id, DATE '{later}' AS date")
    assert tenant.execute("SELECT date FROM daily").column("date").to_pylist() == [DAY]
    assert tenant.execute("SELECT date FROM report_days").column("date").to_pylist() == [DAY]
