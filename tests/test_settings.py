"""Settings files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicepay.billing.errors import Usage
from invoicepay.settings import PROXY_VARIABLES, Settings, load_settings


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


def read(folder: Path, gateway: str, **environ: str) -> Settings:
    path = folder / "invoicepay.toml"
    path.write_text(f"[gateway]\n{gateway}\n")
    return load_settings(config=path, ledger=None, environ=environ)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy.example:3128", "https://proxy.example:443", "http://10.0.0.1:8080/",
        "http://[fd00::1]:3128", "http://localhost:1", "http://a_b-c.d:65535",
    ],
)  # fmt: skip
def test_a_proxy_is_a_scheme_a_host_and_a_port(tmp_path: Path, proxy: str) -> None:
    found = read(tmp_path, f'proxy = "{proxy}"', HTTPS_PROXY="http://x:1")

    assert (found.gateway.proxy, found.sources["gateway.proxy"]) == (proxy, "file")
    assert found.unused_proxy_variable == ""


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128", "http://proxy.example", "socks5://proxy.example:1080", "http://:3128",
        "http://proxy.example:0", "http://proxy.example:65536", "http://proxy.example:3128/path",
        "http://proxy.example:3128?x", "http://proxy.example:3128#x", "http://pr oxy:3128", "http:",
        "http://proxy.example:٣", "http://pröxy:3128", "HTTP://proxy.example:99999", "//x:1", "x",
        "http://proxy.example:3128\\n", "http://proxy.example:3128 ", "http://-x:1",
        "http://canary:pw@proxy.example:3128", "http://canary@proxy.example:3128", "canary@",
        "http://canary:pw@proxy.example:3128:3128", "https://canary:p@w@x:1",
    ],
)  # fmt: skip
def test_what_is_no_proxy_is_refused_and_not_repeated(tmp_path: Path, proxy: str) -> None:
    with pytest.raises(Usage) as caught:
        read(tmp_path, f'proxy = "{proxy}"')

    assert caught.value.code == "config_invalid"
    assert "invoicepay.toml: gateway.proxy" in caught.value.message
    assert "canary" not in caught.value.message + caught.value.hint
    assert ("proxy_password_file" in caught.value.hint) == ("@" in proxy)


@pytest.mark.parametrize("variable", PROXY_VARIABLES)
def test_a_variable_that_names_a_proxy_is_noticed_where_none_is_set(
    tmp_path: Path, variable: str
) -> None:
    assert read(tmp_path, "", **{variable: "http://x:1"}).unused_proxy_variable == variable
    assert read(tmp_path, "", **{variable: ""}).unused_proxy_variable == ""
    assert read(tmp_path, 'proxy = ""', HTTP_PROXY="x").unused_proxy_variable == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('proxy_user = "u"', "gateway.proxy_user is for a proxy, and none is named"),
        ('proxy = "http://x:1"\nproxy_user = "u"', "go together"),
        ('proxy = "http://x:1"\nproxy_password_file = "f"', "go together"),
        ('proxy = "http://x:1"\nproxy_user = "a:b"\nproxy_password_file = "f"', "go together"),
        ("proxy = 3128", "gateway.proxy must be text in quotes"),
        ('password = "x"', "unknown setting gateway.password"),
        ('ca_file = "nowhere.pem"', "nowhere.pem: No such file or directory"),
        ('ca_file = "."', "it is not a file"),
        ('ca_file = "/dev/zero"', "it is not a file"),
        ('ca_file = "invoicepay.toml"', "it has no certificate in PEM"),
    ],
)
def test_other_settings_of_the_gateway_are_checked(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Usage) as caught:
        read(tmp_path, text)

    assert caught.value.code == "config_invalid"
    assert says in caught.value.message


def test_files_are_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    found = read(
        tmp_path,
        'proxy = "http://x:1"\nproxy_user = "u"\nproxy_password_file = "p"\nca_file = "ca.pem"',
    ).gateway

    assert found == ("http://x:1", "u", str(tmp_path / "p"), str(tmp_path / "ca.pem"))
