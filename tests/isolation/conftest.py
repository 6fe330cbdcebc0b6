"""The sweep for this folder's tests: pytest's import mode knows no modules beside a test, so it is loaded by path."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sweep():
    spec = importlib.util.spec_from_file_location("isolation_catalogue", Path(__file__).with_name("catalogue.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.sweep
