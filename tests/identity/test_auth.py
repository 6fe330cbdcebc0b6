"""The HTTP edge: who is let in, and what is kept when something goes wrong."""

import concurrent.futures

import pytest
from sqlalchemy import text

from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.identity.auth import AT_ONCE, safe_next
from kalends.identity.service import (
    COOKIE,
    add_person,
    change_role,
    create_key,
    create_tenant,
    disable,
    ensure_owner_token,
    revoke_key,
)

PAGE = {"Accept": "text/html"}


@pytest.fixture
def key(house, scope):
    """An analyst's API key that belongs to nobody."""
    with house.work(scope) as work:
        return create_key(work, label="notebook", role="analyst", days=30)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def noted(house, scope):
    with house.work(scope) as work:
        return work.session.execute(text("SELECT count(*) FROM announcements WHERE name = 'test.noted'")).scalar()


def test_nobody_gets_401_as_problem_and_people_are_led_to_the_sign_in(anonymous):
    answer = anonymous.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"
    page = anonymous.get("/settings/people?a=1&b=2", headers=PAGE)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fsettings%2Fpeople%3Fa%3D1%26b%3D2")
    swap = anonymous.get("/settings", headers={"HX-Request": "true", "HX-Current-URL": "https://x.example/data"})
    assert swap.headers["hx-redirect"] == "/sign-in?next=%2Fdata"


def test_a_session_says_who_and_what_they_may(signed_in):
    me = signed_in("analyst").get("/api/v1/me").json()
    assert (me["name"], me["role"], me["via"], me["workspace"]["name"]) == (
        "Analyst",
        "analyst",
        "session",
        "Aurora Trading",
    )
    assert "export.read" in me["permissions"]
    assert "people.manage" not in me["permissions"]


def test_a_role_without_the_permission_gets_403(signed_in):
    answer = signed_in("viewer").get("/api/v1/people")
    assert (answer.status_code, answer.json()["permission"]) == (403, "people.manage")


def test_a_changed_role_counts_in_open_sessions(house, scope, signed_in):
    client = signed_in("admin")
    person = client.get("/api/v1/me").json()["person_id"]
    assert client.get("/api/v1/people").status_code == 200
    with house.work(scope) as work:
        change_role(work, person_id=person, role="viewer")
    assert client.get("/api/v1/people").status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-CSRF-Token": ""}, 403),
        ({"X-CSRF-Token": "guess"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://kalends.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_cookie_alone_changes_nothing(client, headers, status):
    answer = client.post("/api/v1/notes/kept", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "forged_request"


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_a_form_may_carry_the_token(client, form):
    token = client.headers.pop("X-CSRF-Token")
    extra = {} if form == "urlencoded" else {"files": {"file": b"x"}}
    assert client.post("/forms", data={"csrf_token": token}, **extra).status_code == 200
    assert client.post("/forms", data={"csrf_token": "guess"}, **extra).status_code == 403
    assert client.post("/forms", json={"csrf_token": token}).status_code == 403


def test_reading_needs_no_token(client):
    del client.headers["X-CSRF-Token"]
    assert client.get("/api/v1/me", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_key_lets_a_program_in_without_csrf(anonymous, key):
    me = anonymous.get("/api/v1/me", headers=bearer(key.secret)).json()
    assert (me["name"], me["role"], me["via"], me["person_id"]) == ("notebook", "analyst", "key", None)
    assert anonymous.post("/api/v1/notes/kept", headers=bearer(key.secret)).status_code == 403


def test_keys_end_by_time_and_by_hand(house, scope, anonymous, key, clock):
    with house.work(scope) as work:
        other = create_key(work, label="other", role="viewer", days=None)
    clock.advance(days=30)
    assert anonymous.get("/api/v1/me", headers=bearer(key.secret)).status_code == 401
    assert anonymous.get("/api/v1/me", headers=bearer(other.secret)).status_code == 200
    with house.work(scope) as work:
        revoke_key(work, key_id=other.key.id)
    assert anonymous.get("/api/v1/me", headers=bearer(other.secret)).status_code == 401


def test_a_key_does_no_more_than_its_person(house, scope, tenant, anonymous):
    with house.work(scope) as work:
        person = add_person(work, email="ada@aurora.example", name="Ada", role="editor")
    with house.work(Scope(tenant_id=tenant, role="editor", person_id=person.id)) as work:
        key = create_key(work, label="loader", role="editor")
    assert anonymous.post("/api/v1/notes/kept", headers=bearer(key.secret)).status_code == 200
    with house.work(scope) as work:
        change_role(work, person_id=person.id, role="viewer")
    assert anonymous.post("/api/v1/notes/kept", headers=bearer(key.secret)).status_code == 403
    with house.work(scope) as work:
        disable(work, person_id=person.id)
    assert anonymous.get("/api/v1/me", headers=bearer(key.secret)).status_code == 401


def test_the_last_use_of_a_key_is_written_once_a_minute(house, scope, anonymous, key, clock):
    def last_used():
        with house.work(scope) as work:
            return work.session.execute(text("SELECT last_used_at FROM api_keys")).scalar()

    first = clock.now
    for _ in range(3):
        anonymous.get("/api/v1/me", headers=bearer(key.secret))
        clock.advance(seconds=25)
    assert last_used() == first
    anonymous.get("/api/v1/me", headers=bearer(key.secret))
    assert last_used() == clock.now


@pytest.mark.parametrize("secret", ["", "kal_00000000_" + "x" * 43, "kal_owner_" + "x" * 43, "é", "x" * 10_000])
def test_invented_tokens_are_nobody_even_beside_a_good_cookie(client, house, secret):
    ensure_owner_token(house.settings)
    headers = {"Authorization": f"Bearer {secret}".encode()}
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_the_owner_token_acts_in_the_first_tenant_or_the_named_one(house, tenant, anonymous):
    other = create_tenant(house, name="Borealis")
    headers = bearer(ensure_owner_token(house.settings))

    def workspace(**more):
        return anonymous.get("/api/v1/me", headers=headers | more).json().get("workspace", {}).get("id")

    assert workspace() == str(tenant)
    assert workspace(**{"X-Kalends-Tenant": str(other)}) == str(other)
    assert workspace(**{"X-Kalends-Tenant": str(new_id())}) is None


def test_the_owner_tokens_file_is_private(house):
    ensure_owner_token(house.settings)
    path = house.settings.home / "owner.token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_owner_token(house.settings) == path.read_text()


def test_nobody_else_chooses_a_tenant(house, tenant, client, anonymous, key):
    other = create_tenant(house, name="Borealis")
    chosen = {"X-Kalends-Tenant": str(other)}
    assert client.get("/api/v1/me", headers=chosen).json()["workspace"]["id"] == str(tenant)
    assert anonymous.get("/api/v1/me", headers=bearer(key.secret) | chosen).json()["workspace"]["id"] == str(tenant)


def test_nothing_is_kept_of_a_refused_request(house, scope, client):
    assert client.post("/api/v1/notes/refused").status_code == 422
    assert noted(house, scope) == 0
    assert client.post("/api/v1/notes/kept").status_code == 200
    assert noted(house, scope) == 1


def test_what_cannot_be_committed_is_not_acknowledged(house, scope, client):
    with pytest.raises(Exception, match="late_id_key"):
        client.post("/api/v1/notes/uncommittable")
    assert noted(house, scope) == 0


def test_many_at_once_wait_for_each_other_instead_of_locking_up(client):
    # More than there are connections and worker threads together: each could wait for what another holds.
    crowd = 10 * AT_ONCE
    with concurrent.futures.ThreadPoolExecutor(crowd) as pool:
        answers = list(pool.map(lambda _: client.post("/api/v1/notes/slow").status_code, range(2 * crowd)))
    assert set(answers) == {200}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/data?x=1", "/data?x=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_sign_in_leads_only_to_our_own_pages(wanted, leads_to):
    assert safe_next(wanted) == leads_to


def test_the_cookie_of_one_tenant_shows_nothing_of_another(house, tenant, signed_in):
    other = create_tenant(house, name="Borealis")
    with house.work(Scope(tenant_id=other, role="owner")) as work:
        foreign = add_person(work, email="eve@borealis.example", name="Eve", role="viewer").id
    client = signed_in("owner")
    assert client.cookies.get(COOKIE)
    answers = [client.post(f"/api/v1/people/{one}/disable") for one in (foreign, new_id())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
