"""Run the simulated provider until its input closes: `python -m stenolog.simulator`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence

from stenolog.simulator.assemblyai.provider import API_KEY, Simulator

READ_BYTES = 4_096


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stdin closes, SIGINT or SIGTERM; 0 then, 3 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m stenolog.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--api-key", default=API_KEY, help="the one key that it accepts")
    given = parser.parse_args(argv)
    try:
        asyncio.run(_serve(Simulator(api_key=given.api_key), given.host, given.port))
    except OSError as exc:
        print(f"cannot listen on {given.host}:{given.port}: {exc.strerror}", file=sys.stderr)
        return 3
    return 0


async def _serve(simulator: Simulator, host: str, port: int) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with simulator.serve(host=host, port=port) as base_url:
        print(base_url, flush=True)
        # A daemon: a read of stdin cannot be ended, and must not keep the process.
        threading.Thread(target=_watch_stdin, args=(loop, stopped), daemon=True).start()
        await stopped.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), READ_BYTES):
        pass
    loop.call_soon_threadsafe(stopped.set)


if __name__ == "__main__":
    sys.exit(main())
