"""`stenolog transcribe`: send one recording through a running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Transcript, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.progress import Progress
from stenolog.cli.words import NO, clock, guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed

POLL_FIRST_S, POLL_S_MAX = 0.1, 1.0
WAIT_S_MAX = 25 * 3_600  # a gateway gives a job up after a day, unless it is set otherwise


@click.command("transcribe")
@click.argument("audio")
@click.option("--speaker-labels", is_flag=True, help="Tell speakers apart.")
@click.option("--json", "as_object", is_flag=True, help="The whole transcript, as /v2 shows it.")
@with_service
@guarded
def command(
    audio: str,
    speaker_labels: bool,
    as_object: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Transcribe AUDIO, a file or a URL, and print what was said."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    body = run(transcribe(settings, audio, speaker_labels=speaker_labels))
    transcript = checked(Transcript, body)
    if as_object:
        click.echo(json.dumps(body, indent=1))
    elif transcript.status == "completed":
        print_transcript(transcript)
    if transcript.status == "error":
        reason = transcript.error or "without a reason"
        click.echo(f"stenolog: transcription failed: {reason}", err=True)
        sys.exit(NO)


async def transcribe(
    settings: Settings, audio: str, *, speaker_labels: bool, wait_s_max: float = WAIT_S_MAX
) -> dict[str, Any]:
    """Return the finished transcript, as it was answered; progress goes to standard error.

    Raises:
        EgressFailed: No answer, or it has not ended after `wait_s_max` seconds.
    """
    async with ServiceClient(settings) as client:
        progress = Progress()
        is_url = audio.startswith(("http://", "https://"))
        audio_url = audio
        if not is_url:
            audio_url = await progress.during("uploading", client.upload(Path(audio)))
        body = {"audio_url": audio_url, "speaker_labels": speaker_labels}
        answer = await progress.during("submitting", client.post("/v2/transcript", body))
        transcript = checked(Transcript, answer)
        wait_s, ends = POLL_FIRST_S, time.monotonic() + wait_s_max
        while not transcript.ended:
            if time.monotonic() > ends:
                raise EgressFailed(
                    f"transcript {transcript.id} is {transcript.status} after "
                    f"{wait_s_max / 3_600:g} hours: look it up again later",
                    sent=True,
                )
            await asyncio.sleep(wait_s)
            wait_s = min(POLL_S_MAX, wait_s * 1.3)
            asked = client.get(f"/v2/transcript/{quote(transcript.id, safe='')}")
            answer = await progress.during(transcript.status, asked)
            transcript = checked(Transcript, answer)
        progress.end(transcript.status)
        return answer


def print_transcript(transcript: Transcript) -> None:
    """Print the text, or who said what when speakers were told apart."""
    for turn in transcript.utterances or ():
        click.echo(f"{clock(turn.start):>8}  {turn.speaker or '?'}: {turn.text}")
    if not transcript.utterances:
        click.echo(transcript.text or "(no speech)")
