"""`stenolog consume NAME --exec COMMAND`: run a command for each event of a named consumer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.backoff import exponential_ms
from stenolog.cli.answers import Answered, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.events import named_type
from stenolog.cli.executing import executed
from stenolog.cli.words import guarded, one_line, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed, RequestError

CONSUMERS = "/api/v1/consumers/"
WORKERS_MAX = 32
WAIT_MS = 20_000
TIMEOUT_SECONDS, TIMEOUT_SECONDS_MAX = 300, 3_000
LEASE_MORE_MS = 30_000  # for the acknowledgement, when the command has taken all of its time
AGAIN_SECONDS = 2.0
RETRY_FIRST_MS, RETRY_CEILING_MS = 1_000, 600_000


class Item(Answered):
    """What is needed of an event besides its JSON."""

    id: str
    type: str
    subject: str
    attempt: int


class Batch(Answered):
    """What a claim is answered with."""

    lease: str | None
    items: list[dict[str, Any]]


@click.command("consume")
@click.argument("name")
@click.option(
    "--exec",
    "command",
    required=True,
    help="A shell command; it gets one CloudEvent as JSON on its standard input, and exits with 0 "
    "when it is done.",
)
@click.option("--workers", type=click.IntRange(1, WORKERS_MAX), default=1, show_default=True)
@click.option(
    "--timeout",
    type=click.IntRange(1, TIMEOUT_SECONDS_MAX),
    default=TIMEOUT_SECONDS,
    show_default=True,
    help="Seconds that the command may take.",
)
@click.option(
    "--from",
    "start",
    help="Make the consumer if there is none: beginning, now, a position, or a time.",
)
@click.option("--type", "types", multiple=True, help="With --from: only this type, or `type.*`.")
@click.option("--payload", is_flag=True, help="Tell what was said, too, where the key may read it.")
@click.option("--once", is_flag=True, help="End when nothing is left to be had now.")
@with_service
@guarded
def command(
    *,
    name: str,
    command: str,
    workers: int,
    timeout: int,
    start: str | None,
    types: tuple[str, ...],
    payload: bool,
    once: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Run a command for each event of the consumer NAME, each transcription in order.

    An event is told at least once: one whose command was cut off comes again.

    What fails is tried again after a second, then two, then four, up to ten minutes; later events
    of the same transcription wait for it, others do not.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    work = Work(name, command, timeout=timeout, payload=payload, once=once)
    run(_consume(settings, work, workers, start, [named_type(one) for one in types]))


async def _consume(
    settings: Settings, work: Work, workers: int, start: str | None, types: list[str]
) -> None:
    async with ServiceClient(settings) as client:
        if start is not None:
            body = {"start": int(start) if start.isdigit() else start, "types": types or None}
            await client.put(work.path, body)
        await client.get(work.path)  # a name that is not known is told before anything is awaited
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work.run(client))


class Work:
    """Takes one event after the other, and runs the command for it."""

    def __init__(self, name: str, command: str, *, timeout: int, payload: bool, once: bool) -> None:
        self.path = CONSUMERS + quote(name, safe="")
        self._command = command
        self._timeout = timeout
        self._query = "?include=payload" if payload else ""
        self._once = once

    async def run(self, client: ServiceClient) -> None:
        """Work until cancelled; with `once`, until nothing is left."""
        is_away = False
        while True:
            try:
                batch = await self._claimed(client)
                if batch.lease is None:
                    if self._once:
                        return
                    continue
                await self._worked(client, batch.lease, batch.items[0])
                is_away = False
            except EgressFailed as exc:
                if not is_away:
                    click.echo(f"{one_line(str(exc))}; it is asked again", err=True)
                is_away = True
                await asyncio.sleep(AGAIN_SECONDS)

    async def _claimed(self, client: ServiceClient) -> Batch:
        body = {
            "limit": 1,
            "lease_ms": self._timeout * 1000 + LEASE_MORE_MS,
            "wait_ms": 0 if self._once else WAIT_MS,
        }
        return checked(Batch, await client.post(f"{self.path}/claim{self._query}", body))

    async def _worked(self, client: ServiceClient, lease: str, event: dict[str, Any]) -> None:
        item = checked(Item, event)
        try:
            told = {
                "STENOLOG_EVENT_ID": item.id,
                "STENOLOG_EVENT_TYPE": item.type,
                "STENOLOG_EVENT_ATTEMPT": str(item.attempt),
            }
            given = json.dumps(event).encode() + b"\n"
            said = await executed(self._command, given, told, self._timeout)
        except asyncio.CancelledError:
            with contextlib.suppress(EgressFailed, RequestError):
                await client.post(f"{self.path}/release", {"lease": lease})
            raise
        done = not said
        again_ms = exponential_ms(
            item.attempt, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
        )
        what = one_line(f"{item.type} {item.subject}")
        try:
            if done:
                await client.post(f"{self.path}/ack", {"lease": lease})
            else:
                click.echo(f"{what}: {said}; again in {again_ms / 1000:.0f} s", err=True)
                body = {"lease": lease, "retry_in_ms": again_ms}
                await client.post(f"{self.path}/release", body)
        except RequestError as exc:  # as when the lease has ended: another worker has it
            click.echo(f"{what}: {one_line(str(exc))}", err=True)
