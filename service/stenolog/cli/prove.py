"""`stenolog prove`: write what shows all events of a transcription to anyone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import BadSetting, Settings
from stenolog.errors import InvalidRequest


@click.command("prove")
@click.argument("transcription", metavar="ID")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file.",
)
@click.option("--commitments-only", is_flag=True, help="Show no payload: who asks later can be.")
@click.option(
    "--payloads",
    metavar="all|VERSIONS",
    help="Show these payloads, such as 1,5: versions of events as `stenolog log show` has them. "
    "Else all that hold no secret, and no text from which personal data was to be redacted.",
)
@click.option("--cose", is_flag=True, help="Write a COSE receipt (RFC 9942) of the same events.")
@with_service
@guarded
def command(
    transcription: str,
    output: Path,
    commitments_only: bool,
    payloads: str | None,
    cose: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Write a proof of all events of a transcription, the newest included.

    Anyone can verify it, without Stenolog and without a network: infra/verify/stenolog_verify.py
    FILE --key KEY. The key is at /.well-known/stenolog-log-key of the service.
    """
    if sum((commitments_only, payloads is not None, cose)) > 1:
        raise BadSetting("--commitments-only, --payloads and --cose exclude each other")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    query = "?format=cose" if cose else "?payloads=none" if commitments_only else ""
    if payloads is not None:
        query = f"?payloads={quote(payloads, safe=',')}"
    proof = run(_proof(settings, f"{NATIVE}/{quote(transcription, safe='')}/proof{query}"))
    try:
        output.write_bytes(proof)
    except OSError as exc:
        raise InvalidRequest(f"{output}: {exc.strerror}") from exc
    click.echo(f"{output}: {len(proof)} bytes")


async def _proof(settings: Settings, path: str) -> bytes:
    async with ServiceClient(settings) as client:
        return await client.content(path)
