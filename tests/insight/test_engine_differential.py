"""Random questions over random facts of several reports, against a plain evaluation row by row."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.insight.conftest import asker, fact, load

from kalends.insight.comparisons import compare, stands_for
from kalends.insight.dimensions import dimension
from kalends.insight.engine import run
from kalends.insight.metrics import Ratio, metric
from kalends.insight.periods import Period, unit_start
from kalends.insight.query import Filter, Query
from kalends.insight.reports import coarsest_first, finest_first, split_by
from kalends.marketing import renames
from kalends.marketing.attribution import THING, preference
from kalends.marketing.records import COVER_METRICS, OUTCOMES
from kalends.marketing.rollup import Totals, covering

FIRST = date(2023, 12, 20)
DAYS = 24  # across a year's end and a leap year's beginning, few enough that reports meet
REPORTS = ("account", "campaign", "ad", "campaign/country", "ad/age")
CODES = {"DE": "DE", "Germany": "DE", "2276": "DE", "FR": "FR"}
SPLITS = {"campaign_id": ("c1", "c2"), "ad_id": ("1", "2"), "country": (*CODES, "Mars"), "age": ("18-24", "65+")}
DIMENSIONS = (
    "date", "week", "month", "data_source", "account_id", "campaign_id", "channel", "ad_id", "country", "age", "attribution",
    "campaign_name", "campaign_name_then",
)  # fmt: skip
ATTRIBUTIONS = (("",), ("1d_click",), ("", "1d_click"), ("1d_click", "7d_click_1d_view"), ("skan", "asked_1d_click"))
METRICS = ("spend", "clicks", "conversions", "roas", "cpm", "ctr", "reach")

maybe = st.one_of(st.none(), st.integers(0, 50))


@st.composite
def facts(draw):
    """A few accounts, each with one to three reports that split the same days; some of them deliver too little."""
    rows, names = {}, {}
    for _ in range(draw(st.integers(1, 40))):
        report = draw(st.sampled_from(REPORTS))
        splits = {name: draw(st.sampled_from(values)) for name, values in SPLITS.items() if name in split_by(report)}
        breakdown = {name: splits[name] for name in ("age", "country") if name in splits}
        row = dict(  # noqa: C408 - reads like the call that it becomes; only what was drawn, so that a failure can be read
            data_source=draw(st.sampled_from(["google_ads", "facebook_ads"])),
            account_id=draw(st.sampled_from(["a1", "a2"])),
            report=report,
            campaign_id=splits.get("campaign_id", ""),
            ad_id=splits.get("ad_id", ""),
            country=splits.get("country"),
            breakdowns="{" + ",".join(f'"{k}":"{v}"' for k, v in sorted(breakdown.items())) + "}",
            channel=draw(st.sampled_from([None, "video", "search"])),
            day=FIRST + timedelta(days=draw(st.integers(0, DAYS - 1))),
            spend=draw(maybe),
            impressions=draw(maybe),
            clicks=draw(maybe),
            revenue=draw(maybe),
            reach=draw(maybe),
        )
        called = (row["data_source"], row["account_id"], row["campaign_id"], row["day"])
        if row["campaign_id"] and called not in names:
            names[called] = draw(st.sampled_from([None, "A", "B"]))
        row["campaign_name"] = names.get(called)
        key = (row["data_source"], row["account_id"], report, *splits.values(), row["day"])
        for attribution in draw(st.sampled_from(ATTRIBUTIONS)):
            told = {"attribution": attribution, "conversions": draw(st.sampled_from([None, 0.5, 2.25]))}
            rows[*key, attribution] = row | told
    return list(rows.values())


@st.composite
def queries(draw):
    start = FIRST + timedelta(days=draw(st.integers(0, DAYS - 1)))
    period = Period(start, start + timedelta(days=draw(st.integers(0, 12))))
    kinds = ["previous_period", "same_dates_last_year", "same_weekdays_last_year", "event"]
    anchors = (period.start, period.start - timedelta(days=draw(st.integers(1, 9))))  # these windows may overlap
    kept = st.one_of(
        st.builds(
            Filter,
            st.just("channel"),
            st.sampled_from([("video",), (None, "search")]),
            st.sampled_from(["in", "not_in"]),
        ),
        st.builds(Filter, st.just("country"), st.sampled_from([("DE",), ("Germany", "Mars")])),
        st.builds(Filter, st.just("campaign_name"), st.sampled_from([("A",), (None, "B")])),
        st.builds(Filter, st.just("campaign_name_then"), st.just(("A",))),
        st.builds(Filter, st.just("account_id"), st.just(("a2",))),
        st.builds(Filter, st.just("attribution"), st.sampled_from([("1d_click",), ("", "1d_click")])),
        st.builds(Filter, st.just("month"), st.just((date(2024, 1, 1),))),
    )
    metrics = draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=4, unique=True))
    return Query(
        metrics=tuple(metrics),
        period=period,
        dimensions=tuple(draw(st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True))),
        filters=tuple(draw(st.lists(kept, max_size=2, unique_by=lambda f: f.dimension))),
        compare_to=draw(
            st.one_of(st.none(), st.sampled_from(kinds).map(lambda k: compare(k, period=period, anchors=anchors)))
        ),
        order=(f"-{metrics[0]}",) if draw(st.booleans()) else (),
    )


# The plain evaluation.


def once(rows):
    """Of the rows of one thing, the one under the preferred attribution window."""
    things = {}
    for row in sorted(rows, key=lambda row: preference(row["attribution"]), reverse=True):
        things[tuple(row[column] for column in THING)] = row
    return list(things.values())


def chosen_rows(rows, needs, order, asked):
    """The rows of the first report by `order` that covers each account and day and is split by all that is needed.

    Which report covers is told by what counts in general; of its rows those of the `asked` attribution windows count.
    """
    days = defaultdict(lambda: defaultdict(list))
    for row in rows:
        days[row["data_source"], row["account_id"], row["date_from"]][row["report"]].append(row)
    for reports in days.values():
        sums = [
            Totals(report=name, **{m: added(once(held), m) for m in (*COVER_METRICS, *OUTCOMES)})
            for name, held in reports.items()
        ]
        able = sorted((name for name in covering(sums) if needs <= split_by(name)), key=order)
        yield from once(filter(asked, reports[able[0]])) if able else ()


def added(rows, column):
    told = [row[column] for row in rows if row[column] is not None]
    return sum(told) if told else None


def value(row, name, day):
    if name in ("week", "month"):
        return unit_start(day, name)
    if name == "age":
        return row["breakdowns"].partition('"age":"')[2].partition('"')[0] or None
    if name == "country":
        return CODES.get(row["country"], row["country"])
    if name == "campaign_name_then":
        return row["campaign_name"]
    if name == "campaign_name":
        return row["now"]
    return day if name == "date" else row[name]


def called_now(rows):
    """The rows with the name that their campaign has on the newest day of those that answers count in general."""
    told = defaultdict(dict)
    for row in chosen_rows(rows, frozenset(), finest_first, lambda _: True):
        told[_campaign(row)][row["date_from"]] = row["campaign_name"]
    for row in rows:
        days = told[_campaign(row)]
        newest = max((day for day, name in days.items() if name), default=None)
        is_renamed = len(set(days.values())) > 1
        row["now"] = days[newest] if is_renamed else row["campaign_name"]
    return rows


def _campaign(row):
    return row["data_source"], row["account_id"], row["campaign_id"]


def keeps(row, kept, day):
    found = value(row, kept.dimension, day) in kept.values
    return found != (kept.operator == "not_in")


def grouped(rows, query, period, days_of):
    groups = defaultdict(list)
    for row in rows:
        if period.start <= row["date_from"] <= period.end:
            day = days_of(row["date_from"])
            if all(keeps(row, kept, day) for kept in query.filters):
                groups[tuple(value(row, name, day) for name in query.dimensions)].append(row)
    return groups


def measured(name, summed, single):
    entry = metric(name)
    if entry.needs_one_row:
        return single[0][name] if len(single) == 1 else None
    if not isinstance(entry.formula, Ratio):
        return added(summed, name)
    top, bottom = added(summed, entry.formula.top), added(summed, entry.formula.bottom)
    return None if top is None or not bottom else float(top) * entry.formula.times / float(bottom)


def expected(rows, query):
    """Per group: per metric the value asked for and the value compared with."""
    needs = query.needs()
    rows = called_now(rows)
    of_windows = [kept for kept in query.filters if kept.dimension == "attribution"]

    def asked(row):
        return all(kept.keeps(row["attribution"]) for kept in of_windows)

    sums = list(chosen_rows(rows, needs, finest_first, asked))
    singles = list(chosen_rows(rows, needs, coarsest_first, asked))
    spans = [(query.period, lambda day: day)]
    if query.compare_to is not None:
        spans.append((query.compare_to.period, partial(stands_for, comparison=query.compare_to, period=query.period)))
    told = [(grouped(sums, query, *span), grouped(singles, query, *span)) for span in spans]
    has_sums = any(not metric(name).needs_one_row for name in query.metrics)
    has_singles = any(metric(name).needs_one_row for name in query.metrics)
    keys = {key for s, o in told for key in (*(s if has_sums else ()), *(o if has_singles else ()))}
    return {
        key: {name: [measured(name, s.get(key, []), o.get(key, [])) for s, o in told] for name in query.metrics}
        for key in (keys or ({()} if not query.dimensions else set()))
    }


def near(value):
    if value is None:
        return None
    return value if isinstance(value, Decimal) else pytest.approx(float(value), rel=1e-9, abs=1e-9)


COMMON = settings(
    max_examples=20,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@COMMON
@given(drawn=facts(), asked=st.lists(queries(), min_size=3, max_size=6))
def test_every_answer_equals_the_plain_evaluation(ware, drawn, asked):
    rows = [fact(**row) for row in drawn]
    ware.create("renames", renames.SCHEMA)
    for table in ("facts", "daily", "report_days", "renames"):
        ware.run(f"DELETE FROM {table}")
    load(ware, rows)
    for query in asked:
        # Each example is another state of the same ware, so nothing read of an earlier one may be used.
        ask = asker(ware)
        ask.engine.forget(ask.warehouse.tenant_id)
        answer = run(ask, query)
        told = {tuple(row[name] for name in query.dimensions): row for row in answer.rows}
        wanted = expected(rows, query)
        assert len(told) == len(answer.rows)
        assert set(told) == set(wanted)
        for key, metrics in wanted.items():
            for name, (now, *before) in metrics.items():
                assert told[key][name] == near(now), (name, key)
                if before:
                    assert told[key][f"{name}_before"] == near(before[0]), (name, key)
        assert {d.name for d in map(dimension, query.dimensions)} == set(query.dimensions)
        for name in query.metrics:
            if not metric(name).needs_one_row and not isinstance(metric(name).formula, Ratio):
                told_sum = [row[name] for row in answer.rows if row[name] is not None]
                assert answer.totals[name] == (near(sum(told_sum)) if told_sum else None)
