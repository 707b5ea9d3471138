"""`stenolog serve`: run the gateway in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from stenolog.bootstrap.capabilities import configured_of
from stenolog.bootstrap.gateway import Gateway
from stenolog.bootstrap.serving import serve
from stenolog.bootstrap.stores import Wrapping
from stenolog.cli.layout import PROVIDERS, below
from stenolog.cli.words import common, guarded, program, run, settings_from
from stenolog.config.settings import Settings
from stenolog.engine.availability import engine_unavailable
from stenolog.errors import CannotStart, DataDirectoryLocked, SchemaTooNew, StoreError
from stenolog.lossy_output import wait_for_no_output
from stenolog.telemetry import configure_logging


@click.command("serve")
@click.option("--host", help="Address to listen on (STENOLOG_HOST, default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port (STENOLOG_PORT, default 8080).")
@click.option(
    "--accept-clock",
    is_flag=True,
    help="The machine's clock is right, although it is far ahead of the log's last event.",
)
@common
@guarded
def command(host: str | None, port: int | None, accept_clock: bool, data_dir: Path | None) -> None:
    """Run the gateway until Ctrl-C or SIGTERM."""
    settings = settings_from(host=host, port=port, data_dir=data_dir)
    if settings.uses_engine and (reason := engine_unavailable(settings.engine_model)) is not None:
        raise CannotStart(
            f"the embedded engine is unavailable: {reason}; set STENOLOG_ASSEMBLYAI_API_KEY to "
            "use AssemblyAI"
        )
    wait_for_no_output()
    configure_logging(settings.log_level, settings.log_format)
    run(serve_or_refuse(settings, accept_clock=accept_clock))


async def serve_or_refuse(settings: Settings, *, accept_clock: bool = False) -> None:
    """Serve until told to stop; with `accept_clock`, whatever the machine's clock says.

    Raises:
        CannotStart: Also when a store could not be read or written before it was announced.
    """
    announced = False

    def started(gateway: Gateway, address: str) -> None:
        nonlocal announced
        announced = True
        announce(settings, gateway, address)

    try:
        await serve(settings, started, Wrapping(accept_clock=accept_clock))
    except (DataDirectoryLocked, SchemaTooNew):
        raise
    except StoreError as exc:
        if announced:
            raise
        raise CannotStart(
            f"{exc}; `stenolog doctor` looks at the files: make room on the disk, or go back to a "
            "backup with `stenolog restore`"
        ) from exc


def announce(settings: Settings, gateway: Gateway, address: str) -> None:
    """Say in a few lines where everything is and what to try."""
    directory = settings.data_dir.absolute()
    lines = [
        f"Stenolog listens on {address}",
        f"  data      {directory}",
        f"  API key   {directory / 'api-key'}" + (" (made now)" if gateway.new_api_key else ""),
        f"  provider  {_providers(settings)}",
        f"  API       {address}/docs",
    ]
    warnings = []
    if gateway.new_master_key:
        warnings.append(
            f"{directory / 'master-key'} was made now and wraps all keys: back it up apart from "
            "the data, or set STENOLOG_MASTER_KEY"
        )
    if gateway.polled:
        warnings.append(
            f"STENOLOG_PUBLIC_URL ({settings.public_url or address}) cannot be reached by the "
            "provider: callbacks are registered all the same, and jobs are looked up until they end"
        )
    lines += [below("  warning   ", one) for one in warnings]
    lines.append(f"Try: {program()} transcribe FILE --data-dir {directory}")
    click.echo("\n".join(lines))


def _providers(settings: Settings) -> str:
    """Name the default one, and those that a request can name."""
    others = [one for one in configured_of(settings) if one != settings.chosen_provider]
    beside = f"; by request {' or '.join(PROVIDERS[one] for one in others)}" if others else ""
    return PROVIDERS[settings.chosen_provider] + beside
