"""Run the command line as `python -m stenolog`."""

from __future__ import annotations

from stenolog.cli.main import main

if __name__ == "__main__":
    main()
