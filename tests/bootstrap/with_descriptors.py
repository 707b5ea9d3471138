"""`python -m tests.bootstrap.with_descriptors N ...`: `stenolog serve` with N descriptors."""

from __future__ import annotations

import resource
import sys

from stenolog.cli.main import main

if __name__ == "__main__":
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.argv = ["stenolog", "serve", *sys.argv[2:]]
    main()
