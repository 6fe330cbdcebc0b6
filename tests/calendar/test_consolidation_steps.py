"""The steps of a consolidation, each alone: sources validated, causes named, a difference settled, a calendar shown."""

import random

import pytest

from kalends.calendar.consolidation import (
    Conflict,
    NoSuchDifferenceError,
    SourceCalendar,
    apply_resolution,
    conflict_patterns,
    consolidate,
    validate_sources,
)
from kalends.calendar.consolidation.claims import group_value
from kalends.calendar.quality import consolidation_quality
from kalends.calendar.reading import SourceEntry
from kalends.methods.grades import CAP, Check, grade

pytestmark = pytest.mark.unit
NOW = 1_772_443_800
DAY = 86_400


def entry(key, name="Winter clearance", first="2026-01-12", last="2026-01-18", *, support=1.0, **more):
    return SourceEntry(key, {"name": name, "starts_on": first, "ends_on": last, **more}, support=support)


# Sources by themselves.


def test_a_source_without_fault_is_told_so():
    kept = [entry("a", status="confirmed"), entry("b", "Spring gala", "2026-03-02", "2026-03-08", support=1.2)]
    [report] = validate_sources([SourceCalendar("team", kept, freshness=NOW - DAY)], now=NOW)
    assert (report.entries, report.validity, report.uniqueness, report.weekdays, report.freshness) == (2, 1, 1, 1, 1)
    assert report.faults == ()
    assert str(report).startswith("team: 9")


def test_each_fault_is_named_with_its_entry():
    kept = [
        entry("double"),
        entry("twin"),
        entry("back", first="2026-02-10", last="2026-02-09"),
        entry("copied", "Prime Day", "2026-07-08", "2026-07-08", support=0.5),
    ]
    [report] = validate_sources([SourceCalendar("agency", kept)])
    assert (report.validity, report.uniqueness, report.weekdays, report.freshness) == (0.75, 0.75, 0.0, None)
    assert [fault.partition(":")[0] for fault in report.faults] == ["back", "twin", "copied"]
    assert "comes before starts_on" in report.faults[0]
    assert report.grade.failed == ("weekdays",)
    assert report.grade.score <= CAP
    assert report.grade.coverage == pytest.approx(11 / 12)  # of twelve parts of evidence, how fresh it is is missing


@pytest.mark.parametrize(("days", "share"), [(0, 1), (7, 1), (48.5, 0.5), (90, 0), (400, 0)])
def test_a_source_grows_old(days, share):
    [report] = validate_sources([SourceCalendar("team", [entry("a")], freshness=int(NOW - days * DAY))], now=NOW)
    assert report.freshness == pytest.approx(share)


def test_an_empty_source_is_not_called_good_or_bad():
    [report] = validate_sources([SourceCalendar("team", [])])
    assert (report.grade.score, report.grade.coverage, str(report)) == (
        None, 0, "team: not known (evidence for 0 %), 0 entries",
    )  # fmt: skip


# Gate first, then grade.


def test_the_grade_is_the_share_of_the_weight_that_passes():
    found = grade([Check("a", 3, 1.0), Check("b", 1, 0.0)])
    assert (found.score, found.coverage, found.failed) == (0.75, 1, ())


def test_a_failed_critical_check_caps_it():
    checks = [Check("a", 97, 1.0), Check("b", 3, 0.0, is_critical=True)]
    assert (grade(checks).score, grade(checks).failed) == (CAP, ("b",))
    worse = [Check("a", 1, 0.0), Check("b", 3, 0.0, is_critical=True)]
    assert grade(worse).score == 0  # the cap lifts nothing


def test_missing_evidence_lowers_the_coverage_alone():
    found = grade([Check("a", 3, 1.0), Check("b", 1, None, is_critical=True)])
    assert (found.score, found.coverage) == (1, 0.75)
    assert grade([Check("a", 1, None)]).score is None


# Causes.


def differing(event, source_days, others_days, *, group="days", choice=None, sources=("agency", "team")):
    values = ((sources[0], source_days), *((name, others_days) for name in sources[1:]))
    fields = {"days": ("starts_on", "ends_on"), "status": ("status",)}[group]

    def told(said):
        return group_value(group, dict(zip(fields, said, strict=True)))

    return Conflict(
        event_id=event, group=group, values=tuple(sorted((name, told(said)) for name, said in values)),
        choice=told(choice or others_days), strategy="intelligent", reason="", confidence=0, severity="high", state="open",
    )  # fmt: skip


def late(number, by=1):
    return differing(f"e{number}", (f"2026-03-{10 + by + number}", f"2026-03-{12 + by + number}"),
                     (f"2026-03-{10 + number}", f"2026-03-{12 + number}"))  # fmt: skip


def test_a_calendar_that_is_one_day_late_is_named():
    odd = [differing("x", ("2026-05-01", "2026-05-09"), ("2026-05-01", "2026-05-04")),
           differing("y", ("2026-06-05", "2026-06-09"), ("2026-06-01", "2026-06-04"))]  # fmt: skip
    [pattern] = conflict_patterns([late(number) for number in range(7)] + odd)
    assert pattern.told("The agency") == "“The agency” is one day late on 7 of 9 events: a time zone?"
    assert pattern.others["e0", "days"] == '["2026-03-10","2026-03-12"]'
    assert pattern.own["e0", "days"] == '["2026-03-11","2026-03-13"]'


@pytest.mark.parametrize(
    ("own", "others", "words"),
    [
        (("2026-0{}-12", "2026-0{}-12"), ("2026-12-0{}", "2026-12-0{}"), "dates read day first?"),
        (("2025-0{}-12", "2025-0{}-14"), ("2026-0{}-12", "2026-0{}-14"), "one year off"),
        (("2026-0{}-12", "2026-0{}-15"), ("2026-0{}-12", "2026-0{}-14"), "is the last day included?"),
        (("2026-0{}-05", "2026-0{}-07"), ("2026-0{}-12", "2026-0{}-14"), "is 7 days early"),
    ],
)
def test_other_causes_are_named(own, others, words):
    def at(said, month):
        return tuple(day.format(month) for day in said)

    found = conflict_patterns([differing(f"e{n}", at(own, n), at(others, n)) for n in (1, 2, 3, 4)])
    assert [words in pattern.told() for pattern in found] == [True]
    assert "on 4 of 4 events" in found[0].told()


def test_a_source_that_hedges_is_named():
    found = conflict_patterns(
        [
            differing(f"e{n}", ("tentative",), ("confirmed",), group="status", sources=("sales", "team", "shop"))
            for n in range(4)
        ]
    )
    assert [pattern.told() for pattern in found] == ["“sales” says “tentative” where others do not, on 4 of 4 events"]


def test_of_two_the_one_whose_values_hold_less_often_is_named():
    held = [late(n) for n in range(4)]
    assert [pattern.source for pattern in conflict_patterns(held)] == ["agency"]
    turned = [Conflict(**{**{f: getattr(c, f) for f in c.__slots__}, "choice": dict(c.values)["agency"]}) for c in held]
    assert [pattern.told() for pattern in conflict_patterns(turned)] == [
        "“team” is one day early on 4 of 4 events: a time zone?"
    ]


def test_two_alike_may_be_chance_and_a_minority_explains_too_little():
    assert conflict_patterns([late(0), late(1)]) == ()
    mixed = [late(0), late(1), late(2), late(3, by=2), late(4, by=4), late(5, by=5)]
    assert conflict_patterns(mixed) == ()


def test_the_order_of_the_conflicts_does_not_matter():
    told = [late(n) for n in range(5)] + [
        differing(f"s{n}", ("tentative",), ("confirmed",), group="status") for n in range(3)
    ]
    whole = conflict_patterns(told)
    assert len(whole) == 2
    for seed in range(5):
        assert conflict_patterns(random.Random(seed).sample(told, len(told))) == whole


# One difference settled; the calendar shown.


@pytest.fixture
def calendar():
    return consolidate([
        SourceCalendar("agency", [entry("a1", first="2026-01-13", last="2026-01-19")]),
        SourceCalendar("team", [entry("t1", status="confirmed")]),
    ])  # fmt: skip


def test_a_difference_is_settled_by_what_a_source_says(calendar):
    [conflict] = calendar.conflicts
    settled = apply_resolution(calendar, event_id=conflict.event_id, group="days", source="team")
    [event] = settled.events
    assert (str(event.fields.starts_on), event.provenance["starts_on"]) == ("2026-01-12", "team")
    assert [(each.state, each.strategy) for each in settled.conflicts] == [("settled", "person")]
    assert calendar.conflicts == (conflict,)  # the first one is as it was


def test_or_by_values_of_ones_own(calendar):
    [conflict] = calendar.conflicts
    values = {"starts_on": "2026-01-14", "ends_on": "2026-01-20"}
    [event] = apply_resolution(calendar, event_id=conflict.event_id, group="days", values=values).events
    assert (str(event.fields.ends_on), event.provenance["ends_on"]) == ("2026-01-20", "manual")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"group": "status"}, NoSuchDifferenceError, "no difference about 'status'"),
        ({"source": "nobody"}, NoSuchDifferenceError, "choose one of agency, team"),
        ({"values": {"status": "confirmed"}}, ValueError, "about starts_on, ends_on"),
        ({"values": {"starts_on": "2026-02-14", "ends_on": "2026-01-20"}}, ValueError, "comes before"),
    ],
)
def test_what_cannot_be_is_refused_in_words(calendar, wrong, error, words):
    asked = {"event_id": calendar.conflicts[0].event_id, "group": "days"} | wrong
    with pytest.raises(error, match=words):
        apply_resolution(calendar, **asked)


def test_a_notebook_shows_it_and_nothing_in_it_is_run():
    made = consolidate([SourceCalendar("x", [entry("1", "<script>alert(1)</script>")])])
    html = made._repr_html_()
    assert "Master calendar of 1 sources" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_an_unsettled_difference_costs_what_it_matters(calendar):
    quality = consolidation_quality(calendar.events)
    assert quality.fields["days"].score == 0
    assert quality.fields["status"].score == 1
    assert quality.overall.score == pytest.approx(4 / 8)  # days and status weigh four each
    assert 0 < quality.overall.coverage < 1
    [conflict] = calendar.conflicts
    settled = apply_resolution(calendar, event_id=conflict.event_id, group="days", source="team")
    assert consolidation_quality(settled.events).overall.score == 1
    assert consolidation_quality(settled.events).sources["agency"].score < 1


def test_an_unsettled_critical_difference_caps_the_event():
    made = consolidate([
        SourceCalendar("agency", [entry("a1", first="2026-01-13", last="2026-01-19", status="confirmed", type="other",
                                        markets=["US"], direction="up")]),
        SourceCalendar("team", [entry("t1", impact="critical")]),
    ])  # fmt: skip
    quality = consolidation_quality(made.events)
    assert (quality.overall.score, quality.overall.failed) == (CAP, ("critical differences",))
