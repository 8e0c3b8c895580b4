"""A secret's file is its user's own, in a folder that nobody else can change; root counts as
nobody else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.errors import Refused
from invoicepay.credentials import private_file
from tests.world.another_user import NOBODY, as_another_user, needs_another_user, open_folder

THIRD = 12345
SOURCES = Path(private_file.__file__).parents[2]

needs_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="needs root, to give files away"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "secret"
    private_file.write(path, "s3cret\n")
    return path


def refusals(path: Path) -> list[Refused]:
    """What reading it, reading it through a link elsewhere, and writing it say."""
    link = path.parents[1] / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    attempts: list[Callable[[], object]] = [
        lambda: private_file.read(path),
        lambda: private_file.read(link, follow=True),
        lambda: private_file.write(path, "new"),
    ]
    found = []
    for attempt in attempts:
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.code == "insecure_file"
        assert "s3cret" not in caught.value.message + caught.value.hint
        found.append(caught.value)
    assert path.read_text() == "s3cret\n"
    return found


@needs_root
def test_another_users_file_is_refused(file: Path) -> None:
    os.chown(file, NOBODY, -1)
    for refusal in refusals(file):
        assert "belongs to another user (uid 65534)" in refusal.message
        assert "as that user" in refusal.hint
    os.chown(file, os.geteuid(), -1)
    assert private_file.read(file) == "s3cret\n"


@needs_root
def test_another_users_folder_is_refused(file: Path) -> None:
    os.chown(file.parent, NOBODY, -1)
    for refusal in refusals(file):
        assert f"folder {file.parent}, which belongs to another user (uid 65534)" in str(refusal)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o730, 0o703, 0o775])
def test_a_folder_that_others_may_change_is_refused(file: Path, mode: int) -> None:
    file.parent.chmod(mode)
    for refusal in refusals(file):
        assert f"folder {file.parent}, which others can change (mode {mode:04o})" in str(refusal)
        assert f"chmod go-w {file.parent}" in refusal.hint
    file.parent.chmod(mode & ~0o022)  # as the hint says
    assert private_file.read(file) == "s3cret\n"


def test_a_folder_that_others_may_only_add_to_is_none_of_these(file: Path) -> None:
    """In a sticky one nobody renames or removes another's file."""
    file.parent.chmod(0o1777)
    assert private_file.read(file) == "s3cret\n"
    private_file.write(file, "new")
    assert private_file.read(file) == "new"


def test_a_link_in_a_folder_that_others_may_change_is_not_followed(
    file: Path, tmp_path: Path
) -> None:
    loose, inner = tmp_path / "loose", tmp_path / "inner"
    loose.mkdir()
    inner.symlink_to(loose / "link")
    (loose / "link").symlink_to(file)
    assert private_file.read(inner, follow=True) == "s3cret\n"
    loose.chmod(0o777)
    with pytest.raises(Refused, match=f"folder {loose}, which others can change"):
        private_file.read(inner, follow=True)


def test_links_that_lead_through_folders(file: Path, tmp_path: Path) -> None:
    """As Kubernetes mounts a secret: a link beside it to a link that is replaced as a whole."""
    (tmp_path / "..data").symlink_to("folder")
    (tmp_path / "key").symlink_to("..data/secret")
    assert private_file.read(tmp_path / "key", follow=True) == "s3cret\n"
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(Exception, match="Too many levels"):
        private_file.read(tmp_path / "round", follow=True)


def test_a_second_name_is_no_harm(file: Path, tmp_path: Path) -> None:
    """Snapshots are made of hard links. Owner and mode are the file's, by whatever name."""
    os.link(file, tmp_path / "snapshot")
    assert private_file.read(file) == "s3cret\n"
    private_file.write(file, "new")
    assert (tmp_path / "snapshot").read_text() == "s3cret\n"


def test_absent_in_a_folder_of_others_is_absent(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert private_file.read(tmp_path / "none") is None
    with pytest.raises(Refused, match="which others can change"):
        private_file.write(tmp_path / "none", "new")
    assert list(tmp_path.iterdir()) == []


class Swap:
    """Somebody who puts another file, or another folder, in the place of the right one at the
    n-th system call that opens something or looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, swap: Callable[[], object]):
        self.at, self.swap, self.calls = at, swap, 0
        for name in ("open", "stat", "lstat", "fstat", "readlink", "read"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                self.swap()
            return call(*args, **named)

        return counted


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of another user, both readable for whoever runs the tests."""
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "secret").write_text("planted")
    (folder / "secret").chmod(0o600)
    os.chown(folder, NOBODY, -1)
    os.chown(folder / "secret", NOBODY, -1)
    yield folder


@needs_root
@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("at", range(1, 9))
def test_what_is_swapped_meanwhile_is_refused_or_comes_too_late(
    file: Path, planted: Path, monkeypatch: pytest.MonkeyPatch, what: str, at: int
) -> None:
    ours, theirs = (file, planted / "secret") if what == "file" else (file.parent, planted)

    def swap() -> None:
        ours.rename(ours.with_name("moved"))
        theirs.rename(ours)

    with monkeypatch.context() as watched:
        Swap(watched, at, swap)
        try:
            said = private_file.read(file)
        except Refused as refusal:
            said = refusal.code
    assert said in ("s3cret\n", "insecure_file")
    if at == 1:
        assert said == "insecure_file"


AS_THE_OTHER = """
import os, sys
from pathlib import Path
from invoicepay.billing.errors import InvoicepayError
from invoicepay.credentials import private_file
for name in sys.argv[1:]:
    try:
        print(private_file.read(Path(name), follow=True))
    except InvoicepayError as error:
        print(error.code, error.message.replace(name, "it").replace(str(Path(name).parent), "X"))
"""


@needs_another_user
def test_as_another_user_than_root() -> None:
    """Its own file is good in its own folder and in one of root's; that of a third user is not,
    even where the system would let it be read."""
    with open_folder() as folder:
        sources = shutil.copytree(SOURCES / "invoicepay", folder / "src" / "invoicepay")
        cases = {}
        for owner in (NOBODY, 0, THIRD):
            place = folder / f"of-{owner}"
            place.mkdir(mode=0o755)
            cases[owner] = place / "key"
            cases[owner].write_text("mine")
            cases[owner].chmod(0o600)
            os.chown(cases[owner], NOBODY, -1)
            os.chown(place, owner, -1)
        closed = folder / "closed"
        closed.write_text("root's")
        closed.chmod(0o600)
        said = as_another_user(AS_THE_OTHER, *cases.values(), closed, folders=(sources.parent,))
    assert said == [
        "mine",
        "mine",
        f"insecure_file it is in the folder X, which belongs to another user (uid {THIRD})",
        "secret_unreadable cannot read it: Permission denied",
    ]
