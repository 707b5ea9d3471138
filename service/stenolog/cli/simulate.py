"""`stenolog simulate`: run a fake AssemblyAI or AIMLAPI that misbehaves on request, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import click
from click.core import ParameterSource
from pydantic import SecretStr

from stenolog.bootstrap.listening import cannot_listen
from stenolog.cli.words import guarded, one_line, run
from stenolog.config.values import sendable_key
from stenolog.egress.guard import AddressPolicy
from stenolog.simulator.aimlapi import days as aimlapi
from stenolog.simulator.aimlapi.provider import API_KEY as AIMLAPI_KEY
from stenolog.simulator.aimlapi.provider import AimlapiSimulator
from stenolog.simulator.assemblyai import days as assemblyai
from stenolog.simulator.assemblyai.account import WINDOW_MS, RequestWindow
from stenolog.simulator.assemblyai.memory import Seen, Sent
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator

PORT = 8090
LOOPBACK = ("127.0.0.0/8", "::1/128")
ASSEMBLYAI, AIMLAPI = "assemblyai", "aimlapi"
Days = Mapping[str, assemblyai.Day | aimlapi.Day]
DAYS: Mapping[str, Days] = {ASSEMBLYAI: assemblyai.DAYS, AIMLAPI: aimlapi.DAYS}
KEYS: Mapping[str, str] = {ASSEMBLYAI: API_KEY, AIMLAPI: AIMLAPI_KEY}
# AIMLAPI has no callbacks, regions or published limits.
OF_ASSEMBLYAI = ("concurrency", "requests_max", "networks", "region")


class WithDays(click.Command):
    """A command whose help lists the days."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes one line for each day."""
        for provider, days in DAYS.items():
            with formatter.section(f"Days of --provider {provider}"):
                formatter.write_dl([(name, day.says) for name, day in days.items()])


@click.command("simulate", cls=WithDays)
@click.option(
    "--provider",
    type=click.Choice(list(DAYS)),
    default=ASSEMBLYAI,
    show_default=True,
    help="Whose API it is.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option("--api-key", help="The one key that it accepts; it says which.")
@click.option(
    "--bad-day",
    "days",
    multiple=True,
    metavar="NAME",
    help="How jobs go; several take turns. The names are below.",
)
@click.option("--concurrency", type=click.IntRange(1), help="Jobs at once; others are throttled.")
@click.option(
    "--ttl-ms",
    type=click.IntRange(0),
    help="After which results are forgotten: since a job's end, at AIMLAPI since its creation.",
)
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
@click.pass_context
@guarded
def command(
    ctx: click.Context,
    *,
    provider: str,
    host: str,
    port: int,
    api_key: str | None,
    days: tuple[str, ...],
    concurrency: int | None,
    ttl_ms: int | None,
    requests_max: int | None,
    networks: tuple[str, ...],
    region: str,
) -> None:
    """Simulate a provider's API until Ctrl-C or SIGTERM; transcripts are made up.

    One job's day can be asked for in its audio URL as well:
    https://a.example/a.mp3?day=lost-reply; what a day says of uploads, lists and DELETE counts
    only with --bad-day. For two regions run two, one with --region eu.
    """
    _refuse_foreign(ctx, provider, days)
    key = KEYS[provider] if api_key is None else api_key
    try:
        sendable_key(SecretStr(key))
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--api-key") from exc
    if provider == AIMLAPI:
        behave = aimlapi.in_turn(days or ("good",))
        other = AimlapiSimulator(api_key=key, behave=behave)
        other.expires_ms = ttl_ms
        other.tell = tell
        run(serve(other, host, port, announcement_of_aimlapi))
        return
    try:
        policy = AddressPolicy.of(networks=[*LOOPBACK, *networks])
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--allow-network") from exc
    simulator = Simulator(
        api_key=key,
        behave=assemblyai.in_turn(days or ("good",)),
        policy=policy,
        concurrency=concurrency,
        result_ttl_ms=ttl_ms,
        window=RequestWindow(requests_max),
        faults=assemblyai.faults_of(days),
    )
    simulator.memory.tell = tell
    run(serve(simulator, host, port, partial(announcement, region=region)))


def _refuse_foreign(ctx: click.Context, provider: str, days: Sequence[str]) -> None:
    """Refuse what this provider does not have: it would be ignored, and look simulated.

    Raises:
        click.UsageError: It was given.
    """
    for day in days:
        if day not in DAYS[provider]:
            told = f"{day!r} is no day of {provider}; its days are: {', '.join(DAYS[provider])}"
            raise click.BadParameter(told, param_hint="--bad-day")
    for param in ctx.command.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if provider == AIMLAPI and given and param.name in OF_ASSEMBLYAI:
            raise click.UsageError(f"{param.opts[0]} goes with --provider {ASSEMBLYAI} alone")


async def serve(
    simulator: Simulator | AimlapiSimulator,
    host: str,
    port: int,
    announced: Callable[[str, str], str],
) -> None:
    """Serve until SIGINT or SIGTERM; `announced` is said of the URL and the key.

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
        click.echo(announced(url, simulator.api_key))
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


def announcement_of_aimlapi(url: str, api_key: str) -> str:
    """Say where the simulated AIMLAPI is, and the settings of a gateway in front of it."""
    return "\n".join(
        [
            f"A simulated AIMLAPI listens on {url}",
            f"export STENOLOG_AIMLAPI_BASE_URL={url}",
            f"export STENOLOG_AIMLAPI_API_KEY={api_key}",
        ]
    )
