"""Titles in plain form, over five languages and the habits of calendars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.methods.matching import normalise_title
from kalends.methods.matching.words import trade_words

pytestmark = pytest.mark.unit
ALIASES = {"Black Friday": "black_friday", "BF": "black_friday", "Mothers' Day": "mothers_day", "Nordwind GmbH": ""}


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Summer Sale", "summer sale"),
        ("☀️ SOMMER-Angebote 2025!", "summer sale"),
        ("Soldes d'été", "sale summer"),
        ("Saldi estivi 2025/26", "sale summer"),
        ("Rebajas de verano", "sale summer"),
        ("Winterschlussverkauf", "winter sale"),
        ("SS25 Launch", "spring summer launch"),
        ("FY25 AW 25/26 Kollektion", "autumn winter collection"),
        ("3rd annual partner day", "partner day"),
        ("5. Ausgabe Partnertreffen", "partner meeting"),
        ("Aurora v2.1 launch", "aurora launch"),
        ("Drop 2", "drop 2"),
        ("-20 % auf Schuhe", "shoes"),
        ("Aurora (2025-11-28) 28.11. 11/28", "aurora"),
        ("BF25 deals", "black_friday sale"),
        ("black   friday’s deals", "black_friday sale"),
        ("Mother's Day", "mothers day"),
        ("MOTHERS’ DAY", "mothers_day"),
        ("Nordwind GmbH: Black Friday", "black_friday"),
        ("sneaker-drop sneaker", "sneaker drop"),
        ("[DE] Summer Sale", "in_de summer sale"),
        ("Summer Sale / UK", "summer sale in_gb"),
        ("Summer Sale Suisse!", "summer sale in_ch"),
        ("NL Spring", "newsletter spring"),
        ("REBAJAS DE VERANO ES", "sale summer in_es"),
        ("Blcak Friday", "black_friday"),
        ("Sommr-Angebote", "summer sale"),
        ("Akkupflege", "akku care"),
    ],
)
def test_plain_form(written, plain):
    assert normalise_title(written, aliases=ALIASES) == plain


@pytest.mark.parametrize(
    ("written", "plain"), [("2025", "2025"), ("The Event", "the event"), ("🎉", "🎉"), ("", ""), ("v2 2026", "v2 2026")]
)
def test_a_title_of_nothing_but_filler_keeps_its_words(written, plain):
    assert normalise_title(written) == plain


@given(st.text(min_size=1))
def test_never_empty(text):
    assert normalise_title(text)


def test_aliases_are_matched_on_whole_words():
    assert normalise_title("BFG Tour", aliases=ALIASES) == "bfg tour"


def test_every_word_of_the_trade_leads_to_a_word_that_stays():
    table = trade_words()
    for phrase, words in table.items():
        assert words or len(phrase) == 1, phrase
        assert any("_" in word for word in words) or normalise_title(" ".join(words)) == " ".join(words), phrase
