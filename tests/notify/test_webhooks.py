import pytest

from kalends.notify.webhooks import BadWebhookError, check_url, sign

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
