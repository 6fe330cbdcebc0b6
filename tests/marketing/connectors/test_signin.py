"""Signing in at a platform instead of entering keys: the way there, the way back, and all that may go wrong on it."""

import httpx
import pytest
from consenting import decide, enter_app, leave, query_of, signed_in_at
from sqlalchemy import func, select, text
from structlog.testing import capture_logs
from syncing import platform, work_off

from kalends.identity.service import create_tenant
from kalends.marketing.connectors.models import Connection, PlatformApp, PlatformSignIn
from kalends.marketing.connectors.purse import secrets_of
from kalends.marketing.connectors.registry import CONNECTORS

SIGNING_IN = sorted(name for name, connector in CONNECTORS.items() if connector.consent)
BACK = "/data/platforms/google_ads/callback"


@pytest.fixture
def google(house):
    with platform(house, "google_ads") as standin:
        yield standin


@pytest.fixture
def known(client, google):
    """Google knows the company's app."""
    enter_app(client, google)
    return google


def connection_of(house, scope):
    with house.work(scope) as work:
        return work.session.execute(select(Connection)).scalar_one()


def count(house, scope, model):
    with house.work(scope) as work:
        return work.session.execute(select(func.count()).select_from(model)).scalar()


def said(client, answer):
    """What the page that an answer leads to says."""
    return client.get(answer.headers["location"]).text


@pytest.mark.parametrize("data_source", SIGNING_IN)
def test_every_platform_lets_in_who_says_yes(house, scope, client, data_source):
    with capture_logs() as logs, platform(house, data_source) as standin:
        enter_app(client, standin)
        answer = signed_in_at(client, standin)
        assert answer.headers["location"].endswith("/choose"), answer.headers
        found = connection_of(house, scope)
        standin.end_token()  # where it ends: it is renewed with what was given
        assert client.post(f"/api/v1/marketing/connections/{found.id}/test").json()["state"] == "healthy"
        secrets = standin.secret_texts()
    assert [name for name in secrets if name in repr(logs)] == []
    consent = CONNECTORS[data_source].consent
    assert secrets_of(house, found) == {consent.keeps: standin.known[consent.keeps]}
    with house.work(scope) as work:
        stored = found.sealed_secrets + repr(found.options).encode()
        trail = work.session.execute(
            text("SELECT string_agg(coalesce(after::text, ''), '') FROM audit_entries")
        ).scalar()
        kept = work.session.execute(select(PlatformApp.sealed_keys)).scalar_one()
    assert [name for name in secrets if name in trail or name.encode() in stored + kept] == []


def test_asks_for_the_app_first_and_never_shows_its_secret(client, google):
    page = client.get("/data/platforms/new/google_ads").text
    assert "/data/platforms/apps/google_ads" in page
    assert "Sign in at Google Ads" not in page
    assert client.post("/data/platforms/new/google_ads/sign-in").headers["location"] == "/data/platforms/new/google_ads"
    assert (
        "https://kalends.example/data/platforms/google_ads/callback"
        in client.get("/data/platforms/apps/google_ads").text
    )
    wrong = client.post("/data/platforms/apps/google_ads", data={"client_id": "google-app"})
    assert wrong.status_code == 422
    assert enter_app(client, google).headers["location"] == "/data/platforms/new/google_ads"
    assert "Sign in at Google Ads" in client.get("/data/platforms/new/google_ads").text
    form = client.get("/data/platforms/apps/google_ads").text
    assert "google-app" in form
    assert "google-secret" not in form
    # An empty secret keeps the present one.
    client.post("/data/platforms/apps/google_ads", data={"client_id": "google-app"})
    assert signed_in_at(client, google).headers["location"].endswith("/choose")


def test_the_servers_app_serves_a_company_that_has_none(house, client, google, tmp_path, monkeypatch):
    file = tmp_path / "apps.toml"
    file.write_text(
        '[google_ads]\ndeveloper_token = "dev-1"\nclient_id = "google-app"\nclient_secret = "google-secret"\n'
    )
    house.settings.platform_apps = file
    with monkeypatch.context() as without:  # a stand-in would fill its own keys in
        without.setattr(house.settings, "platform_gateway", None)
        page = client.get("/data/platforms/apps/google_ads").text
    assert "This server has an app" in page
    assert "google-app" not in page
    answer = signed_in_at(client, google)
    assert answer.headers["location"].endswith("/choose")
    shown = client.get(f"{answer.headers['location'].removesuffix('/choose')}/keys").text
    assert "google-app" not in shown
    file.write_text("client_id = [broken")
    assert "Enter the app" in client.get("/data/platforms/new/google_ads").text


def test_keys_can_be_entered_beside_an_app(client, house, scope, known):
    answer = client.post("/data/platforms/new/google_ads", data={"refresh_token": "google-key-1"})
    assert answer.headers["location"].endswith("/choose")
    assert secrets_of(house, connection_of(house, scope)) == {"refresh_token": "google-key-1"}


def test_a_no_changes_nothing(client, house, scope, known):
    answer = client.get(decide(leave(client, known), "deny"))
    assert answer.headers["location"] == "/data/platforms/new/google_ads"
    assert "You did not allow it" in said(client, answer)
    assert count(house, scope, Connection) == 0
    assert count(house, scope, PlatformSignIn) == 0


def test_a_way_back_is_good_once(client, house, scope, known):
    back = decide(leave(client, known))
    assert client.get(back).headers["location"].endswith("/choose")
    again = client.get(back)
    assert "was used already" in said(client, again)
    assert count(house, scope, Connection) == 1


@pytest.mark.parametrize("minutes", [14, 16])
def test_a_way_back_ends(client, house, scope, known, minutes):
    page = leave(client, known)
    house.clock.advance(minutes=minutes)
    client.get(decide(page))
    assert count(house, scope, Connection) == (1 if minutes < 15 else 0)


def test_a_way_back_is_of_one_browser_person_and_company(client, house, scope, known, signed_in):
    stranger_company = create_tenant(house, name="Borealis")
    colleague, stranger = signed_in("owner"), signed_in("owner", tenant_id=stranger_company)
    enter_app(stranger, known)
    back = decide(leave(client, known))
    for other in (colleague, stranger):
        assert "was not begun in this browser" in said(other, other.get(back))
    own = query_of(decide(leave(stranger, known)))
    mixed = client.get(BACK, params=own)
    assert "was not begun in this browser" in said(client, mixed)
    assert count(house, scope, Connection) == 0
    assert client.get(back).headers["location"].endswith("/choose")


@pytest.mark.parametrize("change", ["", "x", "0", ".", "é"])
def test_a_changed_state_is_refused(client, house, scope, known, change):
    asked = query_of(decide(leave(client, known)))
    asked["state"] = asked["state"][:-1] + change if change else ""
    assert client.get(BACK, params=asked).headers["location"] == "/data/platforms/new/google_ads"
    assert count(house, scope, Connection) == 0


def test_a_way_back_is_of_one_platform(client, house, scope, known):
    asked = query_of(decide(leave(client, known)))
    assert client.get("/data/platforms/linkedin_ads/callback", params=asked).status_code == 303
    assert count(house, scope, Connection) == 0
    assert client.get("/data/platforms/nowhere/callback", params=asked).status_code == 404


@pytest.mark.parametrize("name", ["next", "redirect_uri", "return_to", "url"])
def test_nothing_in_the_address_decides_where_one_is_led(client, known, name):
    evil = {name: "https://evil.example/"}
    unknown = client.get(BACK, params={"state": "x", "code": "y"} | evil)
    assert unknown.headers["location"] == "/data/platforms/new/google_ads"
    page = leave(client, known, **evil)
    assert "evil.example" not in page
    back = client.get(BACK, params=query_of(decide(page)) | evil)
    assert back.headers["location"].startswith("/data/platforms/")


def test_the_platforms_own_words_are_not_shown(client, known):
    asked = query_of(decide(leave(client, known)))
    asked = {"state": asked["state"], "error": "<b>pay</b>", "error_description": "Call +49 30 1234 at once"}
    page = said(client, client.get(BACK, params=asked))
    assert "ended the sign-in" in page
    assert "1234" not in page
    assert "pay" not in page


@pytest.mark.parametrize(
    ("error", "words"), [("temporarily_unavailable", "Try again later"), ("invalid_scope", "rights")]
)
def test_says_why_there_is_no_code(client, known, error, words):
    state = query_of(leave(client, known))["state"]
    assert words in said(client, client.get(BACK, params={"state": state, "error": error}))


def test_a_wrong_secret_of_the_app_is_told(client, house, scope, google):
    keys = {"developer_token": "dev-1", "client_id": "google-app", "client_secret": "mistyped"}
    client.post("/data/platforms/apps/google_ads", data=keys)
    page = said(client, signed_in_at(client, google))
    assert "does not accept the app" in page
    assert "mistyped" not in page
    assert count(house, scope, Connection) == 0


@pytest.mark.parametrize("data_source", ["linkedin_ads", "facebook_ads", "tiktok_ads"])
def test_a_platform_that_gives_nothing_lasting_is_told(client, house, scope, data_source):
    with platform(house, data_source) as standin:
        enter_app(client, standin)
        standin.desk.withholds = True
        page = said(client, signed_in_at(client, standin))
    assert "gave nothing that lasts" in page
    assert count(house, scope, Connection) == 0


def test_a_connection_whose_permission_was_taken_back_is_let_in_again(client, house, scope, known):
    answer = signed_in_at(client, known)
    found = connection_of(house, scope)
    client.post(answer.headers["location"], data={"account": found.seen[0]["id"], "report": "campaign", "history": "5"})
    work_off(house, scope)
    known.secrets = known.secrets | {"refresh_token": "google-key-2"}
    house.clock.advance(hours=2)
    assert client.post(f"/api/v1/marketing/connections/{found.id}/test").json()["state"] == "broken"
    page = client.get(f"/data/platforms/{found.id}").text
    assert f"/data/platforms/{found.id}/sign-in" in page
    assert "Sign in again" in page

    answer = signed_in_at(client, known, connection_id=found.id)
    assert answer.headers["location"] == f"/data/platforms/{found.id}"
    assert "signed in again" in said(client, answer)
    found = connection_of(house, scope)
    assert (found.health, found.problem, len(found.accounts)) == ("healthy", None, 1)
    assert secrets_of(house, found)["refresh_token"] == "google-key-2"


def test_signing_in_takes_the_place_of_keys_and_keys_that_of_signing_in(client, house, scope):
    with platform(house, "hubspot") as standin:
        enter_app(client, standin)
        answer = client.post("/data/platforms/new/hubspot", data={"access_token": "pat-eu1-hubspot-1"})
        assert answer.headers["location"].endswith("/choose")
        found = connection_of(house, scope)
        signed_in_at(client, standin, connection_id=found.id)
        assert secrets_of(house, connection_of(house, scope)) == {"refresh_token": "hubspot-key-1"}
        client.post(f"/data/platforms/{found.id}/keys", data={"access_token": "pat-eu1-hubspot-1"})
        found = connection_of(house, scope)
    assert secrets_of(house, found) == {"access_token": "pat-eu1-hubspot-1"}
    assert found.health == "healthy"


@pytest.mark.parametrize("domain", ["evil.example", "salesforce.com.evil.example", "evil.example/.salesforce.com", ""])
def test_an_apps_secret_goes_to_salesforce_alone(client, house, scope, domain):
    with platform(house, "salesforce") as standin:
        enter_app(client, standin)
        for way in ("/data/platforms/new/salesforce/sign-in", "/data/platforms/new/salesforce"):
            answer = client.post(way, data={"domain": domain})
            assert answer.status_code == 422
            assert "My Domain" in answer.text
    assert count(house, scope, Connection) == 0


def test_only_who_manages_settings_signs_in(client, known, signed_in):
    analyst = signed_in("analyst")
    back = decide(leave(client, known))
    assert analyst.get(back).status_code == 403
    assert analyst.post("/data/platforms/new/google_ads/sign-in").status_code == 403
    assert analyst.get("/data/platforms/apps/google_ads").status_code == 403
    assert analyst.post("/data/platforms/apps/google_ads", data={}).status_code == 403


def test_a_program_cannot_sign_in(house, company, app, browser, known):
    from kalends.identity.service import ensure_owner_token

    program = browser(authorization=f"Bearer {ensure_owner_token(house.settings)}")
    answer = program.post("/data/platforms/new/google_ads/sign-in")
    assert answer.headers["location"] == "/data/platforms/new/google_ads"
    assert "refresh" not in answer.headers


def test_goes_to_the_platform_itself_without_a_gateway(client, house, known):
    house.settings.platform_gateway = None
    page = leave(client, known)
    assert page.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    asked = query_of(page)
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "https://kalends.example/data/platforms/google_ads/callback"


def test_a_forgotten_app_is_gone(client, house, scope, known):
    client.post("/data/platforms/apps/google_ads/forget")
    assert count(house, scope, PlatformApp) == 0
    assert "Enter the app" in client.get("/data/platforms/new/google_ads").text


def test_a_wrong_key_is_mended_on_the_page_that_tells_it(client, house):
    """The page that says what is wrong carries the token without which it could not be sent again."""
    answer = client.post("/data/platforms/new/tiktok_ads", data={"app_id": "1"}, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert f'name="csrf_token" value="{client.headers["X-CSRF-Token"]}"' in answer.text


def test_platforms_without_consent_keep_their_form(client):
    assert 'name="api_key"' in client.get("/data/platforms/new/klaviyo").text
    assert client.get("/data/platforms/apps/klaviyo").status_code == 422


def test_a_stand_in_refuses_a_stranger(known, client):
    page = leave(client, known)
    assert httpx.get(page.replace("client_id=google-app", "client_id=other")).status_code == 400
