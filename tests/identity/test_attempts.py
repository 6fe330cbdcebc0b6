import concurrent.futures
from datetime import timedelta

import pytest

from kalends.identity.attempts import (
    FIRST_LOCK,
    LONGEST_LOCK,
    TooManyAttemptsError,
    count_attempt,
    forget,
    forget_old,
    forgive,
    lock_after,
)


@pytest.mark.unit
def test_locks_double_up_to_the_longest():
    assert [lock_after(failures, free=5) for failures in (1, 4)] == [None, None]
    assert lock_after(5, free=5) == FIRST_LOCK
    assert lock_after(6, free=5) == 2 * FIRST_LOCK
    assert lock_after(10_000, free=5) == LONGEST_LOCK


def try_once(database, now, subject="ada@aurora.example"):
    with database.lookup() as session:
        count_attempt(session, subject=subject, free=5, now=now)


def free_tries(database, now, subject="ada@aurora.example"):
    """Fail until the lock falls; how often that went."""
    for tries in range(100):
        try:
            try_once(database, now, subject)
        except TooManyAttemptsError:
            return tries
    raise AssertionError("nothing locks")


def test_the_lock_outlives_the_process_and_ends_by_itself(database, clock):
    for _ in range(5):
        try_once(database, clock.now)
    with pytest.raises(TooManyAttemptsError, match="in 30 seconds") as caught:
        try_once(database, clock.now)
    assert caught.value.details == {"retry_after": 30}
    clock.advance(seconds=30)
    try_once(database, clock.now)
    with pytest.raises(TooManyAttemptsError, match="in 60 seconds"):
        try_once(database, clock.now)


def test_a_day_of_rest_forgets(database, clock):
    for _ in range(4):
        try_once(database, clock.now)
    clock.advance(hours=25)
    for _ in range(5):
        try_once(database, clock.now)
    with pytest.raises(TooManyAttemptsError):
        try_once(database, clock.now)


def test_a_right_one_is_forgiven(database, clock):
    for _ in range(20):
        try_once(database, clock.now)
        with database.lookup() as session:
            forgive(session, subject="ada@aurora.example")
    assert free_tries(database, clock.now) == 5


def test_subjects_do_not_share_a_lock(database, clock):
    assert free_tries(database, clock.now) == 5
    assert free_tries(database, clock.now, subject="bob@aurora.example") == 5
    with database.lookup() as session:
        forget(session, subject="ada@aurora.example")
    assert free_tries(database, clock.now) == 5
    assert free_tries(database, clock.now, subject="bob@aurora.example") == 0


def test_old_rows_go(database, clock):
    try_once(database, clock.now)
    with database.lookup() as session:
        forget_old(session, now=clock.now + timedelta(days=2))
        assert session.connection().exec_driver_sql("SELECT count(*) FROM sign_in_attempts").scalar() == 0


def test_a_hundred_at_once_are_still_a_hundred(database, clock):
    def attempt(_):
        try:
            try_once(database, clock.now)
        except TooManyAttemptsError:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(100))) == 5
