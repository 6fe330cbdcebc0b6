"""Reconciliation: what each step promises, in whatever order things are said and in whatever unit."""

import math
import random
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kalends.marketing.reconciliation.cells import Cell, Decision, Rule
from kalends.marketing.reconciliation.engine import Context, reconcile
from kalends.marketing.reconciliation.overlap import Seen, overlap
from kalends.marketing.reconciliation.semantics import mend
from kalends.marketing.reconciliation.sources import is_biased, platform_named
from kalends.marketing.reconciliation.summing import bias_words, reconcile_all, summed
from kalends.marketing.reconciliation.views import claim_lines, overlap_chart, overlap_words

pytestmark = pytest.mark.unit
START = date(2026, 1, 1)
DAYS = 60
GATES = [("a", 0.02), ("b", 0.03), ("c", 0.05), ("d", 0.10)]


def cell(day, metric="spend", platform="google_ads", **more):
    return Cell(metric, START + timedelta(days=day), platform, **more)


def days_of(seed, *, days=DAYS):
    rng = random.Random(seed)
    return [8_000 * (1 + 0.3 * math.sin(day)) * rng.lognormvariate(0, 0.25) for day in range(days)]


def said_of(seed, *, sources=GATES, factor=1.0, metric="spend", platform="google_ads", gross=0.0):
    """What noisy sources say of a truth; {source: bias} in `biases` as the source's name 'a'."""
    rng, truth = random.Random(seed + 1), days_of(seed)
    said = []
    for day, true in enumerate(truth):
        for source, noise in sources:
            slip = rng.choice((100, 0.01)) if rng.random() < gross else 1
            value = true * rng.lognormvariate(0, noise) * factor * slip
            said.append((cell(day, metric, platform), source, round(value, 6)))
    return truth, said


def held(said, **context):
    return reconcile(said, Context(**context))


def values(found):
    return {one: outcome.value for one, outcome in found.outcomes.items()}


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_said_does_not_matter(seed, rng):
    _, said = said_of(seed, gross=0.03)
    expected = held(said)
    rng.shuffle(said)
    assert held(said) == expected


@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.37, 1_000.0]))
def test_another_unit_for_all_gives_the_same_in_that_unit(seed, factor):
    _, said = said_of(seed)
    _, scaled = said_of(seed, factor=factor)
    plain, other = held(said).outcomes, held(scaled).outcomes
    for one, outcome in plain.items():
        assert other[one].state == outcome.state
        assert other[one].value == pytest.approx(outcome.value * factor, rel=1e-4)
        assert other[one].high / other[one].low == pytest.approx(outcome.high / outcome.low, rel=1e-4)


@given(st.integers(0, 10_000))
def test_a_copy_of_a_source_adds_no_certainty_and_moves_nothing(seed):
    _, said = said_of(seed)
    plain = held(said)
    doubled = held([*said, *((one, "z", value) for one, source, value in said if source == "d")])
    assert next(one for one in doubled.readings if one.source == "z").twin_of == "d"
    for one, outcome in plain.outcomes.items():
        assert doubled.outcomes[one].value == pytest.approx(outcome.value, rel=1e-9)
        assert doubled.outcomes[one].error == pytest.approx(outcome.error, rel=1e-9)


def test_one_more_honest_source_makes_the_interval_narrower():
    _, said = said_of(3)
    fewer = [one for one in said if one[1] != "b"]
    wide, narrow = held(fewer).outcomes, held(said).outcomes
    assert sum(narrow[one].error < wide[one].error for one in wide) > 0.9 * len(wide)


def test_gross_errors_are_put_aside_with_the_reason_and_nothing_is_lost():
    truth, said = said_of(5)
    said = [(one, source, value * (100 if source == "b" and one.day == START else 1)) for one, source, value in said]
    first = held(said).outcomes[cell(0)]
    assert first.state == "settled"
    assert first.value == pytest.approx(truth[0], rel=0.1)
    [slipped] = [one for one in first.said if not one.is_used]
    assert (slipped.source, "100 times as much" in slipped.note) == ("b", True)
    assert {one.source for one in first.said} == {"a", "b", "c", "d"}


def test_a_habit_of_another_unit_is_mended_and_named_where_three_speak():
    truth, said = said_of(7)
    said = [(one, source, value * (1_000_000 if source == "c" else 1)) for one, source, value in said]
    found = held(said)
    assert found.outcomes[cell(4)].value == pytest.approx(truth[4], rel=0.1)
    reading = next(one for one in found.readings if one.source == "c")
    assert "1,000,000 times" in reading.notes[0]
    kept = next(one for one in found.outcomes[cell(4)].said if one.source == "c")
    assert kept.value > 1e8  # as it came


def test_what_is_counted_has_no_unit_and_a_tenth_of_it_is_something_else():
    _, said = said_of(7, metric="conversions")
    said = [(one, source, value * (0.1 if source == "c" else 1)) for one, source, value in said]
    found = held(said)
    others = held([one for one in said if one[1] != "c"])
    for one, outcome in found.outcomes.items():
        assert (outcome.state, outcome.value) == ("settled", pytest.approx(others.outcomes[one].value, rel=0.01))
    [reading] = [one for one in found.readings if one.source == "c"]
    assert reading.notes == ()
    assert bias_words(reading, name="Mixpanel").startswith("Mixpanel says 10 % of what the others say")


def test_sources_that_differ_ninefold_are_no_number_but_a_conflict():
    levels = {"adobe_analytics": 632, "google_analytics": 587, "mixpanel": 100, "amplitude": 70}
    rng = random.Random(3)
    said = [
        (cell(day, "conversions", ""), source, level * rng.lognormvariate(0, 0.05))
        for day in range(DAYS)
        for source, level in levels.items()
    ]
    [total] = summed(reconcile_all(said, Context()), [], first=START, last=START + timedelta(days=DAYS), group_by=())
    assert (total.value, total.open_days, total.conflicts) == (None, DAYS, DAYS)
    assert total.low <= min(side.value for side in total.sides) < max(side.value for side in total.sides) <= total.high


def test_who_counts_something_else_does_not_speak_for_a_day_alone():
    _, said = said_of(7, metric="conversions", platform="")
    said = [(one, source, value * (5 if source == "c" else 1)) for one, source, value in said]
    found = held([one for one in said if one[1] == "c" or one[0].day > START])
    first = found.outcomes[cell(0, "conversions", "")]
    assert (first.state, first.value, [one.source for one in first.said]) == ("open", None, ["c"])
    decided = Context(decisions={cell(0, "conversions", ""): Decision(source="c")})
    assert reconcile(said[2:3], decided).outcomes[cell(0, "conversions", "")].value == said[2][2]


@given(st.integers(0, 10_000), st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=4))
def test_without_the_shop_no_number_lies_outside_what_was_said(seed, biases):
    _, said = said_of(seed, sources=GATES[: len(biases)], gross=0.03)
    shift = dict(zip("abcd", biases, strict=False))
    rng = random.Random(seed)
    said = [(one, source, value * math.exp(shift[source])) for one, source, value in said if rng.random() < 0.7]
    found = held(said)
    assume(not any(reading.notes for reading in found.readings))  # who is in another unit says other numbers
    for outcome in found.outcomes.values():
        told = [one.value for one in outcome.said if one.is_used]
        assert outcome.value is None or min(told) * (1 - 1e-9) <= outcome.value <= max(told) * (1 + 1e-9)


def test_orders_are_exact_on_their_days_and_teach_what_the_others_mean():
    _, said = said_of(
        17, sources=[("orders", 0.0001), ("google_analytics", 0.02), ("mixpanel", 0.02)], metric="revenue", platform=""
    )
    said = [(one, source, value * (0.92 if source == "google_analytics" else 1)) for one, source, value in said]
    sold = {one: value for one, source, value in said if source == "orders"}
    exact = {one: outcome.value for one, outcome in held(said).outcomes.items()}
    assert exact == sold
    [total] = summed(reconcile_all(said, Context()), [], first=START, last=START + timedelta(days=DAYS), group_by=())
    assert total.low == total.value == total.high == pytest.approx(sum(sold.values()), rel=1e-12)
    # Not on a day of which the shop has not told all, nor where a person chose another rule or value.
    first = cell(0, "revenue", "")
    assert held(said, lacking=frozenset({START})).outcomes[first].value != sold[first]
    assert held(said, rule_of=lambda _: Rule("weighted_average")).outcomes[first].value != sold[first]
    assert held(said, decisions={first: Decision(value=5.0)}).outcomes[first].value == 5


def test_of_two_nobody_can_say_which_unit_is_right():
    _, said = said_of(7, sources=[("a", 0.01), ("b", 0.01)])
    found = held([(one, source, value * (100 if source == "b" else 1)) for one, source, value in said])
    assert {outcome.state for outcome in found.outcomes.values()} == {"open"}
    assert all("nothing was changed" in reading.notes[0] for reading in found.readings)


def test_a_day_late_is_found_and_moved_and_noise_is_not():
    _, said = said_of(11, sources=[("a", 0.02), ("b", 0.02), ("c", 0.02)])
    late = [
        (one._replace(day=one.day + timedelta(days=1)) if source == "b" else one, source, v) for one, source, v in said
    ]
    by_source = {}
    for one, source, value in late:
        by_source.setdefault(source, {})[one] = value
    assert {source: mended.lag for source, mended in mend(by_source).items()} == {"a": 0, "b": 1, "c": 0}
    plain = {}
    for one, source, value in said:
        plain.setdefault(source, {})[one] = value
    assert {mended.lag for mended in mend(plain).values()} == {0}
    assert all(outcome.state != "open" for outcome in held(late).outcomes.values())


def test_two_that_disagree_stay_open_with_all_that_is_said():
    _, said = said_of(13, sources=[("a", 0.01), ("b", 0.01)])
    said = [(one, source, value * (2 if source == "b" and one.day == START else 1)) for one, source, value in said]
    first = held(said).outcomes[cell(0)]
    assert (first.state, first.value) == ("open", None)
    assert first.low == min(one.value for one in first.said)
    assert first.high == max(one.value for one in first.said)


def test_of_two_that_always_differ_the_interval_holds_both():
    _, said = said_of(13, sources=[("a", 0.01), ("b", 0.01)])
    said = [(one, source, value * (1.04 if source == "b" else 1)) for one, source, value in said]
    [total] = summed(reconcile_all(said, Context()), [], first=START, last=START + timedelta(days=DAYS), group_by=())
    assert total.low < min(side.value for side in total.sides) < max(side.value for side in total.sides) < total.high


def test_the_shop_sets_the_level_and_an_analytics_bias_is_named_in_plain_words():
    truth, said = said_of(17, sources=[("orders", 0.0001), ("google_analytics", 0.02)], metric="revenue", platform="")
    said = [(one, source, value * (0.92 if source == "google_analytics" else 1)) for one, source, value in said]
    alone = [one for one in said if not (one[1] == "orders" and one[0].day == START)]
    found = held(alone)
    reading = next(one for one in found.readings if one.source == "google_analytics")
    assert is_biased((reading.low, reading.high))
    assert bias_words(reading, name="GA4").startswith("GA4 reads 8 % low (")
    for day in (0, 1, 2):  # on the first only the tool speaks, and its bias is taken out
        assert found.outcomes[cell(day, "revenue", "")].value == pytest.approx(truth[day], rel=0.06)


def test_an_unbiased_source_is_not_named():
    _, said = said_of(19)
    assert not [one for one in held(said).readings if is_biased((one.low, one.high))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("weighted_average"), 100 * 0.5 + 103 * 0.5),
        (Rule("weights", weights=(("a", 3.0), ("b", 1.0))), 100.75),
        (Rule("order", order=("b", "a")), 103),
        (Rule("highest_quality"), 100),
        (Rule("manual"), None),
    ],
)
def test_strategies(rule, expected):
    said = [(cell(0), "a", 100.0), (cell(0), "b", 103.0)]
    quality = {"a": 0.9, "b": 0.9 if rule.strategy == "weighted_average" else 0.5}
    outcome = held(said, rule_of=lambda _: rule, quality=quality).outcomes[cell(0)]
    assert outcome.value == (pytest.approx(expected) if expected is not None else None)


def test_what_a_person_decided_goes_before_the_rule():
    said = [(cell(0), "a", 100.0), (cell(0), "b", 300.0)]
    for decision, expected in [
        (Decision(value=120.0, by="Ada", note="the invoice"), 120.0),
        (Decision(source="b"), 300.0),
        (Decision(strategy="highest_quality"), 100.0),
    ]:
        context = Context(decisions={cell(0): decision}, quality={"a": 0.9, "b": 0.5})
        outcome = reconcile(said, context).outcomes[cell(0)]
        assert (outcome.state, outcome.value) == ("decided", pytest.approx(expected))
    assert reconcile(said, Context(decisions={cell(0): Decision(source="gone")})).outcomes[cell(0)].state == "open"


def test_spend_of_platforms_adds_up_and_a_total_is_compared_with_the_sum():
    said = [
        (cell(0, platform="google_ads"), "google_ads", 60.0),
        (cell(0, platform="facebook_ads"), "facebook_ads", 40.0),
    ]
    plain = summed(reconcile_all(said, Context()), [], first=START, last=START, group_by=())
    assert [total.value for total in plain] == [100.0]
    told = [*said, (cell(0, platform=""), "finance", 101.0)]
    [total] = summed(reconcile_all(told, Context()), [], first=START, last=START, group_by=())
    assert 100 < total.value < 101
    assert {side.source for side in total.sides} == {"finance", "platforms"}


def test_a_platform_is_a_share_of_the_sum_and_off_only_against_who_speaks_of_the_same():
    said = [
        (cell(0, platform="google_ads"), "google_ads", 60.0),
        (cell(0, platform="google_ads"), "agency", 63.0),
        (cell(0, platform="facebook_ads"), "facebook_ads", 40.0),
    ]
    rule = Context(rule_of=lambda _: Rule("order", order=("google_ads",)))
    [total] = summed(reconcile_all(said, rule), [], first=START, last=START, group_by=())
    sides = {side.source: (side.share, side.off) for side in total.sides}
    assert sides["facebook_ads"] == (pytest.approx(0.4), None)
    assert sides["google_ads"] == (pytest.approx(0.6), 0)
    assert sides["agency"] == (pytest.approx(0.63), pytest.approx(0.05))
    # Of revenue each says the whole, on the days that it says anything of.
    said = [(cell(day, "revenue", ""), "orders", 100.0) for day in range(4)]
    said += [(cell(day, "revenue", ""), "mixpanel", 90.0) for day in range(2)]
    [total] = summed(reconcile_all(said, Context()), [], first=START, last=START + timedelta(days=3), group_by=())
    assert [(side.share, side.off) for side in total.sides] == [(None, pytest.approx(-0.1)), (None, 0)]


def test_a_sum_averages_noise_out_but_not_what_is_unknown_of_the_biases():
    _, said = said_of(23)
    found = reconcile_all(said, Context())
    [month] = summed(found, [], first=START, last=START + timedelta(days=DAYS - 1), group_by=())
    by_day = summed(found, [], first=START, last=START + timedelta(days=DAYS - 1), group_by=("day",))
    assert month.value == pytest.approx(sum(day.value for day in by_day))
    narrow = (month.high - month.low) / month.value
    wide = sorted((day.high - day.low) / day.value for day in by_day)[DAYS // 2]
    assert wide / math.sqrt(DAYS) < narrow < wide / 2


claims = st.dictionaries(
    st.sampled_from(["google_ads", "facebook_ads", "tiktok_ads", "klaviyo"]), st.floats(1, 1e6), min_size=1
)


@given(claims, st.one_of(st.none(), st.floats(1, 1e6)), st.floats(0.01, 100))
def test_claims_together_lie_between_the_greatest_and_the_sum_and_never_above_what_was_sold(told, sold, factor):
    found = overlap(told, sold=sold)
    assert found.low <= found.high <= found.total * (1 + 1e-12)
    if sold is not None:
        assert found.low <= found.estimate <= found.high <= sold
    scaled = overlap({name: value * factor for name, value in told.items()}, sold=sold and sold * factor)
    assert scaled.low == pytest.approx(found.low * factor)
    if found.estimate is not None:
        assert scaled.estimate == pytest.approx(found.estimate * factor)
    more = overlap({**told, "pinterest_ads": 5.0}, sold=sold)
    assert more.high >= found.high
    assert more.low >= found.low
    if sold is not None:
        assert more.estimate >= found.estimate * (1 - 1e-9)


def test_who_claims_too_much_is_said_where_somebody_else_counts_its_campaigns():
    seen = {"facebook_ads": Seen(claimed=40.0, counted=20.0)}
    found = overlap({"google_ads": 60.0, "facebook_ads": 50.0}, sold=100.0, seen=seen)
    assert (found.total, found.low, found.high, found.estimate) == (110, 60, 100, pytest.approx(80))
    assert {one.platform: one.over for one in found.claims} == {"google_ads": None, "facebook_ads": pytest.approx(1.0)}
    assert overlap({"google_ads": 60.0, "facebook_ads": 50.0}).estimate is None
    # A claim that nobody else can judge is not for that reason right.
    alone = overlap({"google_ads": 60.0})
    assert (alone.estimate, alone.over, alone.why[:6], alone.claims[0].over) == (None, None, "Nobody", None)


def test_a_day_that_analytics_missed_is_the_shop_s_and_says_so():
    said = [(cell(day, "revenue", ""), "orders", 100.0 + day % 7) for day in range(30)]
    said += [(each, "google_analytics", value * (0.26 if each.day == START else 0.92)) for each, _, value in said]
    outcome = reconcile(said, Context()).outcomes[cell(0, "revenue", "")]
    assert (outcome.state, outcome.value, outcome.reason) == ("settled", 100.0, "The shop knows what was sold.")
    assert [one.note for one in outcome.said if not one.is_used] == ["Put aside: 72 % less."]


def test_claims_are_compared_with_what_is_sold_on_the_days_that_somebody_counts():
    last = START + timedelta(days=9)
    counted = [(cell(day, "revenue", ""), "orders", 100.0) for day in range(4)]
    claimed = [
        (cell(day, "revenue", ""), source, value)
        for day in range(10)
        for source, value in (("google_ads", 60.0), ("facebook_ads", 50.0))
    ]
    [total] = summed(reconcile_all(counted, Context()), claimed, first=START, last=last, group_by=())
    told = total.overlap
    assert (total.value, total.covers) == (400, "4 of 10 days")
    assert (told.total, told.sold, told.estimate) == (440, 400, pytest.approx(320))
    assert (told.days, told.elsewhere) == (4, 660)
    assert "Compared are the 4 days that somebody counts" in overlap_words(told, metric="revenue")
    shown = overlap_chart(told, metric="revenue", currency="EUR")["datasets"]["bars"]
    assert {"name": "Without counting twice", "text": "about €320"}.items() <= shown[2].items()
    assert claim_lines(told, metric="revenue", currency="EUR") == [
        "Without counting twice they are between €240 and €400."
    ]
    by_week = summed(reconcile_all(counted, Context()), claimed, first=START, last=last, group_by=("week",))
    # Thursday is the first day: of the next week nobody counts, and its claims are all there is.
    assert [(one.state, one.covers, one.overlap.total) for one in by_week] == [
        ("measured", "", 440),
        ("claimed", "", 660),
    ]


def test_platforms_are_known_by_what_people_call_them():
    assert platform_named("Meta Ads") == platform_named("facebook") == platform_named("meta_business") == "facebook_ads"
    assert platform_named("Microsoft Advertising") == "microsoft_ads"
    assert platform_named("television") is None


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_conflicts_id_calls_its_cell(channel, campaign):
    one = cell(3, channel=channel, campaign=campaign)
    assert Cell.of(one.id) == one
