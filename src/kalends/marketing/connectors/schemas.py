"""What goes into and out of connections over HTTP. No secret ever goes out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kalends.marketing.connectors.connections import Health
from kalends.marketing.connectors.declared import Account, Connector
from kalends.marketing.connectors.models import Connection, SyncSlice
from kalends.marketing.connectors.progress import RunProgress


class EntryOut(BaseModel):
    """A field of the form that connects."""

    name: str
    label: str
    help: str
    is_secret: bool
    is_required: bool
    choices: list[str]


class ReportOut(BaseModel):
    """A report that can be brought."""

    name: str
    label: str
    is_default: bool


class PlatformOut(BaseModel):
    """A platform that can be connected."""

    data_source: str
    entries: list[EntryOut]
    reports: list[ReportOut]
    attributions: list[str] = Field(description="Attribution windows that can be had beside the account's own setting.")
    reread_days: int
    reread_why: str
    guide: str

    @classmethod
    def of(cls, connector: Connector) -> Self:
        """The platform as an answer."""
        return cls(
            data_source=connector.data_source,
            entries=[
                EntryOut(
                    name=entry.name,
                    label=entry.label,
                    help=entry.help,
                    is_secret=entry.is_secret,
                    is_required=entry.is_required,
                    choices=[value for value, _ in entry.choices],
                )
                for entry in connector.entries
            ],
            reports=[
                ReportOut(name=report.name, label=report.label, is_default=report.is_default)
                for report in connector.reports
            ],
            attributions=list(connector.attributions),
            reread_days=connector.reread,
            reread_why=connector.reread_why,
            guide=connector.guide,
        )


class AccountIn(BaseModel):
    """An account of the platform."""

    id: str = Field(min_length=1, max_length=200)
    name: str = Field(default="", max_length=300)
    currency: str = Field(default="", pattern="^([A-Z]{3})?$")
    zone: str = Field(default="", max_length=100)

    def account(self) -> Account:
        """As the connectors know it."""
        return Account(self.id, self.name, self.currency, self.zone)


class NewConnection(BaseModel):
    """What a person enters once."""

    model_config = ConfigDict(extra="forbid")

    data_source: str = Field(min_length=1, max_length=100)
    label: str = Field(default="", max_length=200)
    entered: dict[str, str] = Field(
        description="The platform's fields; what is secret is sealed and never shown again."
    )


class Keys(BaseModel):
    """Keys entered anew; a field left empty keeps what it had."""

    model_config = ConfigDict(extra="forbid")

    entered: dict[str, str]


class ConnectionChange(BaseModel):
    """What the connection brings, and how often; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    label: str | None = Field(default=None, max_length=200)
    accounts: list[AccountIn] | None = Field(default=None, max_length=10_000)
    reports: list[str] | None = None
    attributions: list[str] | None = Field(
        default=None, description="Attribution windows under which each report is asked for once more."
    )
    every: int | None = Field(default=None, description="Minutes between two syncs.")
    history: int | None = Field(default=None, description="Days that the first sync brings.")
    reread: int | None = Field(
        default=None, description="Days that are asked for again each time, 0 to 400; null: as the platform restates."
    )


class Span(BaseModel):
    """Days to fetch again; without them, what is new and what may have been restated."""

    model_config = ConfigDict(extra="forbid")

    first: date | None = None
    last: date | None = None

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse an end before the start, or one without it."""
        if self.last and (self.first is None or self.last < self.first):
            raise ValueError("give first, and last not before it")
        return self


class HealthOut(BaseModel):
    """What a test said."""

    state: Literal["unknown", "healthy", "degraded", "broken"]
    problem: str
    advice: str
    accounts: list[AccountIn]

    @classmethod
    def of(cls, health: Health) -> Self:
        """The health as an answer."""
        accounts = [
            AccountIn(id=one.id, name=one.name, currency=one.currency, zone=one.zone) for one in health.accounts
        ]
        return cls(state=health.state, problem=health.problem, advice=health.advice, accounts=accounts)


class RunOut(BaseModel):
    """One sync: how far it is, and what it brought."""

    id: UUID
    connection_id: UUID
    kind: str
    state: str
    date_from: date | None
    date_to: date | None
    started_at: datetime
    finished_at: datetime | None
    slices: int
    landed: int
    failed: int
    waiting: int
    calls: int
    next_try_at: datetime | None

    @classmethod
    def of(cls, progress: RunProgress) -> Self:
        """The run as an answer."""
        run = progress.run
        own = ("id", "connection_id", "kind", "state", "date_from", "date_to", "started_at", "finished_at")
        counted = ("slices", "landed", "failed", "waiting", "calls", "next_try_at")
        return cls(**{name: getattr(run, name) for name in own}, **{name: getattr(progress, name) for name in counted})


class ConnectionOut(BaseModel):
    """A connection, without its secrets."""

    id: UUID
    data_source: str
    label: str
    state: str
    accounts: list[dict[str, str]]
    reports: list[str]
    attributions: list[str]
    every: int
    history: int
    reread: int | None
    health: str
    problem: str | None
    advice: str | None
    checked_at: datetime | None
    next_sync_at: datetime | None
    created_at: datetime
    last_run: RunOut | None = None

    @classmethod
    def of(cls, connection: Connection, *, last_run: RunProgress | None = None) -> Self:
        """The connection as an answer."""
        shared = cls.model_fields.keys() - {"last_run"}
        shown: dict[str, Any] = {name: getattr(connection, name) for name in shared}
        return cls(**shown, last_run=RunOut.of(last_run) if last_run else None)


class SliceOut(BaseModel):
    """One question of a sync."""

    id: UUID
    account_id: str
    report: str
    attribution: str
    date_from: date
    date_to: date
    state: str
    tries: int
    calls: int
    pages: int
    batch_id: UUID | None
    problem: str | None
    advice: str | None
    next_try_at: datetime | None

    @classmethod
    def of(cls, row: SyncSlice) -> Self:
        """The slice as an answer."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class Slices(BaseModel):
    """A page of a sync's questions."""

    run: RunOut
    slices: list[SliceOut]
    total: int
