"""Bytes that are not the text they are taken for."""

from __future__ import annotations

import codecs

from tests.proofs.hostile.files.bad import GOOD, INVOICES, LINES, Bad

TEXT = INVOICES + GOOD
MANY = "".join(GOOD.replace("GOOD", f"N{n}") for n in range(9_000))
"""More than one block of the file, and several batches that are written before the end is read."""
LATIN = '[columns]\nnumber="no"\ncustomer="who"\nissued_on="on"\ntotal="sum"\nmemo="text"\n'


def _whole(name: str, content: bytes, says: str, *, line: int = 0, **more: object) -> Bad:
    return Bad(name, "invoices", content, line, says, "bad_file", **more)  # type: ignore[arg-type]


def _in_memo(name: str, content: bytes, byte: int) -> Bad:
    """Bytes that are not UTF-8, on line 3."""
    row = GOOD.encode().replace(b"GOOD", b"BAD").replace(b",\n", b"," + content + b"\n")
    return _whole(name, TEXT.encode() + row, f"is not UTF-8: byte 0x{byte:02x}", line=3)


UTF_16 = [
    _whole(name, mark + text.encode(encoding), "the file is UTF-16, not UTF-8")
    for name, mark, encoding, text in (
        ("UTF-16 LE with its mark", codecs.BOM_UTF16_LE, "utf-16-le", TEXT),
        ("UTF-16 BE with its mark", codecs.BOM_UTF16_BE, "utf-16-be", TEXT),
        ("UTF-16 LE without mark", b"", "utf-16-le", TEXT),
        ("UTF-16 BE without mark", b"", "utf-16-be", TEXT),
        ("UTF-16 with line ends of Windows", codecs.BOM_UTF16_LE, "utf-16-le", TEXT * 50),
        ("a mark of UTF-16 alone", codecs.BOM_UTF16_LE, "utf-16-le", ""),
        ("UTF-16 of JSON lines", b"", "utf-16-le", '{"number":"A"}\n'),
        ("UTF-32 with its mark", codecs.BOM_UTF32_LE, "utf-32-le", TEXT),
    )
]

NOT_UTF_8 = [
    _in_memo("Latin-1", "Café".encode("latin-1"), 0xE9),
    _in_memo("a dash of Windows", "2025–26".encode("cp1252"), 0x96),
    _in_memo("Shift JIS", "請求書".encode("shift-jis"), 0x90),
    _in_memo("a stray continuation", b"a\x80b", 0x80),
    _in_memo("an overlong slash", b"\xc0\xaf", 0xC0),
    _in_memo("an overlong NUL", b"\xc0\x80", 0xC0),
    _in_memo("half of a surrogate pair", b"\xed\xa0\x80", 0xED),
    _in_memo("beyond Unicode", b"\xf5\x80\x80\x80", 0xF5),
    _in_memo("a byte that is never used", b"\xff", 0xFF),
    _in_memo("a character cut short", b"\xe2\x82", 0xE2),
    _whole("in the header", b"n\xfcmber,customer\n", "byte 0xfc at offset 1", line=1),
    _whole("at the very end", TEXT.encode() + b"B,C1,\xe2\x82", "byte 0xe2", line=3),
    _whole(
        "late, after batches have been written",
        (INVOICES + MANY).encode() + b"\xa0\n",
        f"byte 0xa0 at offset {len((INVOICES + MANY).encode())}",
        line=9_002,
    ),
    _whole(
        "late, among lines",
        (LINES + "".join(f"N{n},C1,2026-10-01,,,,x,1,\n" for n in range(20_000))).encode()
        + b"\xa0\n",
        "byte 0xa0",
        line=20_002,
    ),
    _whole(
        "in JSON lines",
        b'{"number":"A"}\n{"number":"caf\xe9"}\n',
        "byte 0xe9",
        line=2,
        file="file.jsonl",
    ),
    _whole(
        "after line ends of an old Mac",
        TEXT.replace("\n", "\r").encode() + b"\xe9\r",
        "byte 0xe9",
        line=3,
    ),
    _whole(
        "a byte that Windows-1252 lacks",
        b"no,who,on,sum,text\nA,C1,2026-10-01,5,\x81\n",
        "is not CP1252: byte 0x81",
        line=2,
        mapping=f'encoding = "cp1252"\n{LATIN}',
    ),
    _whole(
        "UTF-8 with its mark, said to be Latin-1",
        b"\xef\xbb\xbfno,who,on,sum,text\nA,C1,2026-10-01,5,caf\xc3\xa9\n",
        "begins with the mark of UTF-8, so it is not LATIN-1",
        line=1,
        mapping=f'encoding = "latin-1"\n{LATIN}',
    ),
]

NUL = [
    _whole("NUL in a cell", (TEXT + "B,C1,\0\n").encode(), "has a NUL byte", line=3),
    _whole("NUL in the header", b"number,\0customer\n", "has a NUL byte", line=1),
    _whole("NUL at the end", (TEXT + "\0").encode(), "has a NUL byte", line=3),
    _whole("NUL late", (INVOICES + MANY + "\0").encode(), "has a NUL byte", line=9_002),
    _whole("a file of NULs", b"\0" * 5_000, "has a NUL byte", line=1),
    _whole("UTF-32 without mark", TEXT.encode("utf-32-be"), "has a NUL byte", line=1),
    _whole("a ZIP archive", b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "has a NUL byte", line=1),
    _whole("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 8, "NUL", line=1),
    _whole("a SQLite file", b"SQLite format 3\0", "has a NUL byte", line=1),
    _whole("a gzip file", b"\x1f\x8b\x08\x08caf\xe9", "is not UTF-8: byte 0x8b", line=1),
    _whole("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is not UTF-8: byte 0xe2", line=2),
]

MARKS = [
    Bad(
        "two files run together: a byte order mark in the middle",
        "invoices",
        (TEXT + "\ufeff" + TEXT.replace("GOOD", "B")).encode(),
        3,
        "number: it has U+FEFF, ZERO WIDTH NO-BREAK SPACE",
    ),
    _whole(
        "two byte order marks",
        codecs.BOM_UTF8 * 2 + TEXT.encode(),
        r"unknown column '\ufeffnumber'",
        line=1,
    ),
    _whole("a byte order mark alone", codecs.BOM_UTF8, "has none of the columns", line=1),
    _whole("a mark alone in JSON", codecs.BOM_UTF8, "the file has no records", file="a.jsonl"),
    Bad(
        "a mark within JSON lines",
        "invoices",
        '{"number":"A","customer":"C1","issued_on":"2026-10-01","total":"5"}\n\ufeff{}\n',
        2,
        "not JSON",
        file="file.jsonl",
    ),
]

CASES = [*UTF_16, *NOT_UTF_8, *NUL, *MARKS]
