"""`stenolog events tail`: public events as the service's consumers are told of them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from stenolog.cli.answers import Answered, Count, Line, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed

FEED = "/api/v1/events"
PREFIX = "stenolog."
SHOWN = 20
SHOWN_MAX = 10_000
PAGE = 200
POSITIONS_PER_EVENT = 16  # looked at first, for each event that is to be shown
WAIT_MS = 20_000
AGAIN_SECONDS = 2.0


class Event(Answered):
    """What a line shows of an event."""

    type: Line
    time: Line
    subject: Line
    position: Line


class EventPage(Answered):
    """A page of the feed."""

    items: list[dict[str, Any]]
    next: str | None
    after: Count
    epoch: Line


@click.group("events")
def command() -> None:
    """Print events as consumers are told of them."""


@command.command("tail")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--type", "types", multiple=True, help="Only this type; `*` at its end: any end.")
@click.option("--last", type=click.IntRange(0, SHOWN_MAX), default=SHOWN, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One CloudEvent a line.")
@with_service
@guarded
def tail(
    follow: bool,
    types: tuple[str, ...],
    last: int,
    as_json: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Print the newest events, the newest below; times are UTC."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    run(_tail(settings, ",".join(named_type(one) for one in types), last, follow, as_json))


def named_type(name: str) -> str:
    """Return the name of a type as on the wire; `stenolog.` may be left out."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


async def _tail(settings: Settings, types: str, last: int, follow: bool, as_json: bool) -> None:
    async with ServiceClient(settings) as client:
        end = await feed_page(client, after="latest", types=types)
        for item in await _newest(client, end, types, last):
            _print(item, as_json)
        if not follow:
            return
        async for item in coming(client, end, types):
            _print(item, as_json)


async def _newest(
    client: ServiceClient, end: EventPage, types: str, count: int
) -> list[dict[str, Any]]:
    """Return the newest events before the end: how far back they stand, nobody knows."""
    span = count * POSITIONS_PER_EVENT
    while True:
        after, found = max(0, end.after - span), deque[dict[str, Any]](maxlen=count)
        async for page in _pages(client, after, end, types):
            found += page.items
        if len(found) == count or not after:
            return list(found)
        span *= POSITIONS_PER_EVENT


async def _pages(
    client: ServiceClient, after: int, end: EventPage, types: str
) -> AsyncIterator[EventPage]:
    while after < end.after:
        page = await feed_page(client, after=after, epoch=end.epoch, types=types)
        yield page
        after = page.after
        if page.next is None:
            return


async def coming(
    client: ServiceClient, end: EventPage, types: str, **query: object
) -> AsyncIterator[dict[str, Any]]:
    """Yield what comes; a service that is away for a while is asked again."""
    after, is_away = end.after, False
    while True:
        try:
            page = await feed_page(
                client, after=after, epoch=end.epoch, types=types, wait_ms=WAIT_MS, **query
            )
        except EgressFailed as exc:
            if not is_away:
                click.echo(f"{exc}; it is asked again", err=True)
            is_away = True
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        is_away, after = False, page.after
        for item in page.items:
            yield item


async def feed_page(client: ServiceClient, **query: object) -> EventPage:
    """Return a page of the feed."""
    given = {name: value for name, value in query.items() if value != ""}
    return checked(EventPage, await client.get(f"{FEED}?{urlencode({'limit': PAGE, **given})}"))


def _print(item: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(item))
        return
    event = checked(Event, item)
    time = event.time[:19].replace("T", " ")
    click.echo(f"{event.position:>8} {time} {event.type.removeprefix(PREFIX)} {event.subject}")
