"""The machine's settings: one TOML file, the environment, options. Options beat environment,
environment beats the file; nothing is picked up from the current folder by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from invoicepay.billing.errors import Usage

CONFIG_VARIABLE = "INVOICEPAY_CONFIG"
LEDGER_VARIABLE = "INVOICEPAY_LEDGER"
_KNOWN: Mapping[str, type | Mapping[str, type]] = {
    "ledger": str,
    "outbox": str,
    "secrets": str,
    "smtp": {
        "host": str,
        "port": int,
        "security": str,
        "user": str,
        "password_file": str,
        "sender": str,
        "ca_file": str,
    },
    "keyring": {"backend": str},
    "documents": {"fonts": list},
    "sandbox": {"url": str, "key_file": str},
}


class Smtp(NamedTuple):
    """How to reach the mail server; the password stands in a file of its own."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password_file: str = ""
    sender: str = ""
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
    smtp: Smtp | None
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
        smtp=Smtp(**smtp) if smtp else None,
        keyring_backend=backend,
        fonts=tuple(base / path_of(name) for name in fonts),
        sandbox_url=url,
        sandbox_key=key,
        sources=sources,
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
