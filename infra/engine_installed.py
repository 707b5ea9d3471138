"""Tells whether the engine is installed; run by `make install`.

Exit 1 where it could be and is not, as after a fault of the network: the set-up is tried again.
"""

from __future__ import annotations

import sys

from stenolog.engine.availability import engine_unavailable, platform_has_wheels


def main() -> int:
    """Print one line when there is no engine."""
    reason = engine_unavailable()
    if reason is not None:
        print(f"no engine: {reason} (see .venv/engine.log)")
    return int(reason is not None and platform_has_wheels())


if __name__ == "__main__":
    sys.exit(main())
