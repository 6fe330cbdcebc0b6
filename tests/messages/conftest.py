"""Fixtures of the messages room: pages, captions, and the people who work on them."""

from dataclasses import replace

import pytest

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.service import add_person
from kalends.messages import captions, creator_pages
from kalends.messages.caption_schemas import CaptionIn
from kalends.messages.page_schemas import PageIn


@pytest.fixture
def add_page(work):
    """`add_page("Luna")` adds a page."""

    def add(name="Luna", **fields):
        return creator_pages.add_page(
            work, PageIn(name=name, **{"zone": "America/New_York", "currency": "USD"} | fields)
        )

    return add


@pytest.fixture
def add_caption(work):
    """`add_caption("Come and see", price_tier="Mid")` adds a caption."""

    def add(text="Come and see", **fields):
        return captions.add_caption(work, CaptionIn(text=text, **{"price_tier": "Mid"} | fields))

    return add


@pytest.fixture
def acting_as(work):
    """`acting_as("editor")` gives the same transaction in the hands of a new person with that role."""

    def act(role="editor"):
        person = add_person(work, email=f"{new_id().hex}@aurora.example", name=role.title(), role=role)
        own = Scope(tenant_id=work.scope.tenant_id, role=role, person_id=person.id)
        return replace(work, scope=own, _stack=work._stack)

    return act
