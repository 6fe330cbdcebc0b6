"""What a query is: canonical, refused where it has no answer, told in words, and packed into a handle."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.insight.comparisons import compare
from kalends.insight.dimensions import DIMENSIONS, Kind, UnknownDimensionError, dimension
from kalends.insight.metrics import METRICS, UnknownMetricError, metric
from kalends.insight.periods import Period
from kalends.insight.query import BadQueryError, Filter, Query, Snapshot, UnknownHandleError, from_handle, handle
from kalends.insight.reports import able, coarsest_first, finest_first, split_by, wanted_report
from kalends.insight.shape import padded, power_of_two
from kalends.insight.spans import Span, counted, without_overlap
from kalends.insight.words import in_words
from kalends.marketing import records, rollup

pytestmark = pytest.mark.unit
JUNE = Period(date(2024, 6, 1), date(2024, 6, 30), "June 2024")


def test_every_metric_is_made_of_columns_of_the_record_and_called_by_one_name():
    for entry in METRICS.values():
        assert set(entry.columns) <= set(records.METRICS)
        if entry.additive_over == "all":
            assert set(entry.columns) <= set(records.ADDITIVE)
        assert metric(entry.label).name == entry.name
    assert {m.columns[0] for m in METRICS.values() if m.needs_one_row} == set(records.NOT_ADDITIVE)


@pytest.mark.parametrize(
    ("word", "name"), [("ROAS", "roas"), ("Ad Spend", "spend"), ("cost per action", "cost_per_conversion")]
)
def test_metrics_answer_to_their_synonyms(word, name):
    assert metric(word).name == name


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(UnknownMetricError, match="spend, revenue"):
        metric("sped")
    with pytest.raises(UnknownDimensionError, match="breakdown:NAME"):
        dimension("campain")
    assert dimension("breakdown:funnel_step").needs == "funnel_step"
    assert all(
        entry.in_daily == (name in records.DAILY_SCHEMA or entry.is_dated or entry.kind in (Kind.GROUP, Kind.THEN))
        for name, entry in DIMENSIONS.items()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"metrics": ()}, {"limit": 0}, {"order": ("clicks",)}, {"order": ("-spend_change",)}, {"dimensions": ("is_holiday",)},
        {"filters": (Filter("season", ("summer",)),)},
    ],
)  # fmt: skip
def test_what_has_no_answer_is_refused(wrong):
    with pytest.raises(BadQueryError):
        Query(**{"metrics": ("spend",), "period": JUNE} | wrong)


def test_the_same_question_is_the_same_query():
    one = Query(("Spend", "spend"), JUNE, ("platform",), (Filter("Channel", ("b", "a", "a")),))
    assert one == Query(("spend",), JUNE, ("data_source",), (Filter("channel", ("a", "b")),))


@given(
    values=st.lists(st.one_of(st.none(), st.text(max_size=9)), min_size=1, max_size=5),
    version=st.integers(0, 2**40),
    kind=st.sampled_from([None, "previous_period", "same_dates_last_year"]),
    limit=st.one_of(st.none(), st.integers(1, 99)),
)
def test_a_handle_gives_back_the_question_and_the_snapshot(values, version, kind, limit):
    query = Query(
        ("spend", "roas"), JUNE, ("week",), (Filter("channel", tuple(values)), Filter("date", (date(2024, 6, 3),))),
        kind and compare(kind, period=JUNE), ("-spend",), limit, "a-calendar", "EUR",
    )  # fmt: skip
    snapshot = Snapshot(version, 3, date(2024, 7, 1))
    text = handle(query, snapshot)
    assert from_handle(text) == (query, snapshot)
    assert handle(*from_handle(text)) == text


@pytest.mark.parametrize("text", ["", "q1", "q1-0-0", "x", "q1-0123456789ab-" + "A" * 90])
def test_what_is_no_handle_is_refused(text):
    with pytest.raises(UnknownHandleError):
        from_handle(text)


def test_a_handle_that_was_changed_is_refused():
    text = handle(Query(("spend",), JUNE), Snapshot(1))
    with pytest.raises(UnknownHandleError):
        from_handle("q1-" + "0" * 12 + text[15:])


def test_words():
    query = Query(
        ("spend", "roas", "ctr"), JUNE, ("channel", "week"), (Filter("country", ("DE", None)),),
        compare("previous_period", period=JUNE), ("-spend_change",), 5,
    )  # fmt: skip
    assert in_words(query) == (
        "Spend, Return on ad spend and Click-through rate, by channel and week, June 2024 (2024-06-01 to 2024-06-30),"
        " compared with the month before (2024-05-01 to 2024-05-31), where country is unknown or DE,"
        " the first 5 by spend change."
    )


def test_a_platform_is_called_by_its_name_in_words_and_a_part_of_its_code_as_it_was_written():
    kept = (Filter("data_source", ("google_analytics", "orders")), Filter("data_source", ("google",), "contains"))
    assert in_words(Query(("spend",), JUNE, (), kept)).endswith(
        "where platform is Google Analytics or Shop orders and platform contains google."
    )


def test_reports_are_ranked_as_the_rollup_ranks_them():
    names = [
        "account",
        "campaign",
        "campaign/country",
        "ad_group",
        "asset_group",
        "ad",
        "ad/age+gender",
        "keyword",
        "else",
    ]
    ranked = sorted(names, key=finest_first)
    assert ranked == sorted(names, key=lambda n: (-rollup.level_of(n), rollup.has_breakdowns(n), n))
    assert min(names, key=coarsest_first) == "account"
    assert able(names, needs={"campaign_id", "country"}) == ("campaign/country",)
    assert split_by("else") == frozenset()


@pytest.mark.parametrize(
    ("needs", "report"),
    [
        ((), "account"),
        (("ad_id",), "ad"),
        (("country",), "account/country"),
        (("campaign_id", "age", "gender"), "campaign/age+gender"),
        (("keyword_text", "match_type"), "keyword/keyword_text+match_type"),
    ],
)
def test_the_missing_report_is_named(needs, report):
    assert wanted_report(needs=needs) == report


def span(start, end, **more):
    return Span("s", "a", more.pop("report", "campaign"), date(2024, 6, start), date(2024, 6, end), **more)


def test_spans_count_once_and_only_whole():
    week, month = span(3, 9), span(1, 30)
    assert counted([week, month], period=JUNE, needs=(), dimensions=()) == (month,)
    assert counted([week, month], period=Period(date(2024, 6, 1), date(2024, 6, 29)), needs=(), dimensions=()) == (
        week,
    )
    assert counted([week], period=JUNE, needs=("ad_id",), dimensions=()) == ()
    assert counted([week], period=JUNE, needs=(), dimensions=(dimension("date"),)) == ()
    assert counted([week], period=JUNE, needs=(), dimensions=(dimension("week"),)) == (week,)
    assert counted([span(3, 9, daily_days=1)], period=JUNE, needs=(), dimensions=()) == ()
    assert counted([week, span(3, 9, report="ad")], period=JUNE, needs=(), dimensions=()) == (span(3, 9, report="ad"),)


spans = st.tuples(st.integers(1, 20), st.integers(1, 8)).map(lambda pair: span(pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=7, unique_by=lambda s: (s.start, s.end)))
def test_no_choice_without_overlap_holds_more_days(given):
    def is_disjoint(chosen):
        ordered = sorted(chosen, key=lambda s: s.start)
        return all(one.end < other.start for one, other in pairwise(ordered))

    choices = [[s for n, s in enumerate(given) if bits >> n & 1] for bits in range(1 << len(given))]
    most = max(sum(s.days for s in chosen) for chosen in choices if is_disjoint(chosen))
    found = without_overlap(given)
    assert is_disjoint(found)
    assert sum(s.days for s in found) == most


def test_lists_are_padded_to_few_lengths():
    assert [power_of_two(n) for n in (0, 1, 2, 3, 4, 5, 1024)] == [0, 1, 2, 4, 4, 8, 1024]
    assert padded("x", ("a", "b", "c")) == {"x0": "a", "x1": "b", "x2": "c", "x3": "c"}
