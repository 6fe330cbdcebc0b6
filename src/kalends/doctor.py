"""`kalends doctor`: is everything as it should be? Each check says what it looked at, and what to do if it is not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from kalends.base.scope import Scope
from kalends.base.work import House
from kalends.insight.asking import ENGINE
from kalends.marketing import versions
from kalends.marketing.models import Batch

FREE_BYTES = 2 << 30
"""Below this an ingest of a million rows may not fit: its payload, its log and its spill take about 1 GB."""

UNPROTECTED = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND NOT (relrowsecurity AND relforcerowsecurity)"
    # Neither belongs to a tenant: the migrations' own mark, and tries to sign in, counted before one is known.
    " AND relname NOT IN ('alembic_version', 'sign_in_attempts') ORDER BY 1"
)
PRIVILEGED = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `state` is ok, warning or broken; `advice` says what to do when it is not ok."""

    check: str
    state: str
    found: str
    advice: str = ""


def examine(house: House) -> list[Finding]:
    """All checks, over every tenant."""
    findings = [isolation(house), free_space(house.settings.home), disk_encryption(house.settings.home)]
    for tenant_id in house.tenants():
        for check in (key, payloads, current_facts, unfinished):
            findings.extend(check(house, tenant_id))
    return findings


def isolation(house: House) -> Finding:
    """Row-level security is forced everywhere, and we are not the one who could pass it by."""
    with house.database.lookup() as session:
        open_tables = list(session.execute(UNPROTECTED).scalars())
        privileged = bool(session.execute(PRIVILEGED).scalar())
    if open_tables or privileged:
        return Finding(
            "isolation",
            "broken",
            f"open tables: {', '.join(open_tables) or 'none'}; role may bypass: {privileged}",
            "Stop the server; give KALENDS_DATABASE_URL the owner's address, so that Kalends makes its own roles.",
        )
    return Finding("isolation", "ok", "row-level security is forced on every table")


def free_space(home: Path) -> Finding:
    """There is room for another ingest."""
    free = shutil.disk_usage(home).free
    state = "ok" if free > FREE_BYTES else "warning"
    return Finding("disk", state, f"{free / 2**30:.1f} GB free in {home}", "" if state == "ok" else "Make room.")


def disk_encryption(home: Path) -> Finding:
    """PostgreSQL's rows are only as encrypted as the disk below them."""
    lsblk = shutil.which("lsblk")
    device = (
        shutil.which("df")
        and subprocess.run(  # noqa: S603 - fixed programs, no shell
            ["df", "--output=source", str(home)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()[-1:]
    )
    if not lsblk or not device or not device[0].startswith("/dev/"):
        return Finding("disk encryption", "warning", "cannot be told on this system", "Ask whoever runs the disk.")
    kinds = subprocess.run(  # noqa: S603 - fixed program, no shell
        [lsblk, "--noheadings", "--inverse", "--output", "TYPE", device[0]], capture_output=True, text=True, check=False
    ).stdout.split()
    if "crypt" in kinds:
        return Finding("disk encryption", "ok", f"{device[0]} is encrypted")
    return Finding(
        "disk encryption",
        "warning",
        f"{device[0]} is not encrypted by this system; payloads and figures are, PostgreSQL's rows are not",
        "Use an encrypted disk (LUKS, or your cloud's).",
    )


def key(house: House, tenant_id: UUID) -> Iterator[Finding]:
    """The tenant's key is there and opens."""
    house.keys.data_key(tenant_id)
    yield Finding(f"key {tenant_id}", "ok", "present")


def payloads(house: House, tenant_id: UUID) -> Iterator[Finding]:
    """Every acknowledged batch's payload is in the file store."""
    scope = Scope(tenant_id=tenant_id, role="worker", label="doctor")
    with house.work(scope) as work:
        wanted = set(work.session.execute(select(Batch.file_id).where(Batch.file_id.is_not(None))).scalars())
    missing = wanted - set(house.files.list(tenant_id))
    state = "broken" if missing else "ok"
    advice = "Restore the file store from a backup." if missing else ""
    yield Finding(f"payloads {tenant_id}", state, f"{len(wanted)} batches, {len(missing)} payloads missing", advice)


def current_facts(house: House, tenant_id: UUID) -> Iterator[Finding]:
    """The current table is what the log says."""
    with house.warehouse.tenant(tenant_id) as warehouse:
        if not warehouse.exists("facts_past"):
            return
        differences = versions.verify(warehouse)
    state = "broken" if differences else "ok"
    advice = "kalends doctor --mend builds it anew from the log." if differences else ""
    yield Finding(f"facts {tenant_id}", state, f"{len(differences)} differences from the log", advice)


def unfinished(house: House, tenant_id: UUID) -> Iterator[Finding]:
    """Nothing has been waiting since long."""
    scope = Scope(tenant_id=tenant_id, role="worker", label="doctor")
    with house.work(scope) as work:
        waiting = list(work.session.execute(select(Batch.seq).where(Batch.state.in_(("landed", "applying")))).scalars())
    state = "warning" if waiting else "ok"
    yield Finding(
        f"batches {tenant_id}", state, f"{len(waiting)} not finished yet", "Wait, then look again." if waiting else ""
    )


def mend(house: House) -> None:
    """Build every tenant's current tables anew from the log."""
    for tenant_id in house.tenants():
        with house.warehouse.tenant(tenant_id) as warehouse:
            if warehouse.exists("facts_past"):
                versions.rebuild(warehouse)
        # The version stays what it was, and what was read before is kept by it.
        ENGINE.forget(tenant_id)
        house.cache.forget(tenant_id=tenant_id)


def as_answer(findings: list[Finding]) -> dict[str, Any]:
    """The findings as JSON, with the worst state."""
    rank: Callable[[str], int] = ["ok", "warning", "broken"].index
    return {
        "state": max((finding.state for finding in findings), key=rank),
        "findings": [asdict(finding) for finding in findings],
    }
