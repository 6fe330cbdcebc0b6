"""Searches in plain words, and what is understood of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.insight.metrics import METRICS
from kalends.insight.wishes import LEVELS, MOST_WORDS, Wish, score, understand

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("high performing campaigns with conversions", Wish([], ["campaign"], "high", None, {"conversions": True})),
        ("Black-Friday ads", Wish(["black", "friday"], ["ad"])),
        ("best sellers", Wish(["best", "sellers"])),
        ("best ad sets without revenue", Wish([], ["ad_group"], "high", None, {"revenue": False})),
        ("underperforming brand_search", Wish(["brand", "search"], [], "low")),
        ("most conversions", Wish([], [], "high", "conversions")),
        ("lowest cost per click of video", Wish(["video"], [], "low", "cpc")),
        ("flows and lists with clicks and purchases", Wish([], ["flow", "list"], None, None, {"clicks": True, "conversions": True})),
        ("no name with love", Wish(["no", "name", "love"])),
        ("with", Wish()),
        ("%% \x00", Wish()),
    ],
)  # fmt: skip
def test_what_is_understood(text, wish):
    assert understand(text) == wish


@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            ["best", "top", "with", "and", "no", "most", "ad", "ads", "group", "spend", "brand", "performing"]
        )
    ).map(" ".join)
)
def test_anything_can_be_asked(text):
    wish = understand(text)
    assert len(wish.words) <= MOST_WORDS
    assert set(wish.levels) <= set(LEVELS)
    assert set(wish.metrics) <= set(METRICS)
    assert all(word == word.casefold() and word.strip() for word in wish.words)


@pytest.mark.parametrize(
    ("words", "name", "fits"),
    [(["black", "friday"], "BLACK FRIDAY", 1.0), (["fri"], "Friday", 0.5), (["x"], "Friday", 0.0), ([], "Friday", 0.0)],
)
def test_whole_words_fit_better(words, name, fits):
    assert score(words, name) == fits
