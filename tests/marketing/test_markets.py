"""Markets out of a file: each once, its parent among them, none in itself."""

import pytest

from kalends.marketing.markets import BadMarketsError, Market, read_markets, tree_of

pytestmark = pytest.mark.unit
EUROPE = "geo;parent;population\nEurope;;\nGermany;Europe;83200000\nBavaria;Germany;13 \n\n"


def test_a_file_of_markets_is_a_tree():
    found = read_markets("\ufeff".encode() + EUROPE.encode())
    assert found[1:] == [
        Market(geo="Germany", parent="Europe", population=83_200_000),
        Market(geo="Bavaria", parent="Germany", population=13),
    ]
    tree = tree_of(found)
    assert tree.path("Bavaria") == ("Europe", "Germany", "Bavaria")
    assert tree.path("Mars") == ()
    assert tree.within("Germany") == {"Germany", "Bavaria"}
    assert tree.within("Mars") == {"Mars"}


def test_names_alone_are_markets():
    assert read_markets(b"geo\nDE\n") == [Market(geo="DE")]
    assert read_markets(b"geo,parent,population\n") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line must name"),
        (b"market,parent\nDE,EU\n", "first line must name"),
        (b"\xff\xfe\x00", "no CSV file"),
        (b"geo,parent\nDE,EU\n", "“DE” lies in “EU”, which is not in the list"),
        (b"geo\nDE\nAT\nDE\n", "“DE” comes twice"),
        (b"geo,parent\nA,B\nB,C\nC,A\n", "lies in itself: “A” in “B” in “C” in “A”"),
        (b"geo,parent\nA,A\n", "lies in itself: “A” in “A”"),
        (b"geo,population\nDE,-3\n", "Line 2: write '-3' as a whole number"),
        (b"geo,population\nDE,1.5\n", "Line 2"),
        (b"geo,population\nDE,9" + b"9" * 20 + b"\n", "Line 2"),
        (b"geo,parent\nDE,\n,DE\n", "Line 3 names no market"),
        (b"geo,parent\n" + b"".join(f"g{n},{f'g{n - 1}' if n else ''}\n".encode() for n in range(14)), "more than 12"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, said):
    with pytest.raises(BadMarketsError) as refused:
        tree_of(read_markets(content))
    assert said in refused.value.message
