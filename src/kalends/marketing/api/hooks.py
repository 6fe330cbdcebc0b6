"""Webhooks that bring data: making them, and the address to which they post."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import House, Work
from kalends.identity.service import permit, public
from kalends.marketing.api.checking import FILE_TYPES
from kalends.marketing.bodies import is_packed, read_raw
from kalends.marketing.intake import hooks
from kalends.marketing.intake.hooks import AddedHook
from kalends.marketing.models import Hook, HookDelivery
from kalends.marketing.schemas import Reading, SourceName

router = APIRouter(tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
Manager = Annotated[Work, permit("settings.manage")]


class NewHook(Reading):
    """A hook to make."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=100, description="Who posts to it.")
    data_source: SourceName = Field(description="The platform whose rows it brings; else file, or a name of your own.")


class Delivery(BaseModel):
    """One delivery and what became of it."""

    at: datetime
    is_accepted: bool
    code: str
    message: str
    size: int
    batch_id: UUID | None

    @classmethod
    def of(cls, found: HookDelivery) -> Self:
        """The delivery as an answer."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class HookOut(BaseModel):
    """A hook; `path` is where to post to."""

    id: UUID
    label: str
    data_source: str
    path: str
    created_at: datetime
    rotated_at: datetime | None
    paused_at: datetime | None

    @classmethod
    def of(cls, hook: Hook) -> Self:
        """The hook as an answer."""
        shared = cls.model_fields.keys() - {"path"}
        return cls(path=f"/hooks/in/{hook.id}", **{name: getattr(hook, name) for name in shared})


class AddedHookOut(HookOut):
    """A hook just made; the secret is shown this once."""

    secret: str

    @classmethod
    def added(cls, added: AddedHook) -> Self:
        """The hook with its secret."""
        return cls(**HookOut.of(added.hook).model_dump(), secret=added.secret)


class Hooks(BaseModel):
    """All hooks."""

    hooks: list[HookOut]


class Deliveries(BaseModel):
    """The last deliveries of a hook, newest first."""

    deliveries: list[Delivery]


class Change(BaseModel):
    """Whether the hook takes anything."""

    model_config = ConfigDict(extra="forbid")

    is_paused: bool


@router.post(
    "/hooks/in/{data_hook_id}",
    status_code=202,
    dependencies=[public("proves a signature")],
    responses={503: {"description": "The hook is paused.", "content": {"application/problem+json": {}}}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES},
        }
    },
)
def take_delivery(request: Request, data_hook_id: UUID) -> Delivery:
    """Rows in any format, signed with the hook's secret: that is the login. The same delivery again loads once."""
    house: House = request.app.state.house
    body = read_raw(request, most=hooks.MOST_BYTES)
    taken = hooks.deliver(house, hook_id=data_hook_id, headers=request.headers, body=body, is_packed=is_packed(request))
    return Delivery.of(taken)


@router.get("/marketing/hooks")
def list_hooks(work: Reader) -> Hooks:
    """The webhooks that bring data."""
    return Hooks(hooks=[HookOut.of(hook) for hook in hooks.list_hooks(work)])


@router.post("/marketing/hooks", status_code=201)
def add_hook(body: NewHook, work: Manager) -> AddedHookOut:
    """Make an address to which a program may post rows. Its secret is shown this once."""
    made = hooks.add_hook(work, label=body.label, data_source=body.data_source, options=body.options())
    return AddedHookOut.added(made)


@router.patch("/marketing/hooks/{data_hook_id}")
def change_hook(data_hook_id: UUID, body: Change, work: Manager) -> HookOut:
    """Pause the hook, or let it take data again."""
    return HookOut.of(hooks.pause(work, hook_id=data_hook_id, is_paused=body.is_paused))


@router.post("/marketing/hooks/{data_hook_id}/rotate")
def rotate_hook(data_hook_id: UUID, work: Manager) -> AddedHookOut:
    """Give the hook another secret; the one before opens nothing from now on."""
    return AddedHookOut.added(hooks.rotate(work, hook_id=data_hook_id))


@router.delete("/marketing/hooks/{data_hook_id}", status_code=204)
def remove_hook(data_hook_id: UUID, work: Manager) -> None:
    """End the hook. What it brought stays."""
    hooks.remove(work, hook_id=data_hook_id)


@router.get("/marketing/hooks/{data_hook_id}/deliveries")
def list_deliveries(data_hook_id: UUID, work: Reader) -> Deliveries:
    """The last deliveries, newest first, and why one was refused."""
    hooks.get_hook(work, hook_id=data_hook_id)
    return Deliveries(deliveries=[Delivery.of(one) for one in hooks.deliveries(work, hook_id=data_hook_id)])
