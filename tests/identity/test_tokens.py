import base64

import pytest

from kalends.identity.tokens import digest_of, looks_like_token, new_token, same

pytestmark = pytest.mark.unit


def test_a_token_has_256_random_bits_and_keeps_only_its_digest():
    token = new_token()
    assert token.text.startswith(f"kal_{token.prefix}_")
    secret = token.text.split("_", 2)[2]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert token.digest == digest_of(token.text)
    assert token.text not in repr(token)


def test_tokens_differ():
    assert len({new_token().text for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kal_",
        "kal_ab_x",
        "bearer",
        "kal_d97f2bd6_yExXe08DkOfIdm_8V_H9Utuz5CBEBBmBo_g3z2JnnQ4x",
        "kal_é1234567_" + "a" * 43,
    ],
)
def test_what_is_no_token_is_not_looked_up(text):
    assert not looks_like_token(text)


def test_tokens_of_every_kind_are_looked_up():
    assert all(looks_like_token(new_token(prefix).text) for prefix in (None, "session", "invite", "start", "owner"))


def test_same_compares_text_of_any_alphabet():
    assert same("ключ", "ключ")
    assert not same("ключ", "ключи")
