"""Start the engine: `python -m stenolog.engine`, settings as the first line of standard input."""

from __future__ import annotations

import asyncio
import sys

from stenolog.engine.availability import engine_unavailable
from stenolog.engine.host.serve import serve
from stenolog.engine.settings import parse_settings
from stenolog.errors import CannotStart
from stenolog.lossy_output import replace_output
from stenolog.telemetry import configure_logging

EXIT_USAGE, EXIT_CANNOT_START = 2, 3
SETTINGS_BYTES_MAX = 65_536


def main(arguments: list[str]) -> int:
    """Run until stopped; the exit status is 0, 2 for wrong settings, 3 when it cannot start.

    Settings come as one JSON object, on standard input so that the key is in nobody's process
    list, or as the only argument. The engine stops when standard input ends.
    """
    replace_output("stderr")
    try:
        line = arguments[0].encode() if arguments else _first_line()
        settings = parse_settings(line)
    except CannotStart as exc:
        print(exc, file=sys.stderr)
        return EXIT_USAGE
    configure_logging(settings.log_level, settings.log_format)
    reason = engine_unavailable(settings.model_dir)
    if reason is not None:
        print(f"engine: {reason}", file=sys.stderr)
        return EXIT_CANNOT_START
    try:
        asyncio.run(serve(settings))
    except CannotStart as exc:
        print(exc, file=sys.stderr)
        return EXIT_CANNOT_START
    return 0


def _first_line() -> bytes:
    return sys.stdin.buffer.readline(SETTINGS_BYTES_MAX)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
