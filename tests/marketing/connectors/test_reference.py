"""What connections bring is documented, and the page is the one that the connectors write."""

from pathlib import Path

from kalends.marketing.connectors.reference import reference
from kalends.marketing.connectors.registry import CONNECTORS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "reports.md"


def test_the_page_is_what_the_connectors_say():
    assert PAGE.read_text() == reference(), (
        "run: python -m kalends.marketing.connectors.reference > docs/reference/reports.md"
    )
    assert all(f"`{one.name}`" in reference() for connector in CONNECTORS.values() for one in connector.reports)
