"""What identity does: the only file that other rooms import."""

from kalends.identity.attempts import TooManyAttemptsError
from kalends.identity.auth import (
    Door,
    Permitted,
    Policy,
    answer_not_signed_in,
    door,
    operator,
    permit,
    policies_of,
    public,
    safe_next,
    wants_page,
)
from kalends.identity.callers import Caller, NotSetUpError, NotSignedInError
from kalends.identity.chrome import decorate_pages
from kalends.identity.firststart import AlreadySetUpError, first_start_link, set_up
from kalends.identity.invites import (
    OpenInvite,
    SpentInviteError,
    accept_invite,
    find_invite,
    invite,
    list_invites,
    withdraw_invite,
)
from kalends.identity.keys import create_key, list_keys, revoke_key
from kalends.identity.models import ApiKey, Invite, Person, Tenant
from kalends.identity.ownertoken import ensure_owner_token
from kalends.identity.passwords import WeakPasswordError
from kalends.identity.people import (
    LastOwnerError,
    NoSuchPersonError,
    add_person,
    change_role,
    clean_email,
    disable,
    enable,
    list_people,
    person_of,
)
from kalends.identity.permissions import ROLES, permissions_of, rank, require
from kalends.identity.sessions import COOKIE, open_session, sign_out
from kalends.identity.settingstabs import add_settings_tab, settings_tabs
from kalends.identity.signin import SignedIn, WrongSignInError, sign_in
from kalends.identity.tenants import change_workspace, create_tenant, describe, workspace
from kalends.identity.tokens import digest_of, looks_like_token, new_token

__all__ = [
    "COOKIE",
    "ROLES",
    "AlreadySetUpError",
    "ApiKey",
    "Caller",
    "Door",
    "Invite",
    "LastOwnerError",
    "NoSuchPersonError",
    "NotSetUpError",
    "NotSignedInError",
    "OpenInvite",
    "Permitted",
    "Person",
    "Policy",
    "SignedIn",
    "SpentInviteError",
    "Tenant",
    "TooManyAttemptsError",
    "WeakPasswordError",
    "WrongSignInError",
    "accept_invite",
    "add_person",
    "add_settings_tab",
    "answer_not_signed_in",
    "change_role",
    "change_workspace",
    "clean_email",
    "create_key",
    "create_tenant",
    "decorate_pages",
    "describe",
    "digest_of",
    "disable",
    "door",
    "enable",
    "ensure_owner_token",
    "find_invite",
    "first_start_link",
    "invite",
    "list_invites",
    "list_keys",
    "list_people",
    "looks_like_token",
    "new_token",
    "open_session",
    "operator",
    "permissions_of",
    "permit",
    "person_of",
    "policies_of",
    "public",
    "rank",
    "require",
    "revoke_key",
    "safe_next",
    "set_up",
    "settings_tabs",
    "sign_in",
    "sign_out",
    "wants_page",
    "withdraw_invite",
    "workspace",
]
