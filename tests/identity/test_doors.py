"""The way in, as a browser walks it: first start, sign-in, invitation, sign-out."""

import re

import pytest

from kalends.identity.service import COOKIE, first_start_link

PAGE = {"Accept": "text/html"}
PASSWORD = "a long sentence"


@pytest.fixture
def visitor(browser):
    """A browser that has never been here."""
    return browser(Accept="text/html")


def token_of(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


@pytest.fixture
def owner_of_new_house(house, visitor):
    link = first_start_link(house)
    page = visitor.get(link)
    assert "Welcome to Kalends" in page.text
    form = {"token": link.removeprefix("/start/"), "name": "Ada", "email": "ada@aurora.example", "company": "Aurora"}
    return link, form, visitor


def test_the_first_start_leads_home_with_a_guarded_cookie(owner_of_new_house):
    link, form, visitor = owner_of_new_house
    answer = visitor.post("/first-start", data=form | {"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert re.search(rf"{COOKIE}=kal_session_.*HttpOnly.*Path=/; SameSite=lax; Secure", cookie)
    assert "Aurora" in visitor.get("/settings").text
    for spent in (visitor.get(link), visitor.post("/first-start", data=form | {"password": PASSWORD})):
        assert (spent.status_code, "no longer works" in spent.text) == (410, True)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("password", "short", "use at least 10"),
        ("email", "nobody", "That is no e-mail address"),
        ("company", " ", "Give the company a name"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_spends_nothing(owner_of_new_house, field, value, said):
    link, form, visitor = owner_of_new_house
    answer = visitor.post("/first-start", data=form | {"password": PASSWORD} | {field: value})
    assert answer.status_code == 422
    assert said in re.search(rf'id="{field}-error".*?</p>', answer.text, re.DOTALL)[0]
    assert PASSWORD not in answer.text
    assert visitor.get(link).status_code == 200


def test_the_sign_in_leads_on_and_changes_the_cookie(owner_of_new_house, browser):
    _, form, visitor = owner_of_new_house
    visitor.post("/first-start", data=form | {"password": PASSWORD})
    before = visitor.cookies[COOKIE]
    tried = {"email": form["email"], "next": "/settings/people?x=1"}
    wrong = visitor.post("/sign-in", data=tried | {"password": "a wrong sentence"})
    assert (wrong.status_code, "do not belong together" in wrong.text) == (401, True)
    right = visitor.post("/sign-in", data=tried | {"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/settings/people?x=1")
    assert visitor.cookies[COOKIE] != before
    # The old one ended: a cookie that somebody kept opens nothing.
    other = browser(Accept="text/html")
    other.cookies.set(COOKIE, before)
    assert other.get("/settings").status_code == 303


def test_the_sign_in_does_not_lead_away(owner_of_new_house):
    _, form, visitor = owner_of_new_house
    visitor.post("/first-start", data=form | {"password": PASSWORD})
    for evil in ("https://evil.example", "//evil.example"):
        answer = visitor.post("/sign-in", data={"email": form["email"], "password": PASSWORD, "next": evil})
        assert answer.headers["location"] == "/"
        assert "evil" not in visitor.get("/sign-in", params={"next": evil}).text


def test_another_site_cannot_sign_anybody_in(visitor):
    answer = visitor.post("/sign-in", data={"email": "x@y.z"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_too_many_tries_are_told_to_wait(visitor):
    for _ in range(5):
        assert visitor.post("/sign-in", data={"email": "x@y.z", "password": "guess"}).status_code == 401
    answer = visitor.post("/sign-in", data={"email": "x@y.z", "password": "guess"})
    assert (answer.status_code, "try again in 30 seconds" in answer.text) == (429, True)


def test_an_invitation_is_made_on_the_page_and_accepted_by_its_link(signed_in, browser):
    owner = signed_in("owner")
    page = owner.post("/settings/people/invite", data={"email": "bob@aurora.example", "role": "editor"}, headers=PAGE)
    link = re.search(r"https://kalends\.example(/invite/[\w-]+)", page.text)[1]
    bob = browser(Accept="text/html")
    form = bob.get(link)
    assert "Owner invites you as an editor" in form.text
    token = {"token": link.removeprefix("/invite/")}
    assert bob.post("/invite", data=token | {"name": "Bob", "password": "short"}).status_code == 422
    assert bob.post("/invite", data=token | {"name": "Bob", "password": PASSWORD}).status_code == 303
    me = bob.get("/api/v1/me", headers={"Accept": "application/json"}).json()
    assert (me["name"], me["role"]) == ("Bob", "editor")
    assert bob.get(link).status_code == 410


def test_a_start_link_opens_no_invitation_and_the_other_way_round(house, visitor, signed_in):
    link = first_start_link(house)
    assert visitor.get(link.replace("/start/", "/invite/")).status_code == 410


def test_signing_out_ends_the_session_for_good(signed_in, browser):
    client = signed_in("viewer")
    kept = client.cookies[COOKIE]
    page = client.get("/settings", headers=PAGE)
    del client.headers["X-CSRF-Token"]
    assert client.post("/sign-out", headers=PAGE).status_code == 403
    answer = client.post("/sign-out", data={"csrf_token": token_of(page)}, headers=PAGE)
    assert answer.headers["location"] == "/sign-in"
    other = browser()
    other.cookies.set(COOKIE, kept)
    assert other.get("/api/v1/me").status_code == 401
