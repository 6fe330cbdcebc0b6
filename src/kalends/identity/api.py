"""HTTP: who am I, the workspace, its people, invitations and API keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from kalends.base.work import House, Work
from kalends.identity import service
from kalends.identity.auth import Permitted, operator, permit
from kalends.identity.schemas import (
    CreatedKeyOut,
    InvitedOut,
    InviteIn,
    InviteOut,
    InvitesOut,
    KeyIn,
    KeyOut,
    KeysOut,
    MeOut,
    PeopleOut,
    PersonOut,
    RoleIn,
    SetupIn,
    SetupOut,
    WorkspaceChange,
    WorkspaceOut,
)

router = APIRouter(tags=["identity"])


def address_of(request: Request) -> str:
    """Where people reach this server: as the operator said, else as this request did."""
    house: House = request.app.state.house
    return (house.settings.public_url or str(request.base_url)).rstrip("/")


@router.get("/me")
def me(request: Request, work: Annotated[Work, permit("me")]) -> MeOut:
    """Who I am and what I may do."""
    permitted: Permitted = request.state.permitted
    return MeOut.of(permitted, service.workspace(work))


@router.get("/workspace")
def read_workspace(work: Annotated[Work, permit("me")]) -> WorkspaceOut:
    """The company, and what its workspace counts in."""
    return WorkspaceOut.model_validate(service.workspace(work))


@router.patch("/workspace")
def change_workspace(body: WorkspaceChange, work: Annotated[Work, permit("settings.manage")]) -> WorkspaceOut:
    """Change some of it."""
    return WorkspaceOut.model_validate(service.change_workspace(work, **body.model_dump(exclude_none=True)))


@router.get("/people")
def people(work: Annotated[Work, permit("people.manage")]) -> PeopleOut:
    """Everybody of this workspace."""
    return PeopleOut(people=[PersonOut.of(person) for person in service.list_people(work)])


@router.put("/people/{person_id}/role")
def change_role(person_id: UUID, body: RoleIn, work: Annotated[Work, permit("people.manage")]) -> PersonOut:
    """Give a person another role."""
    return PersonOut.of(service.change_role(work, person_id=person_id, role=body.role))


@router.post("/people/{person_id}/disable")
def disable(person_id: UUID, work: Annotated[Work, permit("people.manage")]) -> PersonOut:
    """Shut a person out; their sessions end at once."""
    return PersonOut.of(service.disable(work, person_id=person_id))


@router.post("/people/{person_id}/enable")
def enable(person_id: UUID, work: Annotated[Work, permit("people.manage")]) -> PersonOut:
    """Let a disabled person in again."""
    return PersonOut.of(service.enable(work, person_id=person_id))


@router.get("/invites")
def invites(work: Annotated[Work, permit("people.manage")]) -> InvitesOut:
    """Invitations that can still be accepted."""
    return InvitesOut(invites=[InviteOut.of(one) for one in service.list_invites(work)])


@router.post("/invites", status_code=201)
def invite(request: Request, body: InviteIn, work: Annotated[Work, permit("people.manage")]) -> InvitedOut:
    """Invite somebody; the link in the answer lets them in once, for a week."""
    return InvitedOut.of(service.invite(work, email=body.email, role=body.role), base=address_of(request))


@router.delete("/invites/{invite_id}", status_code=204)
def withdraw(invite_id: UUID, work: Annotated[Work, permit("people.manage")]) -> None:
    """Withdraw an invitation."""
    service.withdraw_invite(work, invite_id=invite_id)


@router.get("/keys")
def keys(work: Annotated[Work, permit("keys.manage")]) -> KeysOut:
    """All API keys, without their secrets."""
    return KeysOut(keys=[KeyOut.of(key) for key in service.list_keys(work)])


@router.post("/keys", status_code=201)
def create_key(body: KeyIn, work: Annotated[Work, permit("keys.manage")]) -> CreatedKeyOut:
    """Make an API key; its secret is in this answer and nowhere else."""
    return CreatedKeyOut.with_secret(service.create_key(work, label=body.label, role=body.role, days=body.days))


@router.delete("/keys/{key_id}")
def revoke_key(key_id: UUID, work: Annotated[Work, permit("keys.manage")]) -> KeyOut:
    """End an API key."""
    return KeyOut.of(service.revoke_key(work, key_id=key_id))


@router.post("/setup", status_code=201, dependencies=[operator()])
def set_up(request: Request, body: SetupIn) -> SetupOut:
    """Make the company and its owner, where there is none yet. Only for the operator of this machine."""
    described = {"name": body.company, **body.model_dump(include={"zone", "currency", "country", "industry"})}
    tenant_id, person_id = service.set_up(
        request.app.state.house, email=body.email, password=body.password, name=body.name, workspace_as=described
    )
    return SetupOut(tenant_id=tenant_id, person_id=person_id)
