"""The API does what its OpenAPI document says, whatever is sent: no 5xx, no answer that is not described.

Three kinds of request are made for every operation: such as the document allows, such as it does not, and allowed ones
with a value replaced by one that trips programs up. `KALENDS_PROVE` is the share of the full count; the default is 2 %.
"""

import json
import math
import os
import warnings
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from proof import proof

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

EXAMPLES = max(4, round(200 * float(os.environ.get("KALENDS_PROVE", "0.02"))))
"""Requests of each kind for each operation."""
SEED = int(os.environ.get("KALENDS_PROVE_SEED", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATH = "/api/v1/openapi.json"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ODD = (
    "\x00", "a\x00b", "\ud800", "\ufeff", "\u202e", "", " ", "\t\r\n", "x" * 70_000, "٣", "é" * 300, "'; DROP TABLE x --",
    "=1+1", "../../etc/passwd", "%s%n", "{{7*7}}", "0001-01-01", "9999-12-31", "0000-00-00", "-0001-01-01", "2026-02-30",
    "2026-02-10T25:61:61", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00", "Infinity", "NaN", "1e999",
    0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, math.nan, math.inf, -math.inf, True, None, [], {}, [[]],
    {"": None}, {"\x00": "\ud800"},
)  # fmt: skip


def places(value, path=()) -> Iterator[tuple]:
    """The path of every value inside a JSON document, the document itself first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


def replaced(value, path, new):
    """`value` with what is at `path` replaced."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def operations(schema):
    """Everything that can be asked; `KALENDS_CONTRACT` narrows it to what has that word in its label."""
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if os.environ.get("KALENDS_CONTRACT", "") in one.label]


def cases(operation, furnished, mode):
    """Requests for the operation; three in four name things that exist."""
    names = {parameter.name for parameter in operation.path_parameters}
    existing = {name: furnished.ids[name] for name in names & furnished.ids.keys()}
    anything = operation.as_strategy(generation_mode=mode)
    if not existing:
        return anything
    known = operation.as_strategy(generation_mode=mode, path_parameters=existing)
    return st.one_of(known, known, known, anything)


WAITING = {"POST /api/v1/marketing/ingest", "POST /api/v1/marketing/orders"}


def at_once(case, furnished, mode=GenerationMode.POSITIVE):
    """The same request, but not one that waits for a worker, of which there is none here; and often with a true handle
    where that does not put something right.
    """
    query = dict(case.query or {})
    if case.operation.label in WAITING:
        query["wait"] = 0
    if mode is GenerationMode.POSITIVE and len(query.get("handle", "")) % 2:
        query["handle"] = furnished.handle
    case.query = query
    return case


def is_sent_as_it_is(value):
    """Whether an address can hold what this is: nothing at all is not written into it, and of a list with one entry
    only the entry is, which may well be allowed.
    """
    return len([one for one in value if one is not None]) > 1 if isinstance(value, list) else value not in ({}, None)


def exercise(strategy, act):
    """Let `act` meet EXAMPLES requests of the strategy."""
    quick = settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=True,
    )  # fmt: skip
    seed(SEED)(quick(given(strategy)(act)))()


def told(kind, schema):
    """Say what was tried."""
    count = len(operations(schema))
    proof(f"contract, requests {kind}", f"{EXAMPLES} to each of {count} operations, seed {SEED}")


@pytest.fixture
def schema(app):
    return schemathesis.openapi.from_asgi(PATH, app)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_answer_is_as_described(schema, furnished, mode):
    def send(case):
        is_wrong = mode is GenerationMode.NEGATIVE and all(map(is_sent_as_it_is, (case.query or {}).values()))
        checks = [*CHECKS, negative_data_rejection] if is_wrong else CHECKS
        at_once(case, furnished, mode).call_and_validate(headers=furnished.headers, checks=checks)

    failures = [problem for one in operations(schema) for problem in problems(one, cases(one, furnished, mode), send)]
    assert not failures, "\n\n".join(failures)
    told({"positive": "as described", "negative": "not as described"}[mode.value], schema)


def test_values_that_trip_programs_up_are_answered(schema, furnished, anonymous):
    def send(drawn):
        case, data = at_once(drawn[0], furnished), drawn[1]
        body, query = case.body, dict(case.query)
        odd = data.draw(st.sampled_from(ODD))
        if isinstance(body, dict | list):
            body = replaced(body, data.draw(st.sampled_from(list(places(body)))), odd)
        elif query:
            query[data.draw(st.sampled_from(sorted(query)))] = str(odd).encode(errors="replace").decode()
        if f"{case.method} {case.path}" in WAITING or "/ingest" in case.path:
            query["wait"] = 0
        try:
            answer = anonymous.request(
                case.method,
                case.formatted_path,
                params=query,
                content=json.dumps(body) if isinstance(case.body, dict | list) else None,
                headers=furnished.headers | {"content-type": "application/json"},
            )
        except httpx.InvalidURL:
            return  # our own client refuses an address of more than 64 KiB
        case.validate_response(answer, checks=CHECKS)

    failures = [
        problem
        for one in operations(schema)
        for problem in problems(one, st.tuples(cases(one, furnished, GenerationMode.POSITIVE), st.data()), send)
    ]
    assert not failures, "\n\n".join(failures)
    told("with odd values", schema)


def problems(operation, strategy, act):
    """What went wrong, in words; nothing when all is well."""
    try:
        exercise(strategy, act)
    except BaseExceptionGroup as group:
        return [f"{operation.label}: {one}" for one in group.exceptions]
    except Exception as error:  # noqa: BLE001  collected, so that one run tells all
        return [f"{operation.label}: {type(error).__name__}: {error}"]
    return []
