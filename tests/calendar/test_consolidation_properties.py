"""Consolidation: whoever comes first, the same comes out; and once more changes nothing."""

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.calendar.consolidation import SourceCalendar, consolidate
from kalends.calendar.reading import SourceEntry

pytestmark = pytest.mark.unit
START = date(2026, 11, 20)
NAMES = ("Black Friday", "Black Friday Sale", "Aurora launch", "Launch of Aurora", "Winter sale", "Press day", "Sale")


@st.composite
def calendars(draw):
    """Up to five sources of few names and near days, so that much is nearly the same, in an order of their own."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        rows = draw(st.lists(entries(), max_size=6))
        said = [SourceEntry(f"{number}-{at}", fields) for at, fields in enumerate(rows)]
        made.append(SourceCalendar(f"source-{number}", said, priority=draw(st.integers(1, 3))))
    return made


@st.composite
def entries(draw):
    first = START + timedelta(days=draw(st.integers(0, 6)))
    last = first + timedelta(days=draw(st.integers(0, 3)))
    fields = {"name": draw(st.sampled_from(NAMES)), "starts_on": str(first), "ends_on": str(last)}
    impact = draw(st.sampled_from([None, "low", "high", "critical"]))
    markets = draw(st.sampled_from([None, ["US"], ["DE", "FR"]]))
    return fields | ({"impact": impact} if impact else {}) | ({"markets": markets} if markets else {})


def outcome(master):
    """All that came out, but for the ids of events."""
    return [
        (event.fields, dict(event.provenance), event.members, [(c.group, c.values, c.choice) for c in event.conflicts])
        for event in master.events
    ], [(ask.a, ask.b, ask.score) for ask in master.asks]


@settings(deadline=None)
@given(calendars(), st.randoms(use_true_random=False))
def test_the_order_of_sources_and_entries_does_not_matter(made, chance):
    mixed = [
        SourceCalendar(source.name, chance.sample(source.entries, len(source.entries)), source.priority)
        for source in chance.sample(made, len(made))
    ]
    assert outcome(consolidate(mixed)) == outcome(consolidate(made))


@settings(deadline=None)
@given(calendars())
def test_once_more_changes_nothing(made):
    ids = count()
    first = consolidate(made, new_id=lambda: f"first-{next(ids)}")
    known = {event.id: event.members for event in first.events}
    again = consolidate(made, previous=known, new_id=lambda: f"again-{next(ids)}")
    assert again == first


@settings(deadline=None)
@given(calendars())
def test_every_entry_is_in_one_event_and_no_event_holds_two_of_one_source_that_differ(made):
    said = {f"{source.name}/{entry.key}": (source.name, entry) for source in made for entry in source.entries}
    master = consolidate(made)
    members = [member for event in master.events for member in event.members]
    assert sorted(members) == sorted(said)
    for event in master.events:
        by_source = {}
        for member in event.members:
            name, entry = said[member]
            by_source.setdefault(name, []).append(entry)
        assert all(len({str(e.fields["starts_on"]) for e in found}) == 1 for found in by_source.values())
