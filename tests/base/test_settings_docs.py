"""Every setting is documented, in the words that the code has for it."""

from pathlib import Path

import pytest

from kalends.base.settings import Settings
from kalends.base.settings_reference import kind, reference, shown

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == reference(), (
        "run: python -m kalends.base.settings_reference > docs/reference/settings.md"
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_does(name):
    assert len((Settings.model_fields[name].description or "").split()) >= 3
    assert f"| `KALENDS_{name.upper()}` |" in PAGE.read_text()


def test_kinds_and_defaults_are_shown_as_they_are_written():
    assert kind(Settings.model_fields["log_format"].annotation) == "`console`, `json`"
    assert kind(Settings.model_fields["port"].annotation) == "number"
    assert kind(Settings.model_fields["worker"].annotation) == "`true` or `false`"
    assert kind(Settings.model_fields["secret"].annotation) == "secret"
    assert (shown(None), shown(True), shown(8400)) == ("", "`true`", "`8400`")
