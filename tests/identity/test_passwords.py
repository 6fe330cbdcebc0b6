import statistics
import time

import pytest

from kalends.identity.passwords import (
    HASHER,
    WeakPasswordError,
    check_strength,
    hash_password,
    is_outdated,
    is_right,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("123456789", "has 9 characters; use at least 10"),
        ("x" * 1001, "use at most 1000"),
        ("Ada@Aurora.example", "is the e-mail address"),
        ("ada.lovelace", "is the e-mail address"),
    ],
)
def test_weak_passwords_are_refused_in_words(password, said):
    email = "ada.lovelace@aurora.example" if password == "ada.lovelace" else "ada@aurora.example"
    with pytest.raises(WeakPasswordError, match=said):
        check_strength(password, email=email)


def test_ten_characters_suffice():
    check_strength("1234567890", email="ada@aurora.example")


def test_only_the_password_itself_is_right():
    hashed = hash_password("a long sentence")
    assert hashed.startswith("$argon2id$")
    assert is_right("a long sentence", hashed)
    assert not is_right("a long sentencf", hashed)
    assert not is_right("a long sentence", "not a hash")
    assert not is_right("nobody has this password", None)


def test_a_hash_of_lower_cost_is_outdated():
    assert not is_outdated(hash_password("a long sentence"))
    weaker = type(HASHER)(memory_cost=8, time_cost=1, parallelism=1)
    assert is_outdated(weaker.hash("a long sentence"))


def test_nobody_takes_as_long_as_somebody():
    hashed = hash_password("a long sentence")

    def seconds(against):
        spans = []
        for _ in range(5):
            start = time.perf_counter()
            is_right("a wrong sentence", against)
            spans.append(time.perf_counter() - start)
        return statistics.median(spans)

    # Without the stand-in hash it would be a thousand times faster; the bound leaves room for a busy machine.
    assert seconds(None) > seconds(hashed) / 3
