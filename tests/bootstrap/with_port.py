"""`python -m tests.bootstrap.with_port PORT ...`: `stenolog serve` on this very port."""

from __future__ import annotations

import sys

from stenolog.cli.main import main

if __name__ == "__main__":
    port = sys.argv[1]
    given = sys.argv[2:]
    given[given.index("--port") + 1] = port
    sys.argv = ["stenolog", "serve", *given]
    main()
