"""How far the builds are that somebody started: their tasks taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text

from kalends.base.work import Work

FIND = text(
    "SELECT id, state, done, total, message, error FROM tasks WHERE kind LIKE 'messages.%' AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))
STOP = text(
    "UPDATE tasks SET cancel_requested = true"
    " WHERE kind LIKE 'messages.%' AND state IN ('queued', 'running') AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Building:
    """Several tasks as one."""

    done: int
    total: int
    """0: not known yet."""
    is_running: bool
    words: str
    problems: tuple[str, ...]


def building(work: Work, tasks: Sequence[UUID]) -> Building | None:
    """How far these tasks are; null where there are none."""
    rows = work.session.execute(FIND, {"ids": tasks}).all() if tasks else []
    if not rows:
        return None
    running = [row for row in rows if row.state in {"queued", "running"}]
    if len(rows) == 1:
        done, total = rows[0].done or 0, rows[0].total or 0
    else:
        done, total = len(rows) - len(running), len(rows)
    told = [_problem(row.state, row.error or {}, row.message or "") for row in rows]
    problems = tuple(dict.fromkeys(each for each in told if each))
    now = next((row.message for row in running if row.state == "running" and row.message), "")
    waiting = "waiting for its turn" if not any(row.state == "running" for row in running) else now
    return Building(done, total, bool(running), waiting if running else "", problems)


def _problem(state: str, error: dict[str, Any], message: str) -> str:
    """What went wrong: all of it, or with some of the weeks, which the task's last words say."""
    if state == "failed":
        return str(error.get("detail") or error.get("title") or "It failed.")
    return f"{message[:1].upper()}{message[1:]}" if state == "done" and " not: " in message else ""


def stop(work: Work, tasks: Sequence[UUID]) -> None:
    """Ask the tasks to stop; weeks that are built stay."""
    if tasks:
        work.session.execute(STOP, {"ids": tasks})
