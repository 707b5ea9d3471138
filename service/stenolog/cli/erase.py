"""`stenolog erase`: erase one transcription or all of a subject, and say what became of it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Answered, Count, Line, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.words import NO, guarded, one_line, program, run, settings_from, with_service
from stenolog.config.settings import Settings

PATH = "/api/v1/erasures"
LOOK_MS = 200
WAIT_S = 60
ORDERS_MAX = 1_000  # of a subject that has more than one erasure takes


class ErasureItem(Answered):
    """An erasure: what it is of, and how far it is."""

    id: Token
    status: Line
    transcripts: Count
    erased: Count
    held: Count
    missing: Count
    more: bool


@click.command("erase")
@click.argument("transcription", metavar="[ID]", required=False)
@click.option("--subject", metavar="S", help="Erase all that was requested with this subject.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(0, 86_400),
    default=WAIT_S,
    show_default=True,
    help="Seconds until it is given up to see the end; it goes on all the same.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the signed certificate.")
@with_service
@guarded
def command(
    transcription: str | None,
    subject: str | None,
    *,
    yes: bool,
    wait_s: int,
    as_json: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Erase one transcription, or all of a subject, for good, and print what became of it.

    Its id shows the certificate later (`GET /api/v1/erasures/ID`). Exit 1 when a legal hold kept
    some. The key needs the scope compliance:erase.
    """
    if (transcription is None) == (subject is None):
        raise click.UsageError("give an ID or --subject, and not both")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    whom = f"all of {one_line(subject)!r}" if subject is not None else one_line(transcription or "")
    if not yes and sys.stdin.isatty():
        click.confirm(f"Erase {whom} for good?", abort=True, err=True)
    what = {"subject": subject} if subject is not None else {"transcript_id": transcription}
    held = 0
    for certificate in run(_erased(settings, what, wait_s)):
        order = checked(ErasureItem, certificate)
        held += order.held
        click.echo(json.dumps(certificate, ensure_ascii=False) if as_json else _line(order))
    if held:
        click.echo(f"stenolog: {held} kept by a legal hold: `{program()} holds list`", err=True)
        sys.exit(NO)


def _line(order: ErasureItem) -> str:
    numbers = f"{order.erased} of {order.transcripts} erased, {order.held} held"
    return f"{order.id}  {order.status}  {numbers}, {order.missing} never requested"


async def _erased(settings: Settings, what: dict[str, Any], wait_s: int) -> list[dict[str, Any]]:
    """Order it, once more while there are more of the subject; return the certificates."""
    found: list[dict[str, Any]] = []
    async with ServiceClient(settings) as client:
        for _ in range(ORDERS_MAX):
            answer = await client.post(PATH, what)
            order = checked(ErasureItem, answer)
            ends = monotonic() + wait_s
            while order.status != "completed" and monotonic() < ends:
                await asyncio.sleep(LOOK_MS / 1000)
                answer = await client.get(f"{PATH}/{quote(order.id, safe='')}")
                order = checked(ErasureItem, answer)
            found.append(answer)
            # What is held is there for the next order, too: then nobody would come to an end.
            if not order.more or order.status == "erasing" or not order.erased:
                break
    return found
