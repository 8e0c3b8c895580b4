"""Small changes of an SQL query, or of a part of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SQL = re.compile(
    r"\b(SELECT|UPDATE [a-z]|INSERT|DELETE FROM|WHERE|ORDER BY|GROUP BY|CASE WHEN|JOIN|IN \()"
    r"|\b[a-z_.]+ (=|<|>|<=|>=|<>) [:?]|\b[a-z_.]+ (<>|<|>) ('|0)|_minor = "
)
_AND = re.compile(r"\s+AND\s+")
_ENDS = re.compile(r"\s+(?:AND|ORDER|GROUP|LIMIT|END|THEN|HAVING)\b|\)|$")
_WORDS = (
    (r" <> ", " = "),
    (r" <= ", " < "),
    (r" >= ", " > "),
    (r" < ", " <= "),
    (r" > ", " >= "),
    (r"\s*\bORDER BY (?!\{)[\w., ]*?(?=\)|$| LIMIT)", ""),
    (r" DESC\b", ""),
    (r"\bLEFT JOIN\b", "JOIN"),
    (r"\bmax\(", "min("),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"(?<=[(,] )?'[a-z]+', ", ""),
    (r", '[a-z]+'(?=\))", ""),
)


def is_sql(text: str) -> bool:
    return _SQL.search(text) is not None


def sql_changes(text: str) -> Iterator[tuple[str, str, str]]:
    """What is changed, into what, and all of the text then."""
    for join in _AND.finditer(text):
        end = _end_of_term(text, join.end())
        if end > join.end():
            gone = text[join.start() : end]
            yield _line(gone), "(deleted)", text[: join.start()] + text[end:]
    for first in re.finditer(r"\bWHERE\s+(?=\S)", text):
        end = _end_of_term(text, first.end())
        joined = _AND.match(text, end)
        if joined and end > first.end():
            gone = text[first.end() : joined.end()]
            yield _line(gone), "(deleted)", text[: first.end()] + text[joined.end() :]
    for pattern, new in _WORDS:
        for found in re.finditer(pattern, text):
            if found[0] == "":
                continue
            start, end = max(0, found.start() - 30), found.end() + 30
            before = _line(text[start:end])
            changed = text[: found.start()] + new + text[found.end() :]
            after = _line(text[start : found.start()] + new + text[found.end() : end])
            yield before, after, changed


def _end_of_term(text: str, start: int) -> int:
    depth = 0
    at = start
    while at < len(text):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            if not depth:
                return at
            depth -= 1
        elif not depth and (found := _ENDS.match(text, at)) and found.end() > found.start():
            return at
        at += 1
    return at if not depth else start


def _line(text: str) -> str:
    return " ".join(text.split())
