"""`stenolog transcribe`: send recordings through a running gateway, and print what was said."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Job, Transcript, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import WAIT_S_MAX, Sent, ended, submit
from stenolog.cli.layout import spoken
from stenolog.cli.progress import Progress
from stenolog.cli.recordings import file_name_of, is_read_from, missing
from stenolog.cli.words import (
    NO,
    guarded,
    named_again,
    program,
    run,
    safe,
    settings_from,
    with_service,
)
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest, RequestError

FORMATS = ("text", "srt", "vtt", "json")
SUFFIXES = {"text": "txt"}
AUDIO_MAX = 100  # recordings of one call; their ids and names are kept in memory


@click.command("transcribe")
@click.argument("audio", nargs=-1, required=True)
@click.option("--speaker-labels", is_flag=True, help="Tell speakers apart.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="What to print: text (the default), subtitles, or all that /v2 answers.",
)
@click.option("--json", "as_object", is_flag=True, help="The same as --format json.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to this file; of several recordings, each into this directory.",
)
@with_service
@guarded
def command(
    audio: tuple[str, ...],
    speaker_labels: bool,
    form: str,
    as_object: bool,
    output: Path | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Transcribe AUDIO and print what was said.

    AUDIO is a file, a URL, `-` for standard input, or the id of a transcription that was asked for
    before: that one is waited for. Ctrl-C ends the waiting, not the transcription.
    """
    form = "json" if as_object else form
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    sent = [Sent(audio=one) for one in audio]
    places = _places(sent, form, output)
    failed = 0
    try:
        failed = run(transcribe(settings, sent, {"speaker_labels": speaker_labels}, form, places))
    finally:
        _say_what_is_open(sent, named_again(data_dir, url, api_key))
    if failed:
        sys.exit(NO)


def _say_what_is_open(sent: Sequence[Sent], options: str) -> None:
    """Say how to go on with what has not ended, and what may have been taken."""
    lines = [
        f"{one.name}: it may have been taken: see `{program()} list{options}`"
        for one in sent
        if one.asked and not one.id
    ]
    if waiting := [one.id for one in sent if one.id and not one.over]:
        lines.append(f"go on later with: {program()} transcribe {' '.join(waiting)}{options}")
    if lines:
        begin = "\n" if sys.stderr.isatty() else ""  # behind a moving line
        click.echo(begin + "\n".join(lines), err=True)


def _places(sent: Sequence[Sent], form: str, output: Path | None) -> dict[str, Path | None]:
    """Return where each result is written, by recording; None: printed.

    Raises:
        click.UsageError: There are too many, one is named twice, or the place cannot be, as that
            of a recording cannot.
        InvalidRequest: A file is missing, or the directory is.
    """
    if len(sent) > AUDIO_MAX:
        raise click.UsageError(f"at most {AUDIO_MAX} recordings at once")
    if len({one.audio for one in sent}) < len(sent):
        raise click.UsageError("a recording is named twice")
    for one in sent:
        if problem := missing(one.audio):
            raise InvalidRequest(problem)
    if output is None:
        if len(sent) > 1 and form in ("srt", "vtt"):
            raise click.UsageError(f"several recordings as {form} need -o DIRECTORY")
        return {one.audio: None for one in sent}
    if len(sent) == 1:
        if output.is_dir() or not output.absolute().parent.is_dir():
            raise InvalidRequest(f"-o {output}: must be a file in a directory that there is")
        return _apart(sent, {sent[0].audio: output})
    if not output.is_dir():
        raise InvalidRequest(f"-o {output}: must be a directory, for there are several recordings")
    names = [file_name_of(one.audio) for one in sent]
    stems = [Path(name).stem for name in names]
    names = stems if len(set(stems)) == len(stems) else names
    if len(set(names)) < len(names):
        raise click.UsageError("two recordings have the same name: write them one by one")
    suffix = SUFFIXES.get(form, form)
    return _apart(
        sent,
        {one.audio: output / f"{name}.{suffix}" for one, name in zip(sent, names, strict=True)},
    )


def _apart(sent: Sequence[Sent], places: dict[str, Path]) -> dict[str, Path | None]:
    """Return the places, unless one of them is a recording, which would be lost."""
    for place in places.values():
        if any(is_read_from(one.audio, place) for one in sent):
            raise click.UsageError(f"{place} is a recording: name another place with -o")
    return {**places}


async def transcribe(
    settings: Settings,
    sent: Sequence[Sent],
    options: Mapping[str, Any],
    form: str = "text",
    places: Mapping[str, Path | None] | None = None,
    *,
    wait_s_max: float = WAIT_S_MAX,
) -> int:
    """Send all, then wait for each in turn and print or write it; return how many failed.

    Raises:
        EgressFailed: No answer, or one has not ended after `wait_s_max` seconds.
    """
    failed = 0
    async with ServiceClient(settings) as client:
        progress = Progress()
        for one in sent:
            await submit(client, one, options, progress)
        for number, one in enumerate(sent):
            job = await ended(client, one, progress, wait_s_max=wait_s_max)
            progress.end(f"{one.name}: {job.status}")
            for warning in job.warnings:
                click.echo(f"{one.name}: warning: {warning.message}", err=True)
            try:
                if job.status == "error":
                    raise RequestError(f"transcription failed: {job.error or 'without a reason'}")
                result = await rendered(client, job, form, whole=len(sent) == 1)
                titled = form == "text" and len(sent) > 1
                title = f"{chr(10) if number else ''}{one.name}\n" if titled else ""
                _put(one, title, result, (places or {}).get(one.audio))
            except RequestError as exc:
                failed += 1
                click.echo(f"stenolog: {one.name}: {exc}", err=True)
            one.over = True
    return failed


async def rendered(client: ServiceClient, job: Job, form: str, *, whole: bool = True) -> str:
    """Return the result in this form, without a line break at its end.

    `whole` writes JSON over several lines.

    Raises:
        RequestError: There is none in this form.
    """
    path = f"/v2/transcript/{quote(job.id, safe='')}"
    if form in ("srt", "vtt"):
        return safe(await client.text(f"{path}/{form}")).rstrip("\n")
    body = await client.get(path)
    transcript = checked(Transcript, body)
    if form == "json":
        return json.dumps(body, indent=1 if whole else None)
    return "\n".join(spoken(transcript))


def _put(sent: Sent, title: str, result: str, place: Path | None) -> None:
    """Print the result below its title; or write it to its place.

    Raises:
        InvalidRequest: It cannot be written.
    """
    if place is None:
        click.echo(title + result)
        return
    try:
        place.write_text(result + "\n", encoding="utf-8", newline="\n")
    except OSError as exc:
        raise InvalidRequest(f"{place}: {exc.strerror}; its id is {sent.id}") from exc
    click.echo(f"{sent.name}: written to {place}", err=True)
