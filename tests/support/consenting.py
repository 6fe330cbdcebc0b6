"""A person who walks to a platform's consent page and back, by hand: what the browser does by itself."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

from kalends.marketing.connectors.registry import CONNECTORS


def enter_app(client, standin):
    """Tell the company's app, once."""
    keys = {entry.name: standin.known[entry.name] for entry in CONNECTORS[standin.data_source].consent.app}
    return client.post(f"/data/platforms/apps/{standin.data_source}", data=keys)


def leave(client, standin, *, connection_id=None, **entered):
    """Press “Sign in at …”; gives the address of the platform's page."""
    beside = {entry.name: standin.known.get(entry.name, "") for entry in CONNECTORS[standin.data_source].beside}
    here = connection_id or f"new/{standin.data_source}"
    answer = client.post(f"/data/platforms/{here}/sign-in", data={"label": "Shop"} | beside | entered)
    assert answer.status_code == 200, answer.headers.get("location")
    page = re.fullmatch("0; url=(.+)", answer.headers["refresh"])[1]
    assert page in unescape(answer.text)
    return page


def decide(page, answer="allow"):
    """Say yes or no on the platform's page; gives the path and query to come back by."""
    shown = httpx.get(page)
    assert shown.status_code == 200, shown.text
    back = httpx.post(page, data={"answer": answer}).headers["location"]
    parts = urlsplit(back)
    assert f"{parts.scheme}://{parts.netloc}" == "https://kalends.example"
    return f"{parts.path}?{parts.query}"


def signed_in_at(client, standin, **more):
    """The whole walk; gives the answer of the way back."""
    return client.get(decide(leave(client, standin, **more)))


def query_of(address):
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
