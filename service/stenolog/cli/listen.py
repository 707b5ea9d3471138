"""`stenolog listen --forward-to URL`: deliver events to a program on this machine, signed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from stenolog.cli.answers import checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.events import Event, coming, feed_page, named_type
from stenolog.cli.words import guarded, one_line, run, settings_from, took, with_service
from stenolog.config.settings import BadSetting, Settings
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.endpoints.signatures import SECRET_BYTES, Signing, read_secret, secret_text
from stenolog.errors import EgressFailed, ForbiddenAddress, InvalidRequest

CLOUD_EVENT = "application/cloudevents+json"  # CloudEvents 1.0, JSON format, 3
TIMEOUT_MS = 15_000
ANSWER_BYTES_MAX = 16 << 10


@click.command("listen")
@click.option("--forward-to", "forward_to", required=True, help="Where your program listens.")
@click.option("--type", "types", multiple=True, help="Only this type; `*` at its end: any end.")
@click.option("--payload", is_flag=True, help="Tell what was said, too, where the key may read it.")
@click.option(
    "--secret", help="It begins with whsec_; one is made when none is given. Visible in `ps`."
)
@with_service
@guarded
def command(
    forward_to: str,
    types: tuple[str, ...],
    payload: bool,
    secret: str | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Forward what comes from now on to your own program, until Ctrl-C.

    Each event is posted once, signed as Standard Webhooks says with the secret that is printed
    first: give it to your program. What it answers is printed, and nothing is posted again.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    names = ",".join(named_type(one) for one in types)
    run(_listen(settings, Forwarding(forward_to, _secret(secret)), names, payload))


async def _listen(settings: Settings, to: Forwarding, types: str, payload: bool) -> None:
    query = {"include": "payload"} if payload else {}
    async with ServiceClient(settings) as client, to:
        end = await feed_page(client, after="latest", types=types)
        click.echo(f"secret: {to.secret}")
        click.echo(f"events go to {to.url} from now on; Ctrl-C ends it", err=True)
        async for item in coming(client, end, types, **query):
            await to.post(item)


def _secret(given: str | None) -> bytes:
    if given is None:
        return os.urandom(SECRET_BYTES)
    try:
        return read_secret(given)
    except InvalidRequest as exc:
        raise BadSetting(f"--{exc}") from exc


class Forwarding:
    """Posts events to one URL, whatever address that has: it was named on the command line."""

    def __init__(self, url: str, secret: bytes) -> None:
        """Raise `BadSetting` when the URL is none."""
        self.url = url
        self.secret = secret_text(secret)
        self._signing = Signing(secrets=[secret])
        try:
            self._egress = Egress(AddressPolicy.of(origins=[url]), user_agent="stenolog-listen")
        except ValueError as exc:
            raise BadSetting(f"--forward-to: {exc}") from exc

    async def __aenter__(self) -> Forwarding:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._egress.aclose()

    async def post(self, item: Mapping[str, Any]) -> None:
        """Post it, and print what came of it."""
        event, body = checked(Event, item), json.dumps(item).encode()
        headers = self._signing.headers(str(item["id"]), int(time.time()), body)
        begun = time.monotonic()
        try:
            answer = await self._egress.request(
                "POST",
                self.url,
                headers=[("content-type", CLOUD_EVENT), *headers],
                content=body,
                timeout_ms=TIMEOUT_MS,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
            said = f"{answer.status} after {took(int(1000 * (time.monotonic() - begun)))}"
        except (EgressFailed, ForbiddenAddress) as exc:
            said = one_line(str(exc))
        click.echo(f"{event.type} {event.subject}: {said}")
