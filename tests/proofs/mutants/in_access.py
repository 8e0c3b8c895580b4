"""Bugs in who gets in: the practice bank's key, the owners of secrets' files, keyrings."""

from __future__ import annotations

from tests.proofs.mutants.edits import insert_before, never, remove, replace
from tests.proofs.mutants.mutant import Mutant

_BANK = "tests/sandbox/test_access.py"
_OWNERS = "tests/credentials/test_private_file_owners.py"
_REFUSALS = "tests/credentials/test_keyring_refusals.py"
_WAITING = "tests/credentials/test_patience.py"

IN_ACCESS = (
    Mutant(
        "any-test-key",
        "every user of the machine reads the practice bank's customers and charges them",
        "Access._check_key",
        replace("hmac.compare_digest(key.encode(), own.encode())", "key.startswith('sk_test_')"),
        _BANK,
    ),
    Mutant(
        "one-key-for-all",
        "whoever has run a practice bank has the key of all",
        "new_key",
        replace("new_id('sk_test', 32)", "'sk_test_' + 'x' * 32"),
        _BANK,
    ),
    Mutant(
        "host-of-any-port",
        "another server's name is taken for ours",
        "Access._check_host",
        replace(
            "host.lower() not in own",
            "host.lower().rpartition(':')[0] not in {o.rpartition(':')[0] for o in own}",
        ),
        _BANK,
    ),
    Mutant(
        "host-not-asked",
        "a web page reaches the practice bank by a name of its own",
        "Access.check",
        remove("self._check_host(headers.get('host', ''))"),
        _BANK,
    ),
    Mutant(
        "origin-not-asked",
        "a page of another site acts with the key that a browser keeps",
        "Access.check",
        remove("self._check_origin(headers)"),
        _BANK,
    ),
    Mutant(
        "repeated-header",
        "what is checked is not what is gone by",
        "Access.check",
        never("repeated"),
        _BANK,
    ),
    Mutant(
        "owner-not-asked",
        "a secret that another user has planted is used",
        "_check_owner",
        never("_POSIX and status.st_uid not in (os.geteuid(), 0)"),
        _OWNERS,
    ),
    Mutant(
        "folder-of-others",
        "another user puts another file in the secret's place",
        "_check_folder",
        never("_POSIX and status.st_mode & _OTHERS_WRITE and not sticky"),
        _OWNERS,
    ),
    Mutant(
        "links-folder-not-asked",
        "another user leads the key's link elsewhere",
        "_opened",
        replace(
            "_check_folder(path, folder, os.fstat(within)); "
            "here = Path(os.readlink(here.name, dir_fd=within))",
            "here = Path(os.readlink(here.name, dir_fd=within))",
        ),
        _OWNERS,
    ),
    Mutant(
        "looked-at-by-path",
        "a folder that was swapped after the look is read from",
        "_opened",
        replace(
            "opened(here.name, _READ | _NO_FOLLOW, within)", "opened(path, _READ | _NO_FOLLOW)"
        ),
        _OWNERS,
    ),
    Mutant(
        "unknown-keyring-loaded",
        "the code of any keyring that something names is run",
        "KeyringSecrets._load",
        never("name != self._trusted and name not in keyrings.KNOWN"),
        _REFUSALS,
    ),
    Mutant(
        "judged-after-loading",
        "a keyring that is refused has run by then",
        "KeyringSecrets._load",
        insert_before("self._judge(name)", "keyrings.load(name)"),
        _REFUSALS,
    ),
    Mutant(
        "not-judged-after-loading",
        "a keyring that inherits from one that keeps nothing loses the secret",
        "KeyringSecrets._load",
        remove("self._judge(*known_as)"),
        _REFUSALS,
    ),
    Mutant(
        "keyring-asks-for-ever",
        "a command from cron never ends",
        "Patience._wait",
        never("time.monotonic() >= give_up"),
        _WAITING,
    ),
    Mutant(
        "asked-again",
        "a command waits for a silent keyring in each place that asks it",
        "Patience._wait",
        remove("self._silent.add(what)"),
        _WAITING,
    ),
    Mutant(
        "exit-waits",
        "a command that has given up never ends",
        "Patience.wait_for",
        replace(
            "threading.Thread(target=run, name=what, daemon=True)",
            "threading.Thread(target=run, name=what, daemon=False)",
        ),
        _WAITING,
    ),
)
