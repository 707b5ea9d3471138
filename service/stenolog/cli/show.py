"""`stenolog show`: one transcription, and what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Audio, Job, Transcript, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.conversation import conversation
from stenolog.cli.following import job_body, step_of
from stenolog.cli.found import Found, found_in
from stenolog.cli.layout import fact
from stenolog.cli.paint import Paint
from stenolog.cli.words import clock, guarded, run, settings_from, took, with_service
from stenolog.clock import microseconds
from stenolog.config.settings import Settings
from stenolog.engine.audio_facts import OF_LENGTH


@click.command("show")
@click.argument("transcription", metavar="ID")
@click.option("--json", "as_object", is_flag=True, help="As /api/v1/transcripts/ID answers.")
@with_service
@guarded
def command(
    transcription: str,
    as_object: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Show what is known of a transcription, what was said, and what was found in it.

    On a terminal speakers have colours, unless NO_COLOR is set; elsewhere a turn is one line.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    body, transcript, found = run(_asked(settings, transcription, text=not as_object))
    if as_object:
        click.echo(json.dumps(body, indent=1))
        return
    for line in facts(checked(Job, body)):
        click.echo(line)
    if transcript is not None and found is not None:
        click.echo()
        for line in conversation(transcript, found, Paint()):
            click.echo(line)


def facts(job: Job) -> Iterator[str]:
    """Yield a line or more for each thing that is known."""
    yield fact("id", job.id)
    yield fact("status", _status(job))
    if job.created_at:
        yield fact("submitted", f"{job.created_at[:19].replace('T', ' ')} UTC{_took(job)}")
    if job.provider:
        handle = f", job {job.provider_job}" if job.provider_job else ""
        yield fact("provider", f"{job.provider}{handle}")
    if job.audio_url:
        length = "" if job.audio_ms is None else f"{clock(job.audio_ms)} of "
        yield fact("audio", f"{length}{job.audio_url}")
    if job.audio is not None:
        matters = any(warning.code in OF_LENGTH for warning in job.warnings)
        yield fact("file", _file(job.audio, length=matters))
    if job.subject:
        yield fact("subject", job.subject)
    if job.webhook is not None:
        end = job.webhook
        said = end.outcome if job.webhook_status_code is None else f"{end.outcome}: answered "
        said += "" if job.webhook_status_code is None else str(job.webhook_status_code)
        allowing = f"; {end.setting} would allow it" if end.setting else ""
        where = f" ({end.address})" if end.address else ""  # of a deleted one nobody knows it
        yield fact("webhook", f"{said}{where}{allowing}")
    for warning in job.warnings:
        yield fact("warning", warning.message)
    if job.error:
        yield fact("error", job.error)


def _file(audio: Audio, *, length: bool) -> str:
    """Return what was found in the file: `mov, aac, 2 channels, track 2 of 3, 0:30.0 of 1:00.0`.

    How much was decoded is said where `length` is asked for: some milliseconds are missing often.
    """
    parts = [audio.container, audio.codec]
    if audio.channels:
        parts.append(f"{audio.channels} channel{'' if audio.channels == 1 else 's'}")
    if audio.tracks and audio.tracks > 1:
        parts.append(f"track {audio.track} of {audio.tracks}")
    declared, decoded = audio.declared_ms, audio.decoded_ms
    if length and declared is not None and decoded is not None:
        parts.append(f"{clock(decoded)} of {clock(declared)} decoded")
    return ", ".join(part for part in parts if part)


def _status(job: Job) -> str:
    if job.erased:
        return "deleted: its text and audio are gone"
    return job.status if job.ended else f"{job.status}: {step_of(job)}"


def _took(job: Job) -> str:
    if not job.created_at or not job.completed_at:
        return ""
    try:
        us = microseconds(job.completed_at) - microseconds(job.created_at)
    except ValueError:
        return ""
    return f", took {took(us // 1000)}"


async def _asked(
    settings: Settings, transcription: str, *, text: bool
) -> tuple[dict[str, Any], Transcript | None, Found | None]:
    async with ServiceClient(settings) as client:
        body = await job_body(client, transcription)
        job = checked(Job, body)
        if not text or job.status != "completed" or job.erased:
            return body, None, None
        path = f"/v2/transcript/{quote(job.id, safe='')}"
        transcript = checked(Transcript, await client.get(path))
        return body, transcript, await found_in(client, job.id)
