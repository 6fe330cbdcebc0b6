import pytest

from kalends.notify.webhooks import BadWebhookError, check_target, check_url, sign

pytestmark = pytest.mark.unit


def test_the_signature_is_what_openssl_makes():
    # printf '12.{}' | openssl dgst -sha256 -hmac Jefe
    expected = "920d401f4879de198b71e775f802db6e3364de1e84bd18ca56903b6593a32642"
    assert sign(b"Jefe", timestamp=12, body=b"{}") == f"v1={expected}"


@pytest.mark.parametrize(
    "url", ["", "hooks.example", "ftp://hooks.example", "http://", "https://u:p@x.example", "http://["]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(BadWebhookError, match="Give an address"):
        check_url(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "0.0.0.0", "[::ffff:10.0.0.1]"])
def test_inner_addresses_are_refused_where_they_could_be_abused(host):
    with pytest.raises(BadWebhookError, match="own network"):
        check_target(f"http://{host}/hook", local_allowed=False)
    check_target(f"http://{host}/hook", local_allowed=True)


def test_outer_addresses_are_fine():
    check_target("https://93.184.215.14/hook", local_allowed=False)
