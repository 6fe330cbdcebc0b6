"""A plan written down: company.yaml, read with errors that name the line and say what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

import yaml
from pydantic import ValidationError

from kalends.base.errors import BadInputError
from kalends.calendar.wizard.plan import Plan

LONGEST: Final = 500_000
"""Characters; a plan with five hundred competitors' events has a tenth of that."""


class PlanError(BadInputError):
    """The plan of the calendar cannot be read."""

    code = "bad_plan"


class _Plain(yaml.SafeLoader):
    """YAML without references: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            at = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "references (*name) are not read here; write it out", at)
        return super().compose_node(parent, index)


def template_yaml() -> str:
    """A commented plan to start from."""
    return resources.files("kalends.calendar.wizard").joinpath("company.yaml").read_text(encoding="utf-8")


def as_yaml(plain: Mapping[str, Any]) -> str:
    """A plan's JSON values (plain_plan) as YAML that `read_yaml` reads."""
    return yaml.safe_dump(dict(plain), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def read_yaml(text: str) -> Plan:
    """The plan in a YAML (or JSON) text. Raises PlanError, which says what is wrong, where, and what would be right."""
    if len(text) > LONGEST:
        raise PlanError(f"The plan has {len(text):,} characters; at most {LONGEST:,} are read.")
    try:
        root = yaml.compose(text, Loader=_Plain)
        raw = yaml.load(text, Loader=_Plain)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise PlanError(_not_yaml(error)) from error
    if root is None or not isinstance(raw, dict):
        raise PlanError("A plan begins with lines such as 'name: Aurora'; see 'kalends calendar init --example'.")
    try:
        return Plan.model_validate(raw)
    except ValidationError as error:
        found = [{"where": _place(root, item["loc"]), "what": _plainly(item)} for item in error.errors()]
        raise PlanError("; ".join(f"{one['where']}: {one['what']}" for one in found), errors=found) from error


def _not_yaml(error: yaml.YAMLError) -> str:
    """What the reader of YAML stumbled over, with its line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{problem or 'this is no YAML'}"


def _place(root: yaml.Node, location: tuple[int | str, ...]) -> str:
    """Where an error is, as 'line 7, fiscal_year.named_by'; the line is that of the last part that was written."""
    # The kind of fiscal year that was tried stands in the location, but nobody wrote it there.
    path = [part for part in location if part not in ("months", "weeks")]
    node, line = root, root.start_mark.line
    for part in path:
        found = _child(node, part)
        if found is None:
            break
        node, line = found
    return f"line {line + 1}" + (f", {'.'.join(map(str, path))}" if path else "")


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, int] | None:
    """A part of a node, and the line where it begins."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line
    return None


def _plainly(item: Any) -> str:
    """An error in plain words."""
    words = str(item["msg"]).removeprefix("Value error, ")
    return {"missing": "is missing", "extra_forbidden": "there is no such field"}.get(item["type"], words)
