"""Apps at platforms: what each gave for the program in whose name people sign in there.

A company enters its own; one that enters none signs in with the server's, which its operator keeps in a file. Nobody
of a company ever sees the server's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Final

import orjson
import structlog
from sqlalchemy import delete, select

from kalends.base.ids import new_id
from kalends.base.settings import Settings
from kalends.base.work import Work
from kalends.marketing.connectors.declared import Connector
from kalends.marketing.connectors.models import PlatformApp

LOG = structlog.get_logger(__name__)
KEYS: Final = "platform app"


def app_keys(work: Work, connector: Connector) -> dict[str, str]:
    """What the app is known by: the company's own, else the server's; nothing where there is neither."""
    if connector.consent is None:
        return {}
    return company_app(work, connector) or server_app(work.house.settings, connector)


def company_app(work: Work, connector: Connector) -> dict[str, str]:
    """The company's own."""
    row = _row(work, connector.data_source)
    if row is None:
        return {}
    found: dict[str, str] = orjson.loads(
        work.house.keys.open_sealed(row.tenant_id, KEYS, row.sealed_keys, row.id.bytes)
    )
    return found


def server_app(settings: Settings, connector: Connector) -> dict[str, str]:
    """The server's, where its file has all that the platform asks for."""
    if settings.platform_apps is None or connector.consent is None:
        return {}
    try:
        told = tomllib.loads(settings.platform_apps.read_text()).get(connector.data_source, {})
    except (OSError, ValueError) as error:  # what is wrong may show a secret: its kind has to do
        LOG.warning("the file of platform apps cannot be read", kind=type(error).__name__)
        return {}
    needed = [entry.name for entry in connector.consent.app]
    return {name: str(told[name]) for name in needed} if all(told.get(name) for name in needed) else {}


def save_app(work: Work, connector: Connector, keys: Mapping[str, str]) -> None:
    """Keep the company's app, sealed. Connections that were signed in with another one are signed in again."""
    row = _row(work, connector.data_source)
    if row is None:
        row = PlatformApp(tenant_id=work.scope.tenant_id, id=new_id(), data_source=connector.data_source)
        work.session.add(row)
    row.sealed_keys = work.house.keys.seal(row.tenant_id, KEYS, orjson.dumps(dict(keys)), row.id.bytes)
    row.changed_by, row.changed_at = work.scope.person_id, work.now
    work.session.flush()
    work.audit("save_platform_app", subject_kind="platform_app", subject_id=connector.data_source)


def forget_app(work: Work, connector: Connector) -> None:
    """Forget the company's app for good."""
    work.session.execute(delete(PlatformApp).where(PlatformApp.data_source == connector.data_source))
    work.audit("forget_platform_app", subject_kind="platform_app", subject_id=connector.data_source)


def _row(work: Work, data_source: str) -> PlatformApp | None:
    return work.session.scalars(select(PlatformApp).where(PlatformApp.data_source == data_source)).one_or_none()
