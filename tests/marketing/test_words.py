"""What the Data room says in words."""

from datetime import date

import pytest

from kalends.marketing import words
from kalends.marketing.connectors.registry import CONNECTORS

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("last", "said", "tone"),
    [
        (None, "no days yet", "plain"),
        (date(2026, 11, 21), "up to today", "good"),
        (date(2026, 11, 20), "up to yesterday", "good"),
        (date(2026, 11, 19), "up to 19 Nov 2026 · 2 days ago", "good"),
        (date(2026, 11, 12), "up to 12 Nov 2026 · 9 days ago", "attention"),
        (date(2019, 11, 17), "up to 17 Nov 2019", "plain"),
    ],
)
def test_freshness(last, said, tone):
    assert words.freshness(last=last, today=TODAY) == words.State(said, tone)


def test_a_share_of_good_rows_is_never_rounded_up_to_all():
    assert words.good_share(received=1_000_000, quarantined=1) == "99.9\u202f% of rows good"
    assert words.good_share(received=3, quarantined=0) == "all rows good"
    assert words.good_share(received=0, quarantined=0) == "no rows yet"


@pytest.mark.parametrize(
    ("size", "said"),
    [(999, "999\u00a0bytes"), (1_204, "1.2\u00a0kB"), (38_000, "38\u00a0kB"), (4_200_000, "4.2\u00a0MB")],
)
def test_file_sizes(size, said):
    assert words.file_size(size) == said


def test_every_attribution_window_that_is_offered_has_words():
    assert words.window_words("7d_click_1d_view") == "7 days after a click or 1 day after a view"
    offered = {window for connector in CONNECTORS.values() for window in connector.attributions}
    assert {words.window_words(window) for window in offered} >= {"1 day after a swipe", "30 days after a click"}
    assert len({words.window_words(window) for window in offered}) == len(offered)
