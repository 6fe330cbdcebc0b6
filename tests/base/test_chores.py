"""What is done once an hour."""

import pytest

from kalends.base import chores
from kalends.base.chores import do_chores


@pytest.fixture
def own(monkeypatch):
    """The chores, none yet."""
    monkeypatch.setattr(chores, "CHORES", [])
    monkeypatch.setattr(chores, "FREQUENT", [])
    return chores.CHORES


def test_one_that_fails_keeps_none_of_the_others_from_being_done(own, house, caplog):
    done = []

    @chores.chore
    def breaks(_):
        raise OSError("the disk is gone")

    @chores.chore
    def works(house):
        done.append(house)

    do_chores(house)
    assert own == [breaks, works]
    assert done == [house]


def test_what_cannot_wait_an_hour_is_done_in_between(own, house):
    done = []
    chores.chore(lambda _: done.append("hourly"))
    chores.frequent_chore(lambda _: done.append("frequent"))
    do_chores(house, only_frequent=True)
    assert done == ["frequent"]
    do_chores(house)
    assert done == ["frequent", "frequent", "hourly"]


def test_what_a_killed_writer_left_is_removed_after_a_day(house, tenant, clock):
    left = house.settings.home / "files" / str(tenant) / "00" / "begun.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    do_chores(house)
    assert left.exists()
    clock.advance(days=400 * 3)
    do_chores(house)
    assert not left.exists()
