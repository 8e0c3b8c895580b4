"""What may be on a disk after a power cut, computed from a trace of what was written.

What was synced is there. Of the writes to a file since its last sync any subset may be, each whole
or torn at a sector; of the names made, moved and removed since their folder's last sync any subset
too. A folder whose own name is lost takes its files with it. SQLite's -shm is memory: it is gone,
or garbage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.proofs.crash.shim import BANK, Call, Op

SECTOR = 512
SURVIVES = (0.0, 0.5, 0.9, 1.0)
"""How likely one unsynced change is to survive, in one cut or another."""


@dataclass
class File:
    """`pending`: what came since the last sync, as offset and data; None for a truncation."""

    content: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self.content = _applied(self.content, self.pending)
        self.pending.clear()


@dataclass
class Rename:
    """Names change together: `to` becomes the file, `of` is gone; either may be empty."""

    of: str
    to: str
    file: File | None
    """None for a folder."""


class Disk:
    """A folder as it is on the disk, while a trace of changes to it goes by."""

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve())
        self._names: dict[str, File | None] = {}
        self._inodes: dict[int, File] = {}
        self._pending: list[Rename] = []
        for path in root.rglob("*"):
            if BANK in path.name or path.name.endswith("-shm"):
                continue
            file = None if path.is_dir() else File(path.read_bytes())
            self._names[self._relative(str(path.resolve()))] = file
            if file:
                self._inodes[path.stat().st_ino] = file

    def see(self, call: Call) -> None:
        """Take in what one call has changed."""
        if call.op is Op.SAID or call.path.endswith("-shm"):
            return
        path, other = self._relative(call.path), self._relative(call.other)
        if call.op is Op.CREATE:
            self._inodes[call.inode] = File()
        file = self._inodes.get(call.inode)
        match call.op:
            case Op.WRITE | Op.TRUNCATE:
                assert file, call
                file.pending.append((call.offset, call.data if call.op is Op.WRITE else None))
            case Op.SYNC:
                assert file, call
                file.sync()
            case Op.CREATE | Op.MKDIR:
                self._pending.append(Rename("", path, file if call.op is Op.CREATE else None))
            case Op.LINK:
                self._pending.append(Rename("", other, file))
            case Op.RENAME:
                self._pending.append(Rename(path, other, file))
            case Op.UNLINK:
                self._pending.append(Rename(path, "", file))
            case Op.SYNC_FOLDER:
                here = [r for r in self._pending if _folder(r.to or r.of) == path]
                self._pending = [r for r in self._pending if not any(r is each for each in here)]
                _rename(self._names, here)

    def cut(self, random: Random, target: Path) -> None:
        """Write a state that the disk may be in, were the power cut now, into `target`."""
        survives, torn = random.choice(SURVIVES), random.random() < 0.3
        names = dict(self._names)
        _rename(names, [r for r in self._pending if random.random() < survives])
        for name, file in sorted(names.items()):
            path = target / name
            if _folder(name) and names.get(_folder(name), file) is not None:
                continue  # its folder is lost
            if file is None:
                path.mkdir()
                continue
            kept = [
                part
                for each in file.pending
                if random.random() < survives
                for part in (_torn(each, random) if torn else [each])
            ]
            path.write_bytes(_applied(file.content, kept))
            path.chmod(0o600)
            if name.endswith(".db") and random.random() < 0.5:
                path.with_name(f"{path.name}-shm").write_bytes(random.randbytes(32768))

    def _relative(self, path: str) -> str:
        return path[len(self._root) :].lstrip("/")


def cuts(
    disk: Disk, calls: Sequence[Call], states: int, random: Random, folder: Path
) -> Iterator[tuple[Path, str, int]]:
    """So many states after cuts spread over the trace, a fifth of them at its end, each as a new
    folder, with what had been said by then and the number of calls made."""
    said, at_end = "", states // 5
    moments = sorted(random.choices(range(len(calls)), k=states - at_end)) + [len(calls)] * at_end
    for number in range(len(calls) + 1):
        while moments and moments[0] == number:
            moments.pop(0)
            target = folder / f"cut-{len(moments)}"
            target.mkdir()
            disk.cut(random, target)
            yield target, said, number
        if number < len(calls):
            disk.see(calls[number])
            if calls[number].op is Op.SAID:
                said += calls[number].data.decode()


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _rename(names: dict[str, File | None], renames: Iterable[Rename]) -> None:
    for each in renames:
        if each.of:
            names.pop(each.of, None)
        if each.to:
            names[each.to] = each.file


def _torn(change: tuple[int, bytes | None], random: Random) -> list[tuple[int, bytes | None]]:
    """Some of a write's sectors."""
    offset, data = change
    if data is None:
        return [change]
    first = SECTOR - offset % SECTOR
    bounds = [0, *range(first, len(data), SECTOR), len(data)]
    parts: list[tuple[int, bytes | None]] = []
    for start, end in pairwise(bounds):
        if random.random() < 0.5:
            parts.append((offset + start, data[start:end]))
    return parts


def _applied(content: bytes, changes: Iterable[tuple[int, bytes | None]]) -> bytes:
    result = bytearray(content)
    for offset, data in changes:
        size = offset if data is None else offset + len(data)
        if len(result) < size:
            result.extend(bytes(size - len(result)))
        if data is None:
            del result[offset:]
        else:
            result[offset:size] = data
    return bytes(result)
