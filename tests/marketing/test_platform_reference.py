"""Every platform is documented, and the page is the one that the mappings write."""

from pathlib import Path

from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.mapping.reference import reference
from kalends.marketing.words import PLATFORM_NAMES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "platforms.md"


def test_every_platform_has_a_mapping_and_a_name():
    assert set(MAPPINGS) == set(PLATFORM_NAMES)
    assert len(MAPPINGS) == 17


def test_the_page_is_what_the_mappings_say():
    assert PAGE.read_text() == reference(), (
        "run: python -m kalends.marketing.mapping.reference > docs/reference/platforms.md"
    )
