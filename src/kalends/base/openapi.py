"""What all operations of the HTTP API share, said once in its OpenAPI document: who gets in, and how it refuses."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request, params
from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.utils import get_flat_params
from pydantic import BaseModel, ConfigDict

from kalends.base.errors import BadInputError

METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). `detail` is written for people, `code` for programs."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


PROBLEMS: Final = {
    "400": "The request is not HTTP or JSON as it should be.",
    "401": "Nobody is signed in, or the key is not known.",
    "403": "The role does not allow it, or the request may be forged.",
    "404": "There is no such thing here.",
    "409": "It does not fit the present state.",
    "413": "It is too large.",
    "415": "A body may be gzipped, and packed in no other way.",
    "422": "Something in the request is not as it should be; `detail` says where.",
}
OF_BODIES: Final = frozenset({"400", "413", "415"})


class UnknownParameterError(BadInputError):
    """The address names a parameter that does not exist here."""

    code = "unknown_parameter"


class RepeatedParameterError(BadInputError):
    """The address gives two values to a parameter that takes one."""

    code = "repeated_parameter"


def refuse_unread_parameters(request: Request) -> None:
    """A dependency: what nobody reads, a misspelt parameter or the first of two values, would give an answer to another
    question.
    """
    fields = get_flat_params(request.scope["route"].dependant)
    query = [field for field in fields if isinstance(field.field_info, params.Query)]
    known = {field.alias for field in query}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there_is = ", ".join(sorted(known)) or "none"
        raise UnknownParameterError(
            f"There is no parameter {unknown[0]!r} here; there is: {there_is}.", unknown=unknown, known=sorted(known)
        )
    single = {field.alias for field in query if not field_annotation_is_sequence(field.field_info.annotation)}
    repeated = sorted(name for name in single if len(request.query_params.getlist(name)) > 1)
    if repeated:
        raise RepeatedParameterError(
            f"The parameter {repeated[0]!r} takes one value; it was given more than once.", repeated=repeated
        )


def describe_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the problems that each operation may answer with, in place of the framework's own."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, or this machine's owner token."},
    }
    document["security"] = [{"key": []}]
    for path, operations in document["paths"].items():
        for method in METHODS & operations.keys():
            describe_operation(operations[method], path=path, method=method)
    return document


def describe_operation(operation: dict[str, Any], *, path: str, method: str) -> None:
    """Add the problems that this operation may answer with."""
    body, parameters = "requestBody" in operation, operation.get("parameters", ())
    left_out = set() if body else set(OF_BODIES)
    if not body and not parameters and "{" not in path:
        left_out.add("404")
    if method == "get":
        left_out.add("409")
    for status in PROBLEMS.keys() - left_out:
        operation["responses"][status] = {
            "description": PROBLEMS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))
