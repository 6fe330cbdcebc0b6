"""What goes in and out over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kalends.identity.auth import Permitted
from kalends.identity.invites import Invited
from kalends.identity.keys import CreatedKey
from kalends.identity.models import ApiKey, Invite, Person, Tenant
from kalends.identity.permissions import Role

Short = Annotated[str, Field(max_length=254)]
Password = Annotated[str, Field(max_length=1000)]


class Body(BaseModel):
    """A request body: unknown fields are refused, because a misspelt one would be silently lost."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class WorkspaceOut(Out):
    """The company, and what its workspace counts in."""

    id: UUID
    name: str
    zone: str
    currency: str
    country: str
    industry: str


class WorkspaceChange(Body):
    """What to change; what is left out stays. zone: IANA, currency: ISO 4217, country: ISO 3166-1 alpha-2."""

    name: Short | None = None
    zone: Short | None = None
    currency: Short | None = None
    country: Short | None = None
    industry: Short | None = None


class MeOut(BaseModel):
    """Who asks, and what they may do."""

    person_id: UUID | None
    name: str
    role: str
    via: str
    permissions: list[str]
    workspace: WorkspaceOut

    @classmethod
    def of(cls, permitted: Permitted, tenant: Tenant) -> Self:
        """From what the edge found out."""
        caller = permitted.caller
        return cls(
            person_id=caller.person_id,
            name=caller.name,
            role=caller.role,
            via=caller.via,
            permissions=sorted(permitted.permissions),
            workspace=WorkspaceOut.model_validate(tenant),
        )


class PersonOut(Out):
    """One person."""

    id: UUID
    email: str
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, person: Person) -> Self:
        """From a row."""
        return cls.model_validate(person)


class PeopleOut(BaseModel):
    """Everybody."""

    people: list[PersonOut]


class RoleIn(Body):
    """The role that somebody shall have."""

    role: Role


class InviteIn(Body):
    """Whom to invite, as what."""

    email: Short
    role: Role = "viewer"


class InvitedOut(BaseModel):
    """An invitation; `link` is shown this once."""

    id: UUID
    email: str
    role: str
    expires_at: datetime
    link: str

    @classmethod
    def of(cls, invited: Invited, *, base: str) -> Self:
        """`base`: the server's address without a slash at its end."""
        return cls(
            id=invited.id,
            email=invited.email,
            role=invited.role,
            expires_at=invited.expires_at,
            link=base + invited.path,
        )


class InviteOut(Out):
    """An invitation that can still be accepted."""

    id: UUID
    email: str
    role: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invite: Invite) -> Self:
        """From a row."""
        return cls.model_validate(invite)


class InvitesOut(BaseModel):
    """All open invitations."""

    invites: list[InviteOut]


class KeyIn(Body):
    """What the key is for, what it may do, and for how many days (null: until revoked)."""

    label: Short
    role: Role = "analyst"
    days: int | None = 365


class KeyOut(Out):
    """A key, without its secret."""

    id: UUID
    label: str
    prefix: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """From a row."""
        return cls.model_validate(key)


class KeysOut(BaseModel):
    """All keys."""

    keys: list[KeyOut]


class CreatedKeyOut(KeyOut):
    """A key just made; `secret` is shown this once."""

    secret: str

    @classmethod
    def with_secret(cls, created: CreatedKey) -> Self:
        """From what the service made."""
        return cls(**KeyOut.of(created.key).model_dump(), secret=created.secret)


class SetupIn(Body):
    """The company and its owner, for a first start without a browser."""

    company: Short
    email: Short
    password: Password
    name: Short = ""
    zone: Short = "UTC"
    currency: Short = "EUR"
    country: Short = "US"
    industry: Short = "general"


class SetupOut(BaseModel):
    """What was made."""

    tenant_id: UUID
    person_id: UUID
