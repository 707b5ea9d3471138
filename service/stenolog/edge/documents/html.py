"""Write HTML: everything that is put into a page is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

CODE = re.compile(r"`([^`]+)`")


def page(title: str, parts: Iterable[str], style: str) -> bytes:
    """Return a whole page, which loads its style from us and nothing else from anywhere.

    `style` is the style's place as seen from the page: a proxy may serve us under a path.
    """
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f'<link rel="stylesheet" href="{escape(style)}"></head><body>'
    )
    return f"{head}<h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n".encode()


def said(text: object) -> str:
    """Return a text with its `code` marked."""
    return CODE.sub(r"<code>\1</code>", escape(str(text)))


def paragraph(text: object, kind: str = "") -> str:
    """Return a paragraph; none for an empty text."""
    return f"<p{f' class={kind}' if kind else ''}>{said(text)}</p>" if text else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; none without rows."""
    if not rows:
        return ""
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"


def folded(title: str, inside: str) -> str:
    """Return something that opens when its title is pressed."""
    return f"<details><summary>{said(title)}</summary>{inside}</details>" if inside else ""
