"""A company's data room as a program and as its worker see it."""

import pytest
from intake_rows import Company


@pytest.fixture
def room(house, scope):
    return Company(house, scope)


@pytest.fixture
def tenant(company):
    """A company, not a bare warehouse as elsewhere in this room."""
    return company
