"""Say on standard error what a long command has done so far, where somebody looks."""

from __future__ import annotations

import sys
import time

import click

SAID_EVERY_S = 1.0


class Steps:
    """Prints steps on a terminal, at most one a second; elsewhere nothing."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._said = 0.0

    def __call__(self, step: str) -> None:
        """One more step is done."""
        now = time.monotonic()
        if self._shown and now - self._said >= SAID_EVERY_S:
            self._said = now
            click.echo(f"... {step}", err=True)
