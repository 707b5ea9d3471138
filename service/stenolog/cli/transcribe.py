"""`stenolog transcribe`: one recording through a running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.words import NO, clock, guarded, run, safe, settings_from, took, with_service
from stenolog.config.settings import Settings

POLL_FIRST_S, POLL_S_MAX = 0.1, 1.0
SPINNER = "|/-\\"


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
    transcript = run(transcribe(settings, audio, speaker_labels=speaker_labels))
    if as_object:
        click.echo(json.dumps(transcript, indent=1))
    elif transcript["status"] == "completed":
        print_transcript(transcript)
    if transcript["status"] == "error":
        click.echo(f"stenolog: transcription failed: {safe(str(transcript['error']))}", err=True)
        sys.exit(NO)


async def transcribe(settings: Settings, audio: str, *, speaker_labels: bool) -> dict[str, Any]:
    """The finished transcript; progress goes to standard error."""
    async with ServiceClient(settings) as client:
        progress = Progress()
        is_url = audio.startswith(("http://", "https://"))
        progress.show("submitting" if is_url else "uploading")
        audio_url = audio if is_url else await client.upload(Path(audio))
        body = {"audio_url": audio_url, "speaker_labels": speaker_labels}
        transcript = await client.post("/v2/transcript", body)
        wait_s = POLL_FIRST_S
        while transcript["status"] not in {"completed", "error"}:
            progress.show(str(transcript["status"]))
            await asyncio.sleep(wait_s)
            wait_s = min(POLL_S_MAX, wait_s * 1.3)
            transcript = await client.get(f"/v2/transcript/{transcript['id']}")
        progress.end(str(transcript["status"]))
        assert isinstance(transcript, dict)
        return transcript


def print_transcript(transcript: dict[str, Any]) -> None:
    """The text, or who said what when speakers were told apart."""
    for turn in transcript.get("utterances") or ():
        speaker = safe(str(turn["speaker"]))
        click.echo(f"{clock(turn['start']):>8}  {speaker}: {safe(turn['text'])}")
    if not transcript.get("utterances"):
        click.echo(safe(transcript["text"] or "(no speech)"))


class Progress:
    """What is being done, and for how long: one moving line on a terminal, else a line a step."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._last = ""
        self._turns = 0

    def show(self, what: str) -> None:
        """Something is going on."""
        if self._terminal:
            self._turns += 1
            mark = SPINNER[self._turns % len(SPINNER)]
            click.echo(f"\r\x1b[K{mark} {what} {self._elapsed()}", nl=False, err=True)
        elif what != self._last:
            click.echo(f"{what} ...", err=True)
        self._last = what

    def end(self, what: str) -> None:
        """It is over."""
        start = "\r\x1b[K" if self._terminal else ""
        click.echo(f"{start}{what} after {self._elapsed()}", err=True)

    def _elapsed(self) -> str:
        return took(round((time.monotonic() - self._began) * 1000))
