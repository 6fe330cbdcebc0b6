"""What a consolidation looks at: far from a change, things stay as they were."""

import pytest

from kalends.calendar.nearby import Nearby

pytestmark = pytest.mark.unit


def settled(previous, clusters, *, touched):
    near = Nearby(calendar=None, previous=previous, touched=set(touched))
    return sorted(tuple(sorted(cluster)) for cluster in near.settled(clusters))


def test_what_no_change_leads_to_stays_as_it_was():
    previous = {"one": ["a1", "b1"], "two": ["a2", "b2"], "edge": ["a3"], "brim": ["b3"]}
    clusters = [("a1",), ("a2", "b1"), ("b2",), ("a3", "b3")]
    # The edge would be joined for want of the neighbours that speak against it; the rest hangs on a1.
    assert settled(previous, clusters, touched=["a1"]) == [("a1",), ("a2", "b1"), ("a3",), ("b2",), ("b3",)]
    assert settled(previous, clusters, touched=["a3"]) == [("a1", "b1"), ("a2", "b2"), ("a3", "b3")]


def test_entries_that_are_new_or_gone():
    assert settled({"one": ["a1", "gone"]}, [("a1",), ("new",)], touched=["new"]) == [("a1",), ("new",)]
    assert settled({}, [("a1", "b1")], touched=["a1", "b1"]) == [("a1", "b1")]
    assert settled({}, [], touched=["gone"]) == []
