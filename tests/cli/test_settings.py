"""Settings files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicepay.billing.errors import Usage
from invoicepay.settings import load_settings


@pytest.mark.parametrize("text", ["ledger = ", f"x = {'9' * 5_000}", "x = " + "[" * 5_000])
def test_what_is_not_toml_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "invoicepay.toml"
    path.write_text(text)
    with pytest.raises(Usage, match=r"invoicepay\.toml is not valid TOML") as caught:
        load_settings(config=path, ledger=None, environ={})
    assert caught.value.code == "config_invalid"


@pytest.mark.parametrize("value", ['"a.ttf"', "[1]", '[""]', '["a\\u0000"]', "[[]]", "{}"])
def test_fonts_are_a_list_of_file_names(tmp_path: Path, value: str) -> None:
    path = tmp_path / "invoicepay.toml"
    path.write_text(f"[documents]\nfonts = {value}\n")
    with pytest.raises(Usage, match=r"documents\.fonts must be a list") as caught:
        load_settings(config=path, ledger=None, environ={})
    assert caught.value.code == "config_invalid"


def test_font_files_are_beside_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "invoicepay.toml"
    path.write_text('[documents]\nfonts = ["fonts/a.ttf", "/usr/share/b.otf"]\n')
    settings = load_settings(config=path, ledger=None, environ={})
    assert settings.fonts == (tmp_path / "fonts" / "a.ttf", Path("/usr/share/b.otf"))
