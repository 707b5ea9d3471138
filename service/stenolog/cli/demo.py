"""`stenolog demo`: transcribe real speech in a gateway of its own, and show what was recorded."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import click

from stenolog.cli.answers import EventItem, SpeakerItem, Transcript, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.demo_findings import FEATURES, found_lines
from stenolog.cli.demo_processes import no_provider, served, verify
from stenolog.cli.found import found_in
from stenolog.cli.layout import wrapped
from stenolog.cli.progress import Progress
from stenolog.cli.recordings import Recording, is_url
from stenolog.cli.report import page_of, write_page
from stenolog.cli.simulated import simulated_provider
from stenolog.cli.words import clock, guarded, program, run, safe, settings_from, took
from stenolog.clock import microseconds, now_us
from stenolog.config.settings import Settings
from stenolog.engine.availability import engine_unavailable
from stenolog.errors import StenologError
from stenolog.stores.files.directory import make_directory

SPEECH = "endgame_nagg_nell.wav"  # two voices; ships inside the engine's package
UNHEARD_URL = "https://audio.example/dialogue.mp3"  # a simulator does not listen
REPORT = "report.html"
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
    reason = engine_unavailable()
    heard = audio or str(shipped_speech() or UNHEARD_URL)
    with demo_directory(data_dir) as directory:
        introduce(heard, directory, reason)
        progress = Progress()
        provider = simulated_provider() if reason else no_provider()
        with provider as environment, served(directory, environment, progress):
            page = run(show_everything(settings_from(data_dir=directory), heard, progress))
    verdict = run(progress.during("verifying the log", verify(directory)))
    progress.end("verified" if verdict.returncode == 0 else "not verified")
    title("The log, verified")
    for line in (verdict.stdout or verdict.stderr).strip().splitlines():
        echo_wrapped(line)
    report = directory / REPORT
    write_page(page, "", report)
    title("To be seen in a browser: the page of this conversation")
    click.echo(report)
    title("Try next")
    for command in ("log show", "log verify", "serve"):
        click.echo(f"{program()} {command} --data-dir {directory}")
    sys.exit(verdict.returncode)


@contextmanager
def demo_directory(given: Path | None) -> Iterator[Path]:
    """Make the directory of the demo's data; without `given` a failed demo leaves nothing.

    Raises:
        CannotStart: It cannot be made or written.
    """
    if given is not None:
        make_directory(given)
        yield given
        return
    directory = Path(tempfile.mkdtemp(prefix="stenolog-demo-"))
    try:
        yield directory
    except BaseException:  # Ctrl-C and an exit with a status, too
        shutil.rmtree(directory, ignore_errors=True)
        raise


def introduce(audio: str, directory: Path, reason: str | None) -> None:
    """Say what is about to happen; `reason` is why the engine is unavailable."""
    by = "the embedded engine" if reason is None else "a simulated provider"
    echo_wrapped(
        f"This demo starts a gateway of its own, has {by} transcribe {short_name(audio)}, shows "
        "what the log has recorded, and verifies it."
    )
    click.echo(f"Its data, which stays: {directory}")
    if reason is not None:
        echo_wrapped(f"A simulator stands in, the engine is unavailable: {reason}")


async def show_everything(settings: Settings, audio: str, progress: Progress) -> str:
    """Submit, follow, print what a user would want to see, and return the page that shows it.

    Raises:
        StenologError: The transcription failed.
    """
    async with ServiceClient(settings) as client:
        transcript, readable_at_us = await transcribed(client, audio, progress)
        if transcript.status == "error":
            raise StenologError(f"the transcription failed: {transcript.error}")
        print_utterances(transcript)
        print_speakers(await client.items(transcript.id, "speakers", SpeakerItem))
        title("What was found")
        for line in found_lines(await found_in(client, transcript.id)):
            click.echo(line)
        page = await page_of(client, transcript.id, with_player=True)
        events = await client.items(transcript.id, "events", EventItem)
    print_events(events, has_upload=not is_url(audio))
    called_back = [e for e in events if e.type == "callback.received"]
    if called_back:
        waited_us = readable_at_us - microseconds(called_back[0].time)
        click.echo(f"\nFrom the callback until readable: {took(max(1, waited_us // 1000))}")
    return page


async def transcribed(
    client: ServiceClient, audio: str, progress: Progress
) -> tuple[Transcript, int]:
    """Return the finished transcript, and when it was first seen finished, in microseconds."""
    submitting = f"submitting {short_name(audio)}"
    audio_url = audio
    if not is_url(audio):
        audio_url = await progress.during(submitting, client.upload(Recording(audio)))
    body = {"audio_url": audio_url, **FEATURES}
    answer = await progress.during(submitting, client.post("/v2/transcript", body))
    transcript = checked(Transcript, answer)
    ends = time.monotonic() + FINISH_S_MAX
    path = f"/v2/transcript/{quote(transcript.id, safe='')}"
    while not transcript.ended:
        if time.monotonic() > ends:
            raise StenologError(f"not finished after {took(int(FINISH_S_MAX * 1000))}")
        await asyncio.sleep(POLL_S)
        answer = await progress.during(transcript.status, client.get(path))
        transcript = checked(Transcript, answer)
    readable_at_us = now_us()
    progress.end(transcript.status)
    return transcript, readable_at_us


def print_utterances(transcript: Transcript) -> None:
    """Print who said what, and when."""
    title("Who said what")
    turns = transcript.utterances or []
    for turn in turns[:UTTERANCES_SHOWN_MAX]:
        text = f"{clock(turn.start)}-{clock(turn.end)}  {turn.speaker or '?'}: {turn.text}"
        click.echo(wrapped(text, indent=16))
    if len(turns) > UTTERANCES_SHOWN_MAX:
        click.echo(f"... and {len(turns) - UTTERANCES_SHOWN_MAX} more")
    if not turns:
        echo_wrapped(transcript.text or "(no speech)")


def print_speakers(speakers: Sequence[SpeakerItem]) -> None:
    """Print how long each speaker spoke."""
    title("Talk time per speaker")
    for speaker in speakers:
        share = "-" if speaker.share is None else f"{100 * speaker.share:.0f} %"
        click.echo(
            f"speaker {speaker.speaker or '?':<3} {took(speaker.talk_ms):>8} "
            f"{share:>6}  {speaker.words} words, {speaker.turns} turns"
        )


def print_events(events: Sequence[EventItem], *, has_upload: bool) -> None:
    """Print the transcription's events, each with its position in the log."""
    title("Its events, by their position in the log")
    if has_upload:
        click.echo("   -  before them: the upload, which `log show` lists as well")
    for event in events:
        click.echo(f"{event.position:>4}  {event.type:<24}  {event.time}")


def echo_wrapped(text: str) -> None:
    """Print text within the columns."""
    click.echo(wrapped(text))


def title(text: str) -> None:
    """Print a heading."""
    click.echo(f"\n{text}\n{'-' * len(text)}")


def shipped_speech() -> Path | None:
    """Return the recording inside the engine's package; None where that is not installed."""
    found = importlib.util.find_spec("moonshine_voice")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place) / "assets" / SPEECH
        if path.is_file():
            return path
    return None


def short_name(audio: str) -> str:
    """Return what to call the audio in a line of progress."""
    return safe(audio if is_url(audio) else Path(audio).name)[:50]
