"""People of the workspace, and keys for programs."""

from __future__ import annotations

import typer

from kalends.cli.base import Json, app, client, show, table_lines

users = typer.Typer(no_args_is_help=True, help="People of this workspace.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(users, name="user")
app.add_typer(keys, name="key")


@users.command("invite")
def invite_person(email: str, *, role: str = "viewer", as_json: Json = False) -> None:
    """Invite somebody; prints the link that lets them in once."""
    with client() as opened:
        answer = opened.post("/invites", {"email": email, "role": role})
    show(answer, as_json=as_json, lines=lambda found: [found["link"]])


@users.command("list")
def list_people(*, as_json: Json = False) -> None:
    """Print the people of this workspace."""
    with client() as opened:
        answer = opened.get("/people")
    show(answer, as_json=as_json, lines=lambda found: table_lines(found["people"]))


@keys.command("create")
def create_key(label: str, *, role: str = "analyst", as_json: Json = False) -> None:
    """Make an API key; it is shown once."""
    with client() as opened:
        answer = opened.post("/keys", {"label": label, "role": role})
    show(answer, as_json=as_json, lines=lambda found: [found["secret"]])


@keys.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """Print the API keys, without their secrets."""
    with client() as opened:
        answer = opened.get("/keys")
    show(answer, as_json=as_json, lines=lambda found: table_lines(found["keys"]))


@keys.command("revoke")
def revoke_key(key: str, *, as_json: Json = False) -> None:
    """End an API key."""
    with client() as opened:
        opened.call("DELETE", f"/keys/{key}")
    show({"revoked": key}, as_json=as_json, lines=lambda _: ["Revoked."])
