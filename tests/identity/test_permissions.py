import itertools
from typing import get_args

import pytest

from kalends.base.errors import ForbiddenError
from kalends.identity.permissions import (
    ADDS,
    ROLES,
    Permission,
    UnknownRoleError,
    lower_of,
    permissions_of,
    require,
    require_rank,
)

pytestmark = pytest.mark.unit


def test_each_role_may_what_the_one_before_it_may():
    for lower, higher in itertools.pairwise(ROLES):
        assert permissions_of(lower) <= permissions_of(higher)


def test_the_table_and_the_names_of_permissions_agree():
    assert permissions_of("owner") == set(get_args(Permission))
    assert set(ADDS) == set(ROLES)


@pytest.mark.parametrize(
    ("role", "permission", "may"),
    [
        ("viewer", "calendar.read", True),
        ("viewer", "export.read", False),
        ("analyst", "export.read", True),
        ("analyst", "data.write", False),
        ("worker", "data.write", True),
        ("worker", "calendar.write", False),
        ("editor", "calendar.write", True),
        ("editor", "people.manage", False),
        ("admin", "audit.read", True),
    ],
)
def test_the_roles_as_they_were_meant(role, permission, may):
    assert (permission in permissions_of(role)) is may
    if may:
        require(role, permission)
    else:
        with pytest.raises(ForbiddenError, match=permission):
            require(role, permission)


def test_an_unknown_role_may_nothing():
    with pytest.raises(UnknownRoleError, match="the roles are viewer"):
        permissions_of("root")


def test_nobody_hands_out_more_than_they_are():
    require_rank("admin", at_least="admin")
    with pytest.raises(ForbiddenError):
        require_rank("admin", at_least="owner")


def test_a_key_never_outranks_its_person():
    assert lower_of("owner", "viewer") == "viewer"
    assert lower_of("analyst", "admin") == "analyst"
