"""Bugs in who gets in: the practice bank's key, the owners of secrets' files, keyrings."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ACCESS = "sandbox/access.py"
_FILE = "credentials/private_file.py"
_STORE = "credentials/keyring_store.py"
_KEYRINGS = "credentials/keyrings.py"
_PATIENCE = "credentials/patience.py"
_BANK = "tests/adapters/sandbox/test_access.py"
_OWNERS = "tests/adapters/credentials/test_private_file_owners.py"
_REFUSALS = "tests/adapters/credentials/test_keyring_refusals.py"
_WAITING = "tests/adapters/credentials/test_patience.py"

IN_ACCESS = (
    Mutant(
        "any-test-key",
        "every user of the machine reads the practice bank's customers and charges them",
        _ACCESS,
        "if not hmac.compare_digest(key.encode(), own.encode()):",
        'if not key.startswith("sk_test_"):',
        _BANK,
    ),
    Mutant(
        "one-key-for-all",
        "whoever has run a practice bank has the key of all",
        _ACCESS,
        'return new_id("sk_test", 32)',
        'return "sk_test_" + "x" * 32',
        _BANK,
    ),
    Mutant(
        "host-of-any-port",
        "another server's name is taken for ours",
        _ACCESS,
        "if host.lower() not in own:",
        'if host.lower().rpartition(":")[0] not in {o.rpartition(":")[0] for o in own}:',
        _BANK,
    ),
    Mutant(
        "host-not-asked",
        "a web page reaches the practice bank by a name of its own",
        _ACCESS,
        '        self._check_host(headers.get("host", ""))\n',
        "",
        _BANK,
    ),
    Mutant(
        "origin-not-asked",
        "a page of another site acts with the key that a browser keeps",
        _ACCESS,
        "        self._check_origin(headers)\n",
        "",
        _BANK,
    ),
    Mutant(
        "repeated-header",
        "what is checked is not what is gone by",
        _ACCESS,
        "if repeated:",
        "if False:",
        _BANK,
    ),
    Mutant(
        "owner-not-asked",
        "a secret that another user has planted is used",
        _FILE,
        "if _POSIX and status.st_uid not in (os.geteuid(), 0):",
        "if False:",
        _OWNERS,
    ),
    Mutant(
        "folder-of-others",
        "another user puts another file in the secret's place",
        _FILE,
        "if _POSIX and status.st_mode & _OTHERS_WRITE and not sticky:",
        "if False:",
        _OWNERS,
    ),
    Mutant(
        "links-folder-not-asked",
        "another user leads the key's link elsewhere",
        _FILE,
        "                _check_folder(path, folder, os.fstat(within))\n                here =",
        "                here =",
        _OWNERS,
    ),
    Mutant(
        "looked-at-by-path",
        "a folder that was swapped after the look is read from",
        _FILE,
        "opened(here.name, _READ | _NO_FOLLOW, within)",
        "opened(path, _READ | _NO_FOLLOW)",
        _OWNERS,
    ),
    Mutant(
        "unknown-keyring-loaded",
        "the code of any keyring that something names is run",
        _STORE,
        "if name != self._trusted and name not in keyrings.KNOWN:",
        "if False:",
        _REFUSALS,
    ),
    Mutant(
        "judged-after-loading",
        "a keyring that is refused has run by then",
        _STORE,
        "        self._judge(name)\n        if name",
        "        keyrings.load(name)\n        self._judge(name)\n        if name",
        _REFUSALS,
    ),
    Mutant(
        "not-judged-after-loading",
        "a keyring that inherits from one that keeps nothing loses the secret",
        _STORE,
        "        self._judge(*known_as)\n",
        "",
        _REFUSALS,
    ),
    Mutant(
        "keyring-asks-for-ever",
        "a command from cron never ends",
        _PATIENCE,
        "if time.monotonic() >= give_up:",
        "if False:",
        _WAITING,
    ),
    Mutant(
        "asked-again",
        "a command waits for a silent keyring in each place that asks it",
        _PATIENCE,
        "                self._silent.add(what)\n",
        "",
        _WAITING,
    ),
    Mutant(
        "exit-waits",
        "a command that has given up never ends",
        _PATIENCE,
        "name=what, daemon=True",
        "name=what, daemon=False",
        _WAITING,
    ),
)
