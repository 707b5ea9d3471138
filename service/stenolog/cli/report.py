"""`stenolog report`: a page about one transcript, for people."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from urllib.parse import quote

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE, completed_job
from stenolog.cli.words import guarded, run, safe, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest, RequestError

AUDIO_PLACE = "<!--audio-->"  # where the page has room for a player
AUDIO_BYTES_MAX = 64 << 20  # a browser keeps all of it, and more than half as much again as text
MB = 1 << 20
MEDIA_TYPES = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}


@click.command("report")
@click.argument("transcription", metavar="ID")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file; else to standard output.",
)
@click.option(
    "--audio",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Put this recording into the page, to be played there; at most {AUDIO_BYTES_MAX // MB} "
    "MB. It is put in as it is, also where the text is redacted.",
)
@with_service
@guarded
def command(
    transcription: str,
    output: Path | None,
    audio: Path | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Write a page that shows a transcript: timeline, speakers, chapters, and what was found.

    It is one HTML file that loads nothing else. Open it in a browser, print it, send it.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    player = "" if audio is None else player_of(audio)
    page = run(_page(settings, transcription, with_player=audio is None))
    write_page(page, player, output)


def write_page(page: str, player: str, place: Path | None) -> None:
    """Write the page, with a player if there is one; to standard output without a place.

    Raises:
        InvalidRequest: It cannot be written.
    """
    page = page.replace(AUDIO_PLACE, player, 1)
    if place is None:
        click.echo(safe(page) if sys.stdout.isatty() else page, nl=False)
        return
    try:
        place.write_text(page, encoding="utf-8", newline="\n")
    except OSError as exc:
        raise InvalidRequest(f"{place}: {exc.strerror}") from exc


def player_of(audio: Path) -> str:
    """Return a player with the recording in it.

    Raises:
        InvalidRequest: It cannot be read, is too long, or no browser would play it.
    """
    media_type = MEDIA_TYPES.get(audio.suffix.lower())
    if media_type is None:
        raise InvalidRequest(
            f"{audio}: a browser plays {', '.join(one.lstrip('.') for one in MEDIA_TYPES)}"
        )
    try:
        with audio.open("rb") as file:
            content = file.read(AUDIO_BYTES_MAX + 1)
    except OSError as exc:
        raise InvalidRequest(f"{audio}: {exc.strerror}") from exc
    if len(content) > AUDIO_BYTES_MAX:
        raise InvalidRequest(f"{audio}: has more than {AUDIO_BYTES_MAX // MB} MB")
    encoded = base64.b64encode(content).decode()
    return (
        '<div class="player"><audio controls preload="metadata" '
        f'src="data:{media_type};base64,{encoded}"></audio></div>'
    )


async def _page(settings: Settings, transcription: str, *, with_player: bool) -> str:
    async with ServiceClient(settings) as client:
        return await page_of(client, transcription, with_player=with_player)


async def page_of(client: ServiceClient, transcription: str, *, with_player: bool) -> str:
    """Return the page of a transcript, with a player where the service has the recording.

    Raises:
        RequestError: As `completed_job`, or the service is another one.
    """
    await completed_job(client, transcription)
    audio = "" if with_player else "?audio=false"
    page = await client.text(f"{NATIVE}/{quote(transcription, safe='')}/report{audio}")
    if not page.startswith("<!doctype html>"):
        raise RequestError("the service answers no page: is it an older Stenolog?")
    return page
