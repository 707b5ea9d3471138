"""What a command is doing, and for how long, on standard error."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from stenolog.cli.words import COLUMNS, took

QUIET_S_MAX = 8.0
TICK_S = 0.1
SPINNER = "|/-\\"
CLEARED = "\r\x1b[K"

Result = TypeVar("Result")


class Progress:
    """Shows one moving line on a terminal; elsewhere a line a step, and more while it lasts."""

    def __init__(self, quiet_s: float = QUIET_S_MAX) -> None:
        """Without a terminal, repeat what is going on after `quiet_s` without a line."""
        self._quiet_s = quiet_s
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._said = self._began
        self._last = ""
        self._turns = 0

    @property
    def on_terminal(self) -> bool:
        """Whether the line moves; elsewhere there are many."""
        return self._terminal

    def show(self, what: str, how_far: str = "") -> None:
        """Show that `what` is going on, and how far it is.

        Call this often, for it says by itself when to print.
        """
        now = time.monotonic()
        far = f", {how_far}" if how_far else ""
        if self._terminal:
            self._turns += 1
            mark = SPINNER[self._turns % len(SPINNER)]
            line = f"{mark} {what}{far} {self._elapsed()}"
            click.echo(f"{CLEARED}{line[: self._width() - 1]}", nl=False, err=True)
        elif what != self._last:
            click.echo(f"{what} ...", err=True)
            self._said = now
        elif now - self._said >= self._quiet_s:
            click.echo(f"{what}{far}, {self._elapsed()} so far", err=True)
            self._said = now
        self._last = what

    async def during(
        self,
        what: str,
        work: Coroutine[Any, Any, Result],
        how_far: Callable[[], str] = lambda: "",
    ) -> Result:
        """Show `what` until `work` has ended, and return its result or raise its error.

        `how_far` says how far it is.
        """
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                self.show(what, how_far())
                await asyncio.wait({task}, timeout=TICK_S)
        finally:
            task.cancel()
        return await task

    def end(self, what: str) -> None:
        """Show how it ended, and how long it took in all."""
        self.say(f"{what} after {self._elapsed()}")

    def say(self, line: str) -> None:
        """Print a line that stays, in the place of the moving one."""
        self.clear()
        click.echo(line, err=True)

    def clear(self) -> None:
        """Take the moving line away, before anything else is printed."""
        if self._terminal:
            click.echo(CLEARED, nl=False, err=True)

    def _width(self) -> int:
        return shutil.get_terminal_size((COLUMNS, 24)).columns

    def _elapsed(self) -> str:
        return took(round((time.monotonic() - self._began) * 1000))
