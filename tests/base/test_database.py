"""A row that is held is what others left of it, also where the transaction had read it before."""

from sqlalchemy import select

from kalends.identity.models import Tenant


def test_a_row_that_is_held_is_read_anew(house, scope):
    def renamed(name):
        with house.work(scope) as other:
            other.session.get_one(Tenant, scope.tenant_id).name = name

    with house.work(scope) as work:
        seen = work.session.get_one(Tenant, scope.tenant_id)
        renamed("As others left it")
        assert seen.name != "As others left it"
        work.session.get_one(Tenant, scope.tenant_id, with_for_update=True)
        assert seen.name == "As others left it"

    with house.work(scope) as work:
        seen = work.session.get_one(Tenant, scope.tenant_id)
        renamed("As they left it then")
        work.session.scalar(select(Tenant).with_for_update())
        assert seen.name == "As they left it then"
