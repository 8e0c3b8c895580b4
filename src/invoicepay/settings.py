"""The machine's settings: one TOML file, the environment, options. Options beat environment,
environment beats the file; nothing is picked up from the current folder by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from invoicepay.billing.errors import Usage
from invoicepay.system.mail_server import SmtpSettings

CONFIG_VARIABLE = "INVOICEPAY_CONFIG"
LEDGER_VARIABLE = "INVOICEPAY_LEDGER"
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
"""They name a proxy to other programs. Not heeded: who sets one could lead the key elsewhere."""
_KNOWN: Mapping[str, type | Mapping[str, type]] = {
    "ledger": str,
    "outbox": str,
    "secrets": str,
    "smtp": {name: int if name == "port" else str for name in SmtpSettings._fields},
    "gateway": {"proxy": str, "proxy_user": str, "proxy_password_file": str, "ca_file": str},
    "keyring": {"backend": str},
    "documents": {"fonts": list},
    "sandbox": {"url": str, "key_file": str},
}


class GatewayRoute(NamedTuple):
    """The way to the gateway of a test or live ledger. `proxy`: `http://host:port` or
    `https://host:port`, empty for none; its password stands in a file of its own. `ca_file`: PEM of
    the authorities to trust instead of the usual ones."""

    proxy: str = ""
    proxy_user: str = ""
    proxy_password_file: str = ""
    ca_file: str = ""


class Settings(NamedTuple):
    """What is in force. `sources` says where each value is from: option, a variable's name,
    the file, or default."""

    config: Path
    ledger: Path
    outbox: Path
    """Where e-mails go as .eml files when there is no SMTP."""
    secrets: Path
    """The user's own folder for what `--insecure-storage` keeps."""
    smtp: SmtpSettings | None
    gateway: GatewayRoute
    unused_proxy_variable: str
    """One of PROXY_VARIABLES that is set where `gateway` has no proxy; else empty."""
    keyring_backend: str
    """The keyring whose code the user trusts, e.g. `keyring_pass.PasswordStoreBackend`; empty for
    the machine's own."""
    fonts: tuple[Path, ...]
    """Font files for documents, which are asked for other scripts' characters first."""
    sandbox_url: str
    """A running `sandbox serve`; empty for one in the process."""
    sandbox_key: Path | None
    """Where the key of that one is; None without one."""
    sources: Mapping[str, str]

    @property
    def sandbox(self) -> Path:
        """The practice bank's own file, beside the ledger."""
        return self.ledger.with_name(self.ledger.name + ".sandbox")


def load_settings(
    *, config: Path | None, ledger: Path | None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Settings from options (None where not given), `environ` and the file. Relative paths in
    the file are relative to it. Raises Usage, naming file and setting."""
    environ = os.environ if environ is None else environ
    sources: dict[str, str] = {}
    path, sources["config"] = _first(
        (config, "--config"), (_path(environ.get(CONFIG_VARIABLE)), CONFIG_VARIABLE)
    )
    if path is None:
        path, sources["config"] = default_config(), "default"
    named = sources["config"] != "default"
    values = _read(path, must_exist=named)
    base = path.absolute().parent

    def in_file(name: str) -> Path | None:
        return base / values[name] if name in values else None

    found, sources["ledger"] = _first(
        (ledger, "--ledger"),
        (_path(environ.get(LEDGER_VARIABLE)), LEDGER_VARIABLE),
        (in_file("ledger"), "file"),
    )
    if found is None:
        found = _data_folder() / "ledger.db"
    outbox, sources["outbox"] = _first((in_file("outbox"), "file"))
    secrets, sources["secrets"] = _first((in_file("secrets"), "file"))
    smtp = dict(values.get("smtp", {}))
    for name in ("password_file", "ca_file"):
        if name in smtp:
            smtp[name] = str(base / smtp[name])
    sources["smtp"] = "file" if smtp else "default"
    if smtp and "host" not in smtp:
        raise Usage("config_invalid", f"{path}: [smtp] needs a host")
    gateway = _gateway(values.get("gateway", {}), path)
    for name in ("proxy", "ca_file"):
        sources[f"gateway.{name}"] = "file" if getattr(gateway, name) else "default"
    unused = [name for name in PROXY_VARIABLES if environ.get(name)] if not gateway.proxy else []
    backend = values.get("keyring", {}).get("backend", "")
    sources["keyring.backend"] = "file" if backend else "default"
    fonts = values.get("documents", {}).get("fonts", [])
    if not all(type(name) is str and name and "\0" not in name for name in fonts):
        raise Usage(
            "config_invalid", f"{path}: documents.fonts must be a list of file names in brackets"
        )
    sources["documents.fonts"] = "file" if fonts else "default"
    url, key = _sandbox(values.get("sandbox", {}), path, found.absolute())
    sources["sandbox.url"] = "file" if url else "default"
    return Settings(
        config=path,
        ledger=found.absolute(),
        outbox=outbox or found.absolute().parent / "outbox",
        secrets=secrets or base,
        smtp=SmtpSettings(**smtp) if smtp else None,
        gateway=gateway,
        unused_proxy_variable=unused[0] if unused else "",
        keyring_backend=backend,
        fonts=tuple(base / path_of(name) for name in fonts),
        sandbox_url=url,
        sandbox_key=key,
        sources=sources,
    )


def _gateway(given: Mapping[str, str], path: Path) -> GatewayRoute:
    """Raises Usage. No message repeats what is given as the proxy: a password may stand in it."""
    found = dict(given)
    base = path.absolute().parent
    for name in ("proxy_password_file", "ca_file"):
        if found.get(name):
            found[name] = str(base / path_of(found[name]))
    route = GatewayRoute(**found)
    if route.proxy:
        _check_proxy(route.proxy, path)
    elif route.proxy_user:
        raise Usage(
            "config_invalid",
            f"{path}: gateway.proxy_user is for a proxy, and none is named",
            f"Name it: {_PROXY}.",
        )
    if bool(route.proxy_user) != bool(route.proxy_password_file) or ":" in route.proxy_user:
        raise Usage(
            "config_invalid",
            f"{path}: gateway.proxy_user, without a ':', and proxy_password_file go together",
            "Name both, or neither where the proxy asks for none.",
        )
    if route.ca_file:
        _check_pem(route.ca_file, path)
    return route


def _check_proxy(proxy: str, path: Path) -> None:
    if "@" in proxy:
        raise Usage(
            "config_invalid",
            f"{path}: gateway.proxy has a user or a password in it",
            "Write gateway.proxy_user, and put the password alone into a file that only you can "
            "read, named as gateway.proxy_password_file.",
        )
    found = re.fullmatch(_PROXY_URL, proxy, re.ASCII)
    if found is None or not 0 < int(found[1]) < 65_536:
        raise Usage("config_invalid", f"{path}: gateway.proxy is not a proxy", f"Write {_PROXY}.")


_PROXY = 'proxy = "http://proxy.example:3128", with https:// for one that is spoken to in TLS'
_HOST = r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]"
_PROXY_URL = rf"https?://(?:{_HOST}):([0-9]{{1,5}})/?"


def _check_pem(ca_file: str, path: Path) -> None:
    """Whether its certificates are good is seen where they are used."""
    why = "it has no certificate in PEM"
    try:
        # A pipe or a device would be read for ever.
        if Path(ca_file).exists() and not Path(ca_file).is_file():
            why = "it is not a file"
        elif b"-----BEGIN CERTIFICATE-----" in Path(ca_file).read_bytes():
            return
    except OSError as error:
        why = error.strerror or "it cannot be read"
    raise Usage(
        "config_invalid",
        f"{path}: gateway.ca_file is {ca_file}: {why}",
        "Name a PEM file, or take it out: without one, the usual authorities are trusted.",
    )


def served_key_file(ledger: Path, port: int) -> Path:
    """Where `sandbox serve` on `port` keeps its key: beside the ledger's practice bank."""
    return ledger.with_name(f"{ledger.name}.sandbox.{port}.key")


def _sandbox(given: Mapping[str, str], path: Path, ledger: Path) -> tuple[str, Path | None]:
    """The running practice bank and the file with its key. Raises Usage."""
    url = given.get("url", "")
    if not url:
        return "", None
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        parts, port = urlsplit(""), 0
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1") and "@" not in parts.netloc
    if parts.scheme != "http" or not loopback or parts.path not in ("", "/"):
        raise Usage(  # its key would go there
            "config_invalid",
            f"{path}: sandbox.url must be on this machine",
            "Write it like http://127.0.0.1:12111.",
        )
    named = given.get("key_file")
    key = path.absolute().parent / named if named else served_key_file(ledger, port)
    return url.rstrip("/"), key


def default_config() -> Path:
    """`config.toml` in the platform's config folder."""
    from platformdirs import user_config_path

    return user_config_path("invoicepay", appauthor=False) / "config.toml"


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("invoicepay", appauthor=False)


def path_of(text: str) -> Path:
    """The path that a person wrote, where `~` is a home folder. Raises Usage."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise Usage("config_invalid", f"there is no home folder for {text}") from None


def _path(text: str | None) -> Path | None:
    return path_of(text) if text else None


def _first(*candidates: tuple[Path | None, str]) -> tuple[Path | None, str]:
    for value, source in candidates:
        if value is not None:
            return value, source
    return None, "default"


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if must_exist:
            raise Usage(
                "config_invalid",
                f"no settings file at {path}",
                f"Name one with --config or {CONFIG_VARIABLE}.",
            ) from None
        return {}
    except UnicodeDecodeError as error:
        raise _not_toml(path, error) from error
    except OSError as error:
        raise Usage("config_invalid", f"{path} cannot be read: {error.strerror}") from error
    import tomllib  # takes longer than finding that there is no file

    try:
        values = tomllib.loads(text)
    except ValueError as error:  # a number of 5,000 digits is a ValueError
        raise _not_toml(path, error) from error
    except RecursionError:
        raise _not_toml(path, "it is nested too deeply") from None
    _check(values, _KNOWN, path, "")
    return values


def _not_toml(path: Path, error: Exception | str) -> Usage:
    return Usage("config_invalid", f"{path} is not valid TOML: {error}")


def _check(values: Mapping[str, Any], known: Mapping[str, Any], path: Path, prefix: str) -> None:
    for name, value in values.items():
        expected = known.get(name)
        if expected is None:
            choices = ", ".join(prefix + k for k in known)
            raise Usage(
                "config_invalid", f"{path}: unknown setting {prefix}{name}", f"Known: {choices}."
            )
        if isinstance(expected, Mapping):
            if not isinstance(value, Mapping):
                raise Usage("config_invalid", f"{path}: {name} is a table: write [{name}]")
            _check(value, expected, path, f"{name}.")
        elif type(value) is not expected:
            raise Usage("config_invalid", f"{path}: {prefix}{name} must be {_NAMES[expected]}")
        elif type(value) is str and "\0" in value:  # no path, host or name has one
            raise Usage("config_invalid", f"{path}: {prefix}{name} has a NUL character")


_NAMES = {str: "text in quotes", int: "a whole number", list: "a list of file names in brackets"}
