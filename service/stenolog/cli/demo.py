"""`stenolog demo`: the main job on real speech, in a gateway of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.simulated import simulated_provider
from stenolog.cli.transcribe import Progress
from stenolog.cli.words import COLUMNS, clock, guarded, program, run, safe, settings_from, took
from stenolog.clock import microseconds, now_us
from stenolog.config.settings import Settings
from stenolog.engine.availability import engine_unavailable
from stenolog.errors import CannotStart, StenologError
from stenolog.stores.files.directory import API_KEY, running

SPEECH = "endgame_nagg_nell.wav"  # two voices; ships inside the engine's package
UNHEARD_URL = "https://audio.example/dialogue.mp3"  # a simulator does not listen
START_S_MAX = 30.0
STOP_S_MAX = 12.0
POLL_S = 0.02
FINISH_S_MAX = 3_600.0
UTTERANCES_SHOWN_MAX = 40


@click.command("demo")
@click.argument("audio", required=False)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Where its data stays; default: a new directory for temporary files.",
)
@guarded
def command(audio: str | None, data_dir: Path | None) -> None:
    """Transcribe AUDIO, a file or URL, or a recording of two people that ships with the engine."""
    directory = data_dir or Path(tempfile.mkdtemp(prefix="stenolog-demo-"))
    directory.mkdir(parents=True, exist_ok=True)
    reason = engine_unavailable()
    if reason is not None:
        echo_wrapped(f"A simulator stands in, the engine is unavailable: {reason}")
    audio = audio or str(shipped_speech() or UNHEARD_URL)
    provider = simulated_provider() if reason else no_provider()
    with provider as environment, served(directory, environment):
        run(show_everything(settings_from(data_dir=directory), audio))
    verdict = subprocess.run(
        [*stenolog(), "log", "verify", "--data-dir", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    title("The log, verified")
    echo_wrapped((verdict.stdout or verdict.stderr).strip())
    title("Try next")
    for command in ("log show", "log verify", "serve"):
        click.echo(f"{program()} {command} --data-dir {directory}")
    sys.exit(verdict.returncode)


async def show_everything(settings: Settings, audio: str) -> None:
    """Submit, follow, and print what a user would want to see.

    Raises:
        StenologError: The transcription failed.
    """
    async with ServiceClient(settings) as client:
        transcript, readable_at_us = await transcribed(client, audio)
        transcript_id = str(transcript["id"])
        if transcript["status"] == "error":
            raise StenologError(f"the transcription failed: {transcript['error']}")
        print_utterances(transcript)
        print_speakers(await client.items(transcript_id, "speakers"))
        events = await client.items(transcript_id, "events")
    print_events(events)
    called_back = [e for e in events if e["type"] == "callback.received"]
    if called_back:
        waited_us = readable_at_us - microseconds(called_back[0]["time"])
        click.echo(f"\nCallback -> readable: {took(max(1, waited_us // 1000))}")


async def transcribed(client: ServiceClient, audio: str) -> tuple[dict[str, Any], int]:
    """The finished transcript, and when it was first seen finished, in microseconds."""
    progress = Progress()
    is_url = audio.startswith(("http://", "https://"))
    name = audio if is_url else Path(audio).name
    progress.show(f"submitting {safe(name)[:50]}")
    audio_url = audio if is_url else await client.upload(Path(audio))
    transcript = await client.post(
        "/v2/transcript", {"audio_url": audio_url, "speaker_labels": True}
    )
    ends = time.monotonic() + FINISH_S_MAX
    path = f"/v2/transcript/{transcript['id']}"
    while transcript["status"] not in {"completed", "error"}:
        if time.monotonic() > ends:
            raise StenologError(f"not finished after {took(int(FINISH_S_MAX * 1000))}")
        progress.show(f"{transcript['status']}")
        await asyncio.sleep(POLL_S)
        transcript = await client.get(path)
    readable_at_us = now_us()
    progress.end(str(transcript["status"]))
    return transcript, readable_at_us


def print_utterances(transcript: dict[str, Any]) -> None:
    """Who said what, and when."""
    title("Who said what")
    turns = transcript.get("utterances") or []
    for turn in turns[:UTTERANCES_SHOWN_MAX]:
        text = f"{clock(turn['start'])}-{clock(turn['end'])}  {turn['speaker']}: {turn['text']}"
        echo_wrapped(text, indent=16)
    if len(turns) > UTTERANCES_SHOWN_MAX:
        click.echo(f"... and {len(turns) - UTTERANCES_SHOWN_MAX} more")
    if not turns:
        echo_wrapped(transcript.get("text") or "(no speech)")


def print_speakers(speakers: Sequence[dict[str, Any]]) -> None:
    """How long each spoke."""
    title("Talk time per speaker")
    for speaker in speakers:
        share = "-" if speaker["share"] is None else f"{100 * speaker['share']:.0f} %"
        click.echo(
            f"speaker {safe(str(speaker['speaker'])):<3} {took(speaker['talk_ms']):>8} "
            f"{share:>6}  {speaker['words']} words, {speaker['turns']} turns"
        )


def print_events(events: Sequence[dict[str, Any]]) -> None:
    """The transcription's life, as it stands in the log."""
    title("Its events in the log")
    for event in events:
        click.echo(f"{event['position']:>4}  {event['type']:<24}  {event['time']}")


def title(text: str) -> None:
    """A heading."""
    click.echo(f"\n{text}\n{'-' * len(text)}")


def echo_wrapped(text: str, indent: int = 2) -> None:
    """Safe text within the columns; continuation lines are indented."""
    click.echo(
        click.wrap_text(
            safe(text), width=COLUMNS - 1, initial_indent="", subsequent_indent=" " * indent
        )
    )


def shipped_speech() -> Path | None:
    """The recording inside the engine's package; None where that is not installed."""
    found = importlib.util.find_spec("moonshine_voice")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place) / "assets" / SPEECH
        if path.is_file():
            return path
    return None


def stenolog() -> list[str]:
    """The command line of this very program."""
    return [sys.executable, "-m", "stenolog.cli.main"]


@contextmanager
def no_provider() -> Iterator[dict[str, str]]:
    """The embedded engine needs no other."""
    yield {"STENOLOG_PROVIDER": "local"}


@contextmanager
def served(directory: Path, environment: dict[str, str]) -> Iterator[None]:
    """A gateway on a free port of loopback, stopped at the end.

    Raises:
        CannotStart: It ended, or did not answer in time; its last words are in the message.
    """
    errors = directory / "demo.log"
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            [*stenolog(), "serve", "--port", "0", "--data-dir", str(directory)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
        )
    try:
        ends = time.monotonic() + START_S_MAX
        while running(directory) is None or not (directory / API_KEY).exists():
            if process.poll() is not None or time.monotonic() > ends:
                last = errors.read_text(errors="replace").strip().splitlines()[-1:]
                raise CannotStart(f"the gateway did not start: {' '.join(last) or errors}")
            time.sleep(POLL_S)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
