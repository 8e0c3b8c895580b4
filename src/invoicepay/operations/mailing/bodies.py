"""An e-mail's words as plain text, and as HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from invoicepay.billing.text import kept_apart
from invoicepay.operations.mailing.wording import Letter

_WIDTH = 76
"""Characters in a line of text: RFC 5322 recommends at most 78."""


def as_text(letter: Letter) -> str:
    return "\n".join(_lines(letter)) + "\n"


def _lines(letter: Letter) -> Iterator[str]:
    if letter.notice:
        yield from (letter.notice, "")
    yield from (letter.greeting, "", *letter.news, "")
    names = max((len(row.name) for row in letter.rows), default=0)
    amounts = max((len(row.amount) for row in letter.rows), default=0)
    for row in letter.rows:
        owed = f"  left to pay: {row.owed}" if row.owed else ""
        yield f"  {kept_apart(row.name)}{'':{names - len(row.name)}}  {row.amount:>{amounts}}{owed}"
    if letter.rows:
        yield ""
    titles = max(len(name) for name, _ in letter.facts) + 1
    for name, text in letter.facts:
        yield f"  {f'{name}:':<{titles}}  {text}"
    yield ""
    for step in letter.next_steps:
        yield from textwrap.wrap(step, _WIDTH)
    if letter.command:
        yield f"  {letter.command}"
    yield from ("", letter.questions, "", letter.company)


def as_html(letter: Letter) -> str:
    """A page of its own: tables and inline styles, which is what e-mail programs agree on, and
    nothing that is loaded from anywhere."""
    parts = [
        _NOTICE.format(escape(letter.notice)) if letter.notice else "",
        _paragraph(letter.greeting),
        *map(_paragraph, letter.news),
        _table(letter) if letter.rows else "",
        _FACTS.format("".join(_FACT.format(n, escape(text)) for n, text in letter.facts)),
        *map(_paragraph, letter.next_steps),
        _COMMAND.format(escape(letter.command)) if letter.command else "",
        _paragraph(letter.questions),
        _paragraph(letter.company),
    ]
    return _PAGE.format(title=escape(letter.subject), body="\n".join(filter(None, parts)))


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px">{escape(text)}</p>'


def _table(letter: Letter) -> str:
    owed = any(row.owed for row in letter.rows)
    titles = ("Invoice", "Amount", *(["Left to pay"] if owed else []))
    head = "".join(
        f'<th style="{_CELL};text-align:{"right" if at else "left"}">{title}</th>'
        for at, title in enumerate(titles)
    )
    rows = "".join(
        f'<tr><td style="{_CELL}">{escape(row.name)}</td>{_figure(row.amount)}'
        f"{_figure(row.owed) if owed else ''}</tr>"
        for row in letter.rows
    )
    return f'<table role="presentation" style="{_WIDE}"><tr>{head}</tr>{rows}</table>'


def _figure(amount: str) -> str:
    return f'<td style="{_CELL};text-align:right;white-space:nowrap">{escape(amount)}</td>'


_WIDE = "width:100%;border-collapse:collapse;margin:0 0 16px"
_CELL = "padding:6px 8px;border-bottom:1px solid #d8dce2"
_NOTICE = '<p style="margin:0 0 16px;padding:8px;background:#fff3cd;color:#5c4400">{}</p>'
_FACTS = '<table role="presentation" style="border-collapse:collapse;margin:0 0 16px">{}</table>'
_FACT = (
    '<tr><td style="padding:2px 16px 2px 8px;color:#5b6370">{}</td>'
    '<td style="padding:2px 0;word-break:break-word">{}</td></tr>'
)
_COMMAND = (
    '<p style="margin:0 0 16px"><code style="padding:4px 8px;background:#eef0f3">{}</code></p>'
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px;background:#ffffff;color:#1d2330;\
font:15px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:560px;margin:0 auto">
{body}
</div>
</body>
</html>
"""
