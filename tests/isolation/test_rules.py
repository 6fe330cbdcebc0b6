"""Rules of the house that a reader could break without noticing."""

import ast
from pathlib import Path

import pytest

import kalends
from kalends.identity.service import policies_of

SOURCE = Path(kalends.__file__).parent

ENDS_TRANSACTIONS = {"commit", "begin", "begin_nested", "rollback"}
EDGES = {
    "base/database.py": "opens and ends every transaction",
    "base/bootstrap.py": "runs the migrations, as the owner",
    "base/warehouse/duck.py": "the other store's own transactions",
    "base/warehouse/postgres.py": "the other store's own transactions",
}

OPEN_BY_NATURE = {
    "/static": "the built front end, the same for everybody",
    "/api/v1/openapi.json": "the description of the API, the same for everybody",
}


def transaction_calls(source: str) -> list[str]:
    """Calls of methods that begin or end a transaction, as `line: name`."""
    return [
        f"{node.lineno}: {node.func.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDS_TRANSACTIONS
    ]


@pytest.mark.unit
def test_only_the_edge_ends_a_transaction():
    found = {
        str(path.relative_to(SOURCE)): transaction_calls(path.read_text())
        for path in SOURCE.rglob("*.py")
        if str(path.relative_to(SOURCE)) not in EDGES
    }
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.unit
@pytest.mark.parametrize("line", ["work.session.commit()", "with session.begin(): pass", "x.session.rollback()"])
def test_the_rule_notices(line):
    assert transaction_calls(line) != []


def endpoints(routes):
    """(path, route) of everything that answers, routers inside routers included."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from endpoints(inner.routes)
        else:
            yield route.path, route


def undeclared(routes):
    """Paths without exactly one policy."""
    return [
        path
        for path, route in endpoints(routes)
        if path not in OPEN_BY_NATURE
        and (not hasattr(route, "dependant") or len(set(policies_of(route.dependant))) != 1)
    ]


def test_every_endpoint_declares_who_may_call_it(house):
    wired = pytest.importorskip("kalends.app", reason="not every room is there yet", exc_type=ImportError)
    routes = wired.create_app(house).routes
    assert len(list(endpoints(routes))) > 20
    assert undeclared(routes) == []


def test_an_endpoint_that_declares_nothing_is_found():
    from fastapi import APIRouter, FastAPI

    inner, outer, app = APIRouter(), APIRouter(), FastAPI(openapi_url=None)
    inner.get("/open")(lambda: None)
    outer.include_router(inner)
    app.include_router(outer, prefix="/api/v1")
    assert undeclared(app.routes) == ["/open"]
