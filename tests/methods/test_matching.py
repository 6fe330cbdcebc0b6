"""Matching: what may be merged, and that neither order, runs nor sources that come and go change what is found."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.methods.matching import (
    ASK,
    MERGE,
    DuplicateIdError,
    Entry,
    agreement,
    match,
    rematch,
    score,
    share_asked,
    stable_ids,
)

pytestmark = pytest.mark.unit
START = date(2025, 11, 24)


def entry(name, title="Summer Sale", *, source=None, first=0, days=3, **more):
    begin = START + timedelta(days=first)
    return Entry(name, source or name[0], title, begin, begin + timedelta(days=days - 1), **more)


TITLES = ["Summer Sale", "Sommer-Angebote", "Sumer Sale", "Summer launch", "Aurora Summer Sale", "Aurora launch",
          "Drop 1", "Drop 2", "Black Friday", "Sale", ""]  # fmt: skip


def some_entries(sources="abcd", max_size=14):
    """Entries of few titles and near dates, so that much is nearly the same."""
    made = st.builds(
        lambda source, title, first, days, market, moment, key: (
            source,
            title,
            {"first": first, "days": days, "markets": market, "moment": moment, "key": key},
        ),
        st.sampled_from(sources),
        st.sampled_from(TITLES),
        st.sampled_from([0, 1, 2, 4, 365]),
        st.sampled_from([1, 3]),
        st.sampled_from([frozenset(), frozenset({"DE"}), frozenset({"FR"}), frozenset({"DE", "FR"})]),
        st.sampled_from([None, None, "black_friday"]),
        st.sampled_from([None, None, None, "k1"]),
    )
    return st.lists(made, max_size=max_size).map(
        lambda rows: [
            entry(f"{source}{n}", title, source=source, **more) for n, (source, title, more) in enumerate(rows)
        ]
    )


DOUBTFUL = [entry("a", "Aurora launch"), entry("b", "Aurora bundle", first=-1)]
"""Between the two thresholds, and on other days."""


def clusters(*entries, **more):
    return set(match(entries, **more).clusters)


def test_a_score_shows_its_parts_and_leaves_out_what_is_not_said():
    a = entry("a", type="promotional_period", markets=frozenset({"DE"}))
    found = score(a, entry("b", "SOMMER-ANGEBOTE 2025", first=1, markets=frozenset({"DE", "AT"})))
    parts = {part.name: part for part in found.parts}
    assert parts["title"].likeness == parts["market"].likeness == 1
    # Three days each, one apart: two of four days in common, all of them with a day's grace.
    assert parts["interval"].likeness == pytest.approx(0.8 * 1 + 0.2 * (1 - 2 / 4))
    assert parts["type"].likeness is parts["key"].likeness is parts["moment"].likeness is None
    assert sum(part.weight for part in found.parts) == pytest.approx(1)
    assert found.value == pytest.approx(sum(p.likeness * p.weight for p in found.parts if p.weight), abs=1e-6)
    assert str(found) == "0.96: title 1.00 x 0.52, interval 0.90 x 0.42, market 1.00 x 0.06"


def test_a_score_is_the_same_both_ways_and_one_for_the_very_same():
    a, b = entry("a", "Aurora launch, Berlin"), entry("b", "Launch of Aurora", first=2, type="product_launch")
    assert score(a, b) == score(b, a)
    assert score(a, replace(a, id="b")).value == 1


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        ({"title": "Soldes d'été"}, "merge"),
        ({"first": 1}, "merge"),
        ({"title": "Sumemr Sale"}, "merge"),
        ({"title": "Nordwind Sumer Sale"}, "merge"),
        ({"title": "Nordwind Summer Launch", "first": 1}, "ask"),
        ({"title": "Summer Sale Teaser"}, "separate"),
        ({"title": "Winter Sale"}, "separate"),
        ({"first": 365}, "separate"),
        ({"first": 8}, "separate"),
        ({"title": "Summer Sale 2"}, "merge"),
        ({"title": "Ventes privées"}, "separate"),
        ({"title": "Ventes privées", "key": "uid-1"}, "merge"),
        ({"title": "Summer Sale", "key": "uid-1", "first": 30}, "merge"),
        ({"title": "Summer Sale", "key": "uid-1", "first": 364}, "separate"),
    ],
)
def test_outcomes(other, outcome):
    a = entry("a", "Summer Sale", key="uid-1")
    matching = match([a, entry("b", other.pop("title", "Summer Sale"), **other)])
    found = "merge" if len(matching.clusters) == 1 else "ask" if matching.asks else "separate"
    assert found == outcome


def test_markets_that_exclude_each_other_keep_apart_and_one_that_is_not_said_does_not():
    german, french = entry("a", markets=frozenset({"DE"})), entry("b", markets=frozenset({"FR"}))
    assert clusters(german, french) == {("a",), ("b",)}
    assert clusters(german, entry("b")) == {("a", "b")}
    # The one that does not say goes with one of them, never with both.
    assert clusters(german, french, entry("c")) == {("a", "c"), ("b",)}


def test_moments_bridge_titles_and_dates_of_one_occurrence_only():
    black = {"moment": "black_friday"}
    a = entry("a", "BF", **black)
    assert clusters(a, entry("b", "Viernes Negro", **black)) == {("a", "b")}
    assert clusters(a, entry("b", "Viernes Negro", first=364, **black)) == {("a",), ("b",)}
    assert clusters(a, entry("b", "BF", moment="cyber_monday")) == {("a",), ("b",)}


def test_records_of_one_source_stay_apart_unless_they_cannot_be_told_apart():
    assert clusters(entry("a1", key="x"), entry("a2", key="y")) == {("a1",), ("a2",)}
    assert clusters(entry("a1", key="x"), entry("a2", key="x")) == {("a1", "a2")}
    assert clusters(entry("a1", key="x"), entry("a2", key="x", first=1)) == {("a1",), ("a2",)}
    other = entry("b1", key="x")
    assert clusters(entry("a1", key="x"), entry("a2", key="y"), other) == {("a1", "b1"), ("a2",)}


def test_no_chain_of_likeness():
    """a = b and b = c, but a and c are three days apart each way."""
    chain = [entry("a", days=9), entry("b", first=2, days=9), entry("c", first=4, days=9)]
    near = {pair: score(*pair).value for pair in combinations(chain, 2)}
    assert near[chain[0], chain[1]] == near[chain[1], chain[2]] >= MERGE > near[chain[0], chain[2]] >= ASK
    # With a rival in each source, what is between the two thresholds stays open.
    rivals = [entry("a2", days=11), entry("c2", first=5, days=8)]
    matching = match([*chain, *rivals])
    assert any(len(cluster) > 1 for cluster in matching.clusters)
    for cluster in matching.clusters:
        assert all(score(x, y).value >= MERGE for x, y in combinations([e for e in chain if e.id in cluster], 2))


def test_what_is_doubtful_is_settled_where_nothing_else_can_be_meant():
    a, b = entry("a", "Aurora launch"), entry("b", "Aurora bundle")
    assert ASK <= score(a, b).value < MERGE
    assert clusters(a, b) == {("a", "b")}
    # Not with another candidate in one of the sources, nor on other days,
    rival = entry("b2", "Aurora Paris")
    assert clusters(a, b, rival) == {("a",), ("b",), ("b2",)}
    assert rematch(match([a, b]), [rival]).clusters == (("a",), ("b",), ("b2",))
    assert rematch(match([a, b, rival]), [], removed=["b2"]).clusters == (("a", "b"),)
    moved = replace(b, first=b.first - timedelta(days=1))
    assert clusters(a, moved) == {("a",), ("b",)}
    # unless a third source knows it under a name that is like both.
    assert clusters(a, moved, entry("c", "Aurora launch bundle")) == {("a", "b", "c")}


def test_one_key_lends_both_names():
    """Outlook imported the plan and translated it; the agency never saw the plan."""
    plan, outlook = entry("a", "Savings week", key="uid-1"), entry("b", "Gut rechnen", key="uid-1")
    agency = entry("c", "Gut rechnen", first=1)
    assert score(plan, agency).value < ASK
    assert clusters(plan, outlook, agency) == {("a", "b", "c")}
    assert clusters(plan, agency) == {("a",), ("c",)}


def test_no_question_where_a_source_has_a_record_on_both_sides():
    asked = match(DOUBTFUL)
    assert [(ask.a, ask.b) for ask in asked.asks] == [("a", "b")]
    both = match([*DOUBTFUL, replace(DOUBTFUL[0], id="b2", source="b")])
    assert both.clusters == (("a", "b2"), ("b",))
    assert both.asks == ()
    assert (share_asked(asked), share_asked(both)) == (1, 0)


def test_answers_of_people_decide():
    assert clusters(*DOUBTFUL) == {("a",), ("b",)}
    assert clusters(*DOUBTFUL, answers={("b", "a"): True}) == {("a", "b")}
    assert match(DOUBTFUL, answers={("a", "b"): False}).asks == ()
    assert rematch(match(DOUBTFUL), [], answers={("a", "b"): True}).clusters == (("a", "b"),)
    # An answer about names far apart lends them to each other, as a key does.
    named = [entry("a", "Savings week"), entry("b", "Gut rechnen"), entry("c", "Gut rechnen")]
    assert clusters(*named, answers={("a", "b"): True}) == {("a", "b", "c")}


def test_ids_are_unique():
    with pytest.raises(DuplicateIdError, match="'a'"):
        match([entry("a"), entry("a", "Other")])


def test_nothing_at_all():
    assert match([]).clusters == ()
    assert rematch(match([]), [entry("a")]).clusters == (("a",),)
    assert rematch(match([entry("a")]), [], removed=["a"]).clusters == ()


@settings(deadline=None)
@given(some_entries(), st.randoms())
def test_the_order_of_entries_does_not_matter(entries, random):
    shuffled = random.sample(entries, len(entries))
    assert match(shuffled) == match(entries)


@settings(deadline=None)
@given(some_entries())
def test_every_pair_in_a_cluster_is_good_enough_by_the_public_score(entries):
    entries = [replace(item, key=None) for item in entries]
    by_id = {item.id: item for item in entries}
    matching = match(entries)
    assert sorted(key for cluster in matching.clusters for key in cluster) == sorted(by_id)
    for cluster in matching.clusters:
        for a, b in combinations(cluster, 2):
            assert score(by_id[a], by_id[b]).value >= ASK
            assert by_id[a].source != by_id[b].source or by_id[a].first == by_id[b].first
    for ask in matching.asks:
        assert ask.score == score(by_id[ask.a], by_id[ask.b]).value >= ASK


@settings(deadline=None)
@given(some_entries(max_size=10), some_entries(max_size=5), st.sets(st.integers(0, 9), max_size=3), st.booleans())
def test_a_rematch_is_a_full_run(before, changed, removed, asked):
    gone = {before[n].id for n in removed if n < len(before)}
    answers = {("a0", "b1"): True, ("b1", "c2"): False} if asked else None
    after = {item.id: item for item in [*before, *changed] if item.id not in gone}
    again = rematch(match(before), changed, removed=gone, answers=answers)
    full = match(after.values(), answers=answers)
    assert again == full
    assert again.state.entries == full.state.entries
    assert (again.state.lifted == full.state.lifted).all()
    # And so is a rematch of a rematch.
    assert (
        rematch(again, before).clusters == match((after | {e.id: e for e in before}).values(), answers=answers).clusters
    )


def numbered():
    numbers = count()
    return lambda: f"evt-{next(numbers):04}"


@settings(deadline=None)
@given(some_entries(), some_entries("e", max_size=4))
def test_ids_outlive_runs_and_sources(entries, others):
    old = stable_ids(match(entries).clusters, {}, new_id=numbered())
    assert stable_ids(match(entries).clusters, old, new_id=pytest.fail) == old
    fresh = numbered()
    now = stable_ids(match([*entries, *others]).clusters, old, new_id=lambda: f"new-{fresh()}")
    at = {member: known for known, members in old.items() for member in members}
    for known, members in now.items():
        # A cluster of one former event and newcomers is still called as the event was.
        before = {at[member] for member in members if member in at}
        if len(before) == 1 and set(old[min(before)]) <= set(members):
            assert known in before


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("pqr"), min_size=1, unique=True), max_size=6),
    st.sampled_from("pqr"),
    st.randoms(),
)
def test_a_source_that_comes_or_goes_changes_no_id(sources_of_events, newcomer, random):
    def run(without=""):
        held = [[f"{n}{s}" for s in sources if s != without] for n, sources in enumerate(sources_of_events)]
        return [cluster for cluster in held if cluster]

    few = stable_ids(run(without=newcomer), {}, new_id=numbered())
    shuffled = random.sample(run(), len(run()))
    fresh = numbered()
    all_of_them = stable_ids(shuffled, few, new_id=lambda: f"new-{fresh()}")
    assert all_of_them.keys() >= few.keys()
    assert all(set(few[known]) <= set(all_of_them[known]) for known in few)
    assert stable_ids(run(without=newcomer), all_of_them, new_id=pytest.fail) == few


def test_ids_go_where_most_members_go_and_only_new_clusters_get_new_ones():
    old = {"x": ["1", "2", "3"], "y": ["4"], "z": ["9"]}
    ids = stable_ids([["1"], ["2", "3", "4"], ["5"]], old, new_id=numbered())
    assert ids == {"x": ("2", "3", "4"), "evt-0000": ("1",), "evt-0001": ("5",)}


def test_measures():
    found, truth = [["1", "2", "3"], ["4"]], [["1", "2"], ["3", "4"]]
    measured = agreement(found, truth)
    assert (measured.precision, measured.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert measured.f1 == pytest.approx(0.4)
    # By entry: 2/3, 2/3, 1/3 and 1 of its cluster are right; 1, 1, 1/2 and 1/2 of its event are found.
    assert measured.b_cubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert measured.b_cubed_recall == pytest.approx(3 / 4)
    assert agreement(truth, truth).b_cubed_f1 == agreement([["1"]], [["1"]]).f1 == 1
