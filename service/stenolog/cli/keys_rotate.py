"""`stenolog keys rotate` and `revoke`: replace an API key or a secret of ours, or end a key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

import click

from stenolog.bootstrap.offline import open_keys, open_rotation
from stenolog.bootstrap.rotating import MASTER, NAMES
from stenolog.cli.answers import Answered, Count, MadeKey, RevokedKey, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.offline import by_service_or_hand
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.commands.api_keys import prefix_of
from stenolog.config.settings import Settings
from stenolog.errors import NotFound
from stenolog.log.actors import OPERATOR

SAID = {
    "callback": "signs callbacks from now on; what was registered before is taken, too",
    "master": "wraps all keys from now on; those that there are, are wrapped anew",
}


class RotatedSecret(Answered):
    """One of the gateway's own secrets: the number or id of the present one, and how many hold."""

    secret: Token
    current: Token
    kept: Count


# A prefix may begin with a hyphen.
@click.command("rotate", context_settings={"ignore_unknown_options": True})
@click.argument("what", metavar="|".join((*NAMES, "KEY")))
@click.option("--keep", is_flag=True, help="Of a KEY: the old one is in use until it is revoked.")
@with_service
@guarded
def rotate(
    what: str, keep: bool, data_dir: Path | None, url: str | None, api_key: str | None
) -> None:
    """Replace one of the gateway's own secrets, or an API key.

    KEY is the prefix that `keys list` shows, an id, or a key itself. The new key may do the same,
    and is shown this once, alone on the last line.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    if what in NAMES:
        one = run(_rotated(settings, what))
        click.echo(f"{one.secret} {one.current}  {SAID[what]}")
        return
    secret = run(_replaced(settings, prefix_of(what) or what, keep=keep))
    told = "both are in use; revoke the old one" if keep else "the old key is revoked"
    click.echo(f"{told}; keep the new one, it is not shown again:")
    click.echo(secret)


# A prefix may begin with a hyphen.
@click.command("revoke", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@with_service
@guarded
def revoke(key: str, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Refuse a key from now on; KEY is the prefix that `keys list` shows, its id, or itself."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    revoked = run(_revoke(settings, prefix_of(key) or key))
    click.echo(f"{revoked.prefix}  revoked {revoked.revoked_at}")


async def _rotated(settings: Settings, name: str) -> RotatedSecret:
    async def ask(client: ServiceClient) -> RotatedSecret:
        return checked(RotatedSecret, await client.post(f"/api/v1/secrets/{name}/rotate", {}))

    async def by_hand() -> RotatedSecret:
        async with open_rotation(settings) as rotation:
            said = await rotation.rotate(name, OPERATOR)
            if name == MASTER:
                await rotation.rewrapping.finish()
            return checked(RotatedSecret, dict(said))

    return await by_service_or_hand(settings, ask, by_hand)


async def _replaced(settings: Settings, key: str, *, keep: bool) -> str:
    async def ask(client: ServiceClient) -> str:
        path = f"/api/v1/keys/{quote(key, safe='')}/rotate"
        return checked(MadeKey, await client.post(path, {"keep": keep})).key

    async def by_hand() -> str:
        async with open_keys(settings) as (_, ring):
            rotated = await ring.rotate(key, None, actor=OPERATOR, keep=keep)
        if rotated is None:
            raise NotFound("There is no such API key")
        return rotated[0]

    return await by_service_or_hand(settings, ask, by_hand)


async def _revoke(settings: Settings, key: str) -> RevokedKey:
    async def ask(client: ServiceClient) -> RevokedKey:
        return checked(RevokedKey, await client.delete(f"/api/v1/keys/{quote(key, safe='')}"))

    async def by_hand() -> RevokedKey:
        async with open_keys(settings) as (_, ring):
            revoked = await ring.revoke(key, None, actor=OPERATOR)
        if revoked is None:
            raise NotFound("There is no such API key")
        return checked(RevokedKey, asdict(revoked))

    return await by_service_or_hand(settings, ask, by_hand)
