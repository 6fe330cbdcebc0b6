"""Connectors work in a house with a company, as people meet them."""

import pytest


@pytest.fixture
def tenant(company):
    """The company, and not the room's bare warehouse."""
    return company
