"""Every column of the day is documented, and the page is the one that the code writes."""

from pathlib import Path

import pytest

from kalends.calendar.columns_reference import GROUPS, MEANING, reference
from kalends.calendar.days import DAY_COLUMNS

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "calendar.md"


def test_every_column_is_explained_and_no_other():
    assert set(MEANING) == {column.name for column in DAY_COLUMNS}
    assert set(GROUPS) == {column.group for column in DAY_COLUMNS}


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == reference(), (
        "run: python -m kalends.calendar.columns_reference > docs/reference/calendar.md"
    )
