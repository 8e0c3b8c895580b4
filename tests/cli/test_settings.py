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
