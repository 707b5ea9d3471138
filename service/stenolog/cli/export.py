"""`stenolog export`: a whole transcript, in a form that other programs read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Transcript, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.exported import csv_of, markdown_of, text_of
from stenolog.cli.following import NATIVE, completed_job
from stenolog.cli.found import found_in
from stenolog.cli.vcon import ANALYSES, DRAFT, vcon_of
from stenolog.cli.words import guarded, run, safe, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest

VCON = "vcon"
FORMATS = ("srt", "vtt", "txt", "md", "csv", "json", VCON)
VIEWS = (
    "words",
    "sentences",
    "paragraphs",
    "utterances",
    "speakers",
    "chapters",
    "sentiment",
    "entities",
    "content-safety",
    "topics",
    "highlights",
    "summary",
    "redactions",
    "quality",
)
OF_VIEWS = ("csv", "json")
SPOKEN = "utterances"


@click.command("export")
@click.argument("transcription", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    required=True,
    help="Subtitles, plain text, Markdown, a table, all that /v2 answers, or a vCon, which is a "
    "draft of the IETF.",
)
@click.option(
    "--view",
    type=click.Choice(VIEWS),
    metavar="VIEW",
    help="Of csv and json: only the items of this view, as words, chapters or entities. Without it "
    "a table is of utterances, or of words where speakers were not told apart.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file; else to standard output.",
)
@with_service
@guarded
def command(
    transcription: str,
    form: str,
    view: str | None,
    output: Path | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Write a whole transcript as subtitles, text, Markdown, a table, JSON or a vCon."""
    if view is not None and form not in OF_VIEWS:
        raise click.UsageError(f"--view goes with --format {' or '.join(OF_VIEWS)}")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    content = run(_exported(settings, transcription, form, view))
    if form == VCON:
        click.echo(DRAFT, err=True)
    if output is None:
        click.echo(safe(content) if sys.stdout.isatty() else content, nl=False)
        return
    try:
        output.write_text(content, encoding="utf-8", newline="")
    except OSError as exc:
        raise InvalidRequest(f"{output}: {exc.strerror}") from exc


async def _exported(settings: Settings, transcription: str, form: str, view: str | None) -> str:
    """Return the whole in this form; raises as `completed_job`."""
    async with ServiceClient(settings) as client:
        job = await completed_job(client, transcription)
        path = f"/v2/transcript/{quote(job.id, safe='')}"
        if form in ("srt", "vtt"):
            return await client.text(f"{path}/{form}")
        body = await client.get(path)
        transcript = checked(Transcript, body)
        if form == "txt":
            return text_of(transcript)
        if form == "md":
            return markdown_of(transcript, await found_in(client, transcript.id))
        if form == VCON:
            return json.dumps(await _vcon(client, transcript.id, body), indent=1) + "\n"
        if form == "json" and view is None:
            return json.dumps(body, indent=1) + "\n"
        name = view or (SPOKEN if transcript.utterances else "words")
        items = await client.whole(transcript.id, name)
        return csv_of(items) if form == "csv" else json.dumps(items, indent=1) + "\n"


async def _vcon(client: ServiceClient, transcription: str, body: dict[str, Any]) -> dict[str, Any]:
    job = await client.get(f"{NATIVE}/{quote(transcription, safe='')}")
    sentences = await client.whole(transcription, "sentences")
    analyses = {view: await client.whole(transcription, view) for view in ANALYSES}
    return vcon_of(body, job, sentences, analyses)
