"""Files that only their owner may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from invoicepay.billing.errors import Refused, Unreachable
from invoicepay.credentials import private_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    private_file.write(path, "s3cret\n")
    return path


def both(path: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    return partial(private_file.read, path), partial(private_file.write, path, "new")


def test_mode_is_0600_from_the_first_byte_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    real = os.fdopen

    def watched(handle: int, mode: str) -> object:
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return real(handle, mode)

    monkeypatch.setattr(os, "fdopen", watched)
    before = os.umask(0)
    try:
        private_file.write(tmp_path / "new" / "secret", "s3cret")
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_absent_is_none(tmp_path: Path) -> None:
    assert private_file.read(tmp_path / "none") is None
    private_file.delete(tmp_path / "none")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o620, 0o610])
def test_others_may_not_even_a_bit(file: Path, mode: int) -> None:
    file.chmod(mode)
    for attempt in both(file):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.code == "insecure_file"
        assert f"{mode:04o}" in caught.value.message
        assert "s3cret" not in caught.value.message + caught.value.hint


def test_links_are_not_followed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    for attempt in both(link):
        with pytest.raises(Refused, match="symbolic link") as caught:
            attempt()
        assert caught.value.code == "insecure_file"
    assert private_file.read(file) == "s3cret\n"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        private_file.write(tmp_path / "link", "new")
    assert not (tmp_path / "elsewhere").exists()


def test_following_checks_what_is_at_the_end(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert private_file.read(link, follow=True) == "s3cret\n"
    file.chmod(0o644)
    with pytest.raises(Refused, match="open to other users"):
        private_file.read(link, follow=True)


def test_a_pipe_does_not_make_us_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Refused, match="not a regular file"):
        private_file.read(tmp_path / "pipe")


def test_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a regular file"):
        private_file.read(tmp_path)


@pytest.mark.parametrize("content", [b"x" * 20_000, b"\xff\xfe\x00"])
def test_what_cannot_be_a_secret(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Refused, match="no secret of ours"):
        private_file.read(file)


def test_no_space_leaves_the_old_file_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unreachable, match="No space left") as caught:
        private_file.write(file, "new")
    assert caught.value.code == "write_failed"
    assert [p.name for p in file.parent.iterdir()] == ["secret"]
    assert private_file.read(file) == "s3cret\n"
