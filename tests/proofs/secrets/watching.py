"""The installed program, with everything watched that could carry a secret out of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.proofs.secrets.canaries import contents, leaks
from tests.world.program import HANGS_AFTER, PROGRAM, Desk, Result

CALLS = "execve,execveat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
PLACES = re.compile(rb"\.secret|keyring\.json")
"""Files that are there to hold secrets: `--insecure-storage`, and the keyring under test."""


def can_trace() -> bool:
    """Whether strace is there, and is allowed to."""
    strace = shutil.which("strace")
    return bool(strace) and subprocess.run([strace, "-o", "/dev/null", "true"]).returncode == 0  # type: ignore[list-item]


@dataclass
class Watch:
    """Runs commands and keeps all that they said, did and wrote. A secret may be added after it
    has been used: everything is looked through at the end."""

    desk: Desk
    options: str
    traces: Path | None = None
    """A folder for what strace saw; None where it does not watch."""
    secrets: dict[str, str] = field(default_factory=dict)
    _said: list[tuple[str, bytes, frozenset[str]]] = field(default_factory=list)

    def run(
        self,
        command: str,
        *lines: str,
        exits: int = 0,
        shows: tuple[str, ...] = (),
        given: Mapping[str, str] | None = None,
    ) -> Result:
        """`invoicepay COMMAND OPTIONS` with `lines` on stdin. `shows`: secrets it is there to
        show, on stdout. `given`: variables for this run."""
        number, words = len(self._said), [*command.split(), *self.options.split()]
        stdin = "".join(f"{line}\n" for line in lines).encode()
        if self.traces:
            code, out, err = self._traced(self.traces / f"{number:03}", words, stdin, given)
        else:
            code, out, err = self.desk.ended(words, stdin, given)
        result = Result(code, out.decode(), err.decode())
        assert result.exit_code == exits, (command, result)
        assert exits != 1, "an expected failure is never an unexpected one"
        self._said.append((f"stdout of {command}", out, frozenset(shows)))
        self._said.append((f"stderr of {command}", err, frozenset()))
        return result

    def _traced(
        self, trace: Path, words: list[str], stdin: bytes, given: Mapping[str, str] | None
    ) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [*_strace(trace), str(PROGRAM), *words],
            input=stdin,
            capture_output=True,
            cwd=self.desk.folder,
            env=self.desk.environment(given),
            timeout=HANGS_AFTER,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def said(self) -> bytes:
        """All of stdout and stderr."""
        return b"".join(content for _, content, _ in self._said)

    def leaks(self) -> list[str]:
        """Every place where a secret stands that it should not."""
        found = []
        for where, content, shown in self._said:
            hidden = {n: s for n, s in self.secrets.items() if n not in shown}
            found += [f"{leak} in {where}" for leak in leaks(hidden, content)]
        for path in sorted(p for p in self.desk.folder.rglob("*") if p.is_file()):
            if not PLACES.search(path.name.encode()):
                for content in contents(path):
                    found += [f"{leak} in {path.name}" for leak in leaks(self.secrets, content)]
        for trace in sorted(self.traces.iterdir()) if self.traces else ():
            for call, content in outgoing(trace):
                found += [f"{leak} in {call}" for leak in leaks(self.secrets, content)]
        return found

    def children(self) -> list[list[bytes]]:
        """The argument lists of everything that was started, the program itself left out."""
        return [
            started
            for trace in (sorted(self.traces.iterdir()) if self.traces else ())
            for started in _started(trace)[1:]
        ]


def _strace(trace: Path) -> list[str]:
    options = f"-f --seccomp-bpf -qq -v -y -xx -s 1000000 -e trace={CALLS} -o".split()
    return ["strace", *options, str(trace)]


_STRING = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
_CALL = re.compile(rb"^\d+ +(\w+)\((.*)")


def outgoing(trace: Path) -> Iterator[tuple[str, bytes]]:
    """What left the process, call by call: arguments and environments of what it started, and all
    that it wrote to files that are there no longer. Not what stdout and stderr got, nor the places
    for secrets; and not the environment of the program itself, which whoever started it gave it."""
    first = True
    for line in trace.read_bytes().splitlines():
        if not (call := _CALL.match(line)):
            continue
        name, rest = call[1].decode(), call[2]
        strings = [_text(found[1]) for found in _STRING.finditer(rest)]
        if name.startswith("execve"):
            if first:  # its argv is ours to watch, its environment is not
                strings = [_text(f[1]) for f in _STRING.finditer(rest[: rest.index(b"]")])]
            first = False
            yield name, b"\0".join(strings)
        elif not (rest.startswith((b"1<", b"2<")) or PLACES.search(_text(_file(rest)))):
            yield f"{name} to {_text(_file(rest)).decode(errors='replace')}", b"".join(strings)


def _started(trace: Path) -> list[list[bytes]]:
    calls = (_CALL.match(line) for line in trace.read_bytes().splitlines())
    return [
        [_text(f[1]) for f in _STRING.finditer(call[2][: call[2].index(b"]")])]
        for call in calls
        if call and call[1].startswith(b"execve")
    ]


def _file(arguments: bytes) -> bytes:
    """What stands behind the first descriptor, as `-y` shows it."""
    found = re.match(rb"\d+<(.*?)>", arguments)
    return found[1] if found else b""


def _text(escaped: bytes) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), escaped)
