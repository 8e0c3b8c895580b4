"""PDFs as files: safe names, whole or not at all."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import webbrowser
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from invoicepay.billing.errors import PartlyDone, Usage
from invoicepay.cli.output import Output
from invoicepay.cli.progress import bar
from invoicepay.cli.records import Field, Record
from invoicepay.cli.state import State
from invoicepay.operations.invoices import RenderedInvoice, RenderInvoices
from invoicepay.operations.progress import Started
from invoicepay.system.files import write_whole

_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.ASCII)
_LENGTH = 100
_NAMED, _SHOWN = 5, 20
"""How many documents and characters are told of those that are not drawn."""


def safe_name(text: str, suffix: str, *, marked: bool = False) -> str:
    """A file name from an allow-list of characters. Where something is taken away, or with
    `marked`, a short digest keeps two names apart."""
    plain = _ALLOWED.sub("_", text).strip("._-")[:_LENGTH]
    if marked or plain != text or not plain or _RESERVED.fullmatch(plain):
        from hashlib import sha256

        mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        plain = f"{plain}-{mark}" if plain and not _RESERVED.fullmatch(plain) else f"file-{mark}"
    return plain + suffix


class Names:
    """Names of files in one place, where there are `taken` already. No two differ only in case:
    on macOS and Windows that would be one file."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold(): name for name in taken}

    def name(self, text: str, suffix: str) -> str:
        """The same text has the same name."""
        plain = safe_name(text, suffix)
        if self._taken.setdefault(plain.casefold(), plain) == plain:
            return plain
        return safe_name(text, suffix, marked=True)


def check_stdout() -> None:
    """Raises Usage when a PDF on stdout would end on a terminal."""
    if sys.stdout.isatty():
        raise Usage("usage", "a PDF is not for a terminal", "Send it on: --stdout > FILE.")


def say_missing(out: Output, missing: Mapping[str, str]) -> None:
    """Say on stderr which documents have boxes in place of characters, and what helps. `missing`:
    of each document, by what it is called, the characters that no font here has."""
    names = [name for name, characters in missing.items() if characters]
    if not names:
        return
    characters = _each_once(missing.values())
    shown = characters[:_SHOWN] + ("…" if len(characters) > _SHOWN else "")
    where = ", ".join(names[:_NAMED])
    if len(names) > _NAMED:
        where += f" and {len(names) - _NAMED} more"
    help = (
        "Name a font that has them in the settings file: [documents] fonts."
        if find_spec("uharfbuzz")
        else "The extra `fonts` of the package brings fonts for more scripts (see README)."
    )
    out.note(f"{where}: a box (□) stands for each character that no font has here: {shown}. {help}")


def _each_once(texts: Iterable[str]) -> str:
    return "".join(sorted(set("".join(texts))))


def save_invoices(
    state: State,
    request: RenderInvoices,
    *,
    folder: Path,
    zip_file: Path | None,
    view: bool,
    to_stdout: bool,
) -> None:
    """Run `request` and put its PDFs where they are wanted."""
    if to_stdout:
        if zip_file or view or request.selection or len(request.numbers) != 1:
            raise Usage("usage", "--stdout writes one invoice: name it, without --zip or --view")
        check_stdout()
    results = state.call(request)
    first = next(results)
    assert isinstance(first, Started)
    missing: dict[str, str] = {}

    def noted() -> Iterator[RenderedInvoice]:
        for result in results:
            assert isinstance(result, RenderedInvoice)
            missing[result.number] = result.missing
            yield result

    rendered = bar(state.out, noted(), first.total)
    if to_stdout:
        sys.stdout.buffer.write(next(iter(rendered)).content)
        say_missing(state.out, missing)
        return
    written = [_zip(zip_file, rendered)] if zip_file else list(_files(folder, rendered))
    if state.out.for_people:
        for path in written:
            state.out.text(str(path))
    else:
        each = [_each_once(missing.values())] if zip_file else list(missing.values())
        state.out.many(
            list(zip(written, each, strict=True)),
            Record[tuple[Path, str]](
                Field("file", lambda file: str(file[0])), Field("missing", lambda file: file[1])
            ),
            [],
            empty="",
        )
    say_missing(state.out, missing)
    if view:
        for path in written:
            open_file(path)


def _files(folder: Path, rendered: Iterator[RenderedInvoice]) -> Iterator[Path]:
    names = Names()
    with suppress(OSError):  # what cannot be read is found out by writing
        names = Names(path.name for path in folder.iterdir())
    for invoice in rendered:
        path = folder / names.name(invoice.number, ".pdf")
        write_whole(path, invoice.content)
        yield path


def _zip(path: Path, rendered: Iterator[RenderedInvoice]) -> Path:
    buffer, names = io.BytesIO(), Names()
    with zipfile.ZipFile(buffer, "w") as archive:  # PDFs are compressed already
        for invoice in rendered:
            entry = zipfile.ZipInfo(names.name(invoice.number, ".pdf"))  # dated 1980: reproducible
            archive.writestr(entry, invoice.content)
    write_whole(path, buffer.getvalue())
    return path


def open_file(path: Path) -> None:
    """Show a file with the system's own viewer. Raises PartlyDone where there is none."""
    if sys.platform == "darwin":
        subprocess.Popen(["open", str(path)])
    elif not webbrowser.open(path.absolute().as_uri()):
        raise PartlyDone(
            "no_viewer",
            f"{path} was written, and no program that shows it was found",
            "Name one in BROWSER, or open the file yourself.",
        )
