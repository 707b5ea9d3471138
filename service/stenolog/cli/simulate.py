"""`stenolog simulate`: run a fake AssemblyAI that misbehaves on request, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import UTC, datetime

import click
from pydantic import SecretStr

from stenolog.bootstrap.listening import cannot_listen
from stenolog.cli.words import guarded, one_line, run
from stenolog.config.values import sendable_key
from stenolog.egress.guard import AddressPolicy
from stenolog.simulator.assemblyai.account import WINDOW_MS, RequestWindow
from stenolog.simulator.assemblyai.days import DAYS, faults_of, in_turn
from stenolog.simulator.assemblyai.memory import Seen, Sent
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator

PORT = 8090
LOOPBACK = ("127.0.0.0/8", "::1/128")


class WithDays(click.Command):
    """A command whose help lists the days."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes one line for each day."""
        with formatter.section("Days"):
            formatter.write_dl([(name, day.says) for name, day in DAYS.items()])


@click.command("simulate", cls=WithDays)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option("--api-key", default=API_KEY, show_default=True, help="The one key that it accepts.")
@click.option(
    "--bad-day",
    "days",
    multiple=True,
    type=click.Choice(list(DAYS)),
    metavar="NAME",
    help="How jobs go; several take turns. The names are below.",
)
@click.option("--concurrency", type=click.IntRange(1), help="Jobs at once; others are throttled.")
@click.option("--ttl-ms", type=click.IntRange(0), help="After which results are forgotten.")
@click.option(
    "--requests-max",
    type=click.IntRange(1),
    help=f"Requests in {WINDOW_MS // 60_000} minutes; others are answered 429.",
)
@click.option(
    "--allow-network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="A private network that callbacks may reach, beside loopback.",
)
@click.option(
    "--region",
    type=click.Choice(["us", "eu"]),
    default="us",
    show_default=True,
    help="The region that a gateway is to take it for.",
)
@guarded
def command(
    *,
    host: str,
    port: int,
    api_key: str,
    days: tuple[str, ...],
    concurrency: int | None,
    ttl_ms: int | None,
    requests_max: int | None,
    networks: tuple[str, ...],
    region: str,
) -> None:
    """Simulate AssemblyAI's pre-recorded API until Ctrl-C or SIGTERM; transcripts are made up.

    One job's day can be asked for in its audio URL as well:
    https://a.example/a.mp3?day=lost-reply; what a day says of uploads, lists and DELETE counts
    only with --bad-day. For two regions run two, one with --region eu.
    """
    try:
        sendable_key(SecretStr(api_key))
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--api-key") from exc
    try:
        policy = AddressPolicy.of(networks=[*LOOPBACK, *networks])
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--allow-network") from exc
    simulator = Simulator(
        api_key=api_key,
        behave=in_turn(days or ("good",)),
        policy=policy,
        concurrency=concurrency,
        result_ttl_ms=ttl_ms,
        window=RequestWindow(requests_max),
        faults=faults_of(days),
    )
    run(serve(simulator, host, port, region))


async def serve(simulator: Simulator, host: str, port: int, region: str) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        BadSetting: The address is not ours, or the port is not for this user.
        CannotStart: The port is taken.
    """
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(simulator.serve(host=host, port=port))
        except (OSError, UnicodeError) as exc:
            raise cannot_listen(host, port, exc, names=("--host", "--port")) from exc
        click.echo(announcement(url, simulator.api_key, region))
        simulator.memory.tell = tell
        await stopped.wait()


def tell(one: Seen | Sent) -> None:
    """Say on standard error what was asked and answered, or how a callback went."""
    time = datetime.fromtimestamp(one.at_ms / 1_000, UTC).strftime("%H:%M:%S")
    if isinstance(one, Seen):
        status = "dropped" if one.status < 0 else str(one.status)
        line = f"{one.method} {one.path} -> {status}"
    else:
        status = "no answer" if one.status is None else str(one.status)
        line = f"callback of {one.job_id}, attempt {one.attempt} -> {status}"
    click.echo(f"{time} {one_line(line)}", err=True)


def announcement(url: str, api_key: str, region: str) -> str:
    """Say where the simulator is, and the settings of a gateway in front of it."""
    prefix = "STENOLOG_ASSEMBLYAI_" + ("EU_" if region == "eu" else "")
    return "\n".join(
        [
            f"A simulated AssemblyAI listens on {url}",
            f"export {prefix}BASE_URL={url}",
            f"export {prefix}API_KEY={api_key}",
        ]
    )
