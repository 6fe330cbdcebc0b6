"""Every way to write a country is one code, and what is no country stays none."""

import pytest
from babel import Locale
from babel.core import get_global

from kalends.base.countries import LANGUAGES, code_of, name_of

NO_COUNTRIES = {"EU", "XA", "XB", "ZZ"}
ISO = {
    codes[0]
    for name, codes in get_global("territory_aliases").items()
    if name.isdigit() and codes[0].isalpha() and codes[0] in Locale("en").territories.keys() - NO_COUNTRIES
}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        (" de ", "DE"),
        ("DEU", "DE"),
        ("276", "DE"),
        ("004", "AF"),
        ("2276", "DE"),
        ("2004", "AF"),
        ("geoTargetConstants/2840", "US"),
        ("UK", "GB"),
        ("Germany", "DE"),
        ("Deutschland", "DE"),
        ("ALLEMAGNE", "DE"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Côte d’Ivoire", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Myanmar (Burma)", "MM"),
        ("Burma", "MM"),
        ("Hong Kong", "HK"),
        ("the United States of America", "US"),
        ("Korea, Republic of", "KR"),
        ("Congo - Kinshasa", "CD"),
        ("Congo, Democratic Republic of the", "CD"),
        ("Trinidad and Tobago", "TT"),
        ("Kosovo", "XK"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Dominica", "DM"),
        ("Dominican Republic", "DO"),
    ],
)
def test_a_country_has_one_code_however_it_is_written(text, code):
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "(not set)",
        "ZZ",
        "EU",
        "QQ",
        "Mars",
        "101282230",
        "urn:li:geo:101282230",
        "2999",
        "1276",
        "12",
        "Other",
    ],
)
def test_what_is_no_country_is_not_guessed_at(text):
    assert code_of(text) is None


def test_every_country_is_known_by_its_codes_and_its_names():
    assert len(ISO) >= 249
    for code in sorted(ISO):
        assert code_of(code) == code
        assert code_of(name_of(code)) == code
        for language in LANGUAGES:
            assert code_of(Locale(language).territories[code]) == code, (language, code)
    for name, codes in get_global("territory_aliases").items():
        if codes[0] in ISO and len(codes) == 1 and (name.isdigit() or len(name) == 3):
            assert code_of(name) == codes[0]


def test_a_name_is_said_in_english():
    assert name_of("DE") == "Germany"
    assert name_of("Narnia") == "Narnia"
