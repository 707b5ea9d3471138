"""`stenolog search`: where in the transcripts of a service something was said."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import click
from pydantic import Field

from stenolog.cli.answers import Answered, Count, Line, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import TURN_COLUMNS, wrapped
from stenolog.cli.words import clock, guarded, program, run, safe, settings_from, with_service
from stenolog.config.settings import Settings

SEARCH = "/api/v1/search"
SHOWN = 20
LIMIT_MAX = 10_000
PAGE = 200
BEGIN, END = "⦃", "⦄"  # they stand for the marks while a line is wrapped; in a text they are {}


class Found(Answered):
    """A passage that was found; `marks` are from and to in code points of `snippet`."""

    transcript_id: Token
    start: Count | None
    speaker: Line | None
    snippet: str
    marks: Annotated[list[Annotated[list[Count], Field(min_length=2, max_length=2)]], Field()]


class FoundPage(Answered):
    """Some passages."""

    items: list[Found]
    next: Token | None


@click.command("search")
@click.argument("words", metavar="QUERY...", nargs=-1, required=True)
@click.option("--speaker", help="Said by this speaker alone: A, for example.")
@click.option("--subject", help="In transcripts of this subject alone.")
@click.option("--metadata", metavar="JSON", help="In those with these members alone.")
@click.option("--from", "earliest", metavar="TIME", help="Submitted then or later; RFC 3339.")
@click.option("--to", "latest", metavar="TIME", help="Submitted then or earlier.")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=SHOWN,
    help=f"At most N passages; default {SHOWN}.",
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
@with_service
@guarded
def command(
    words: tuple[str, ...],
    *,
    speaker: str | None,
    subject: str | None,
    metadata: str | None,
    earliest: str | None,
    latest: str | None,
    limit: int,
    as_lines: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Find what was said: words, all of which a passage must have, the best first.

    A "phrase in quotation marks" stands as it is (the shell wants quotation marks of its own around
    them); begin* finds every word that begins so.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    narrowing = {"subject": subject, "metadata": metadata, "from": earliest, "to": latest}
    given = {"speaker": speaker, **narrowing}
    asked = {"q": " ".join(words), **{name: text for name, text in given.items() if text}}
    found: list[dict[str, Any]] = []
    put = _print_line if as_lines else found.append
    more = run(_found(settings, asked, limit, put))
    if found:
        for line in lines_of([checked(Found, one) for one in found]):
            click.echo(line)
        click.echo(f"`{program()} show ID` shows all that was said", err=True)
    elif not as_lines:
        click.echo("nothing was found", err=True)
    if more:
        click.echo(f"there are more: see --limit (at most {LIMIT_MAX:,})", err=True)


def lines_of(found: list[Found]) -> Iterator[str]:
    """Yield each transcript's id, and below it when, by whom and how it was said there."""
    for identifier, of_one in groupby(found, key=lambda one: one.transcript_id):
        yield identifier
        for one in of_one:
            time = "" if one.start is None else clock(one.start)
            voice = "" if one.speaker is None else f"{one.speaker}: "
            text = wrapped(_marked(one), f"  {time:<7} {voice}", TURN_COLUMNS)
            yield _shown(text)


def _marked(one: Found) -> str:
    """Return the snippet on one line, safe for a terminal, with its marks in it."""
    plain = safe(one.snippet.replace("\n", " ").replace("\t", " "))
    plain = plain.replace(BEGIN, "{").replace(END, "}")
    for first, last in reversed(one.marks):
        if first < last <= len(plain):
            plain = f"{plain[:first]}{BEGIN}{plain[first:last]}{END}{plain[last:]}"
    return plain


def _shown(text: str) -> str:
    """Return the text with its marks in bold; what is no terminal is given none by `click.echo`."""
    bold = not os.environ.get("NO_COLOR")
    begin, end = (click.style("", bold=True, reset=False), click.style("")) if bold else ("", "")
    return text.replace(BEGIN, begin).replace(END, end)


def _print_line(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body))


async def _found(
    settings: Settings, asked: dict[str, str], limit: int, put: Callable[[dict[str, Any]], None]
) -> bool:
    """Hand on at most `limit` passages, a page at a time; return whether there are more."""
    count, after = 0, dict[str, str]()
    async with ServiceClient(settings) as client:
        while True:
            some = min(PAGE, limit - count)
            query = urlencode({**asked, "limit": some, **after})
            body = await client.get(f"{SEARCH}?{query}")
            page = checked(FoundPage, body)
            for one in body["items"][:some]:
                put(one)
                count += 1
            if page.next is None or count >= limit or not page.items:
                return page.next is not None
            after = {"after": page.next}
