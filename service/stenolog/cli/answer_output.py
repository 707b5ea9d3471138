"""Write a command's answer to standard output, and tell its failing from every other one."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT = 1


class OutputFailed(OSError):
    """Standard output takes nothing more, as on a full disk: the answer is not whole."""


class ReaderGone(Exception):
    """Who read along has ended, as `head` does; not an `OSError`, which click ends with 1."""


class _Answer(io.FileIO):
    """Writes to standard output."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError as exc:
            raise ReaderGone from exc
        except OSError as exc:
            raise OutputFailed(exc.errno, exc.strerror) from exc


def answer_to_stdout() -> None:
    """Let all that Python writes to `sys.stdout` raise one of these when it cannot be written.

    One that is closed takes everything and says nothing, as ever.
    """
    before = sys.stdout
    if before is None:
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Answer(STDOUT, "wb", closefd=False)),
        encoding=before.encoding,
        errors=before.errors,
        line_buffering=before.isatty(),
    )


def drop_output() -> None:
    """Throw away what is left to be written: the interpreter would try it again, and complain."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, STDOUT)
    os.close(nothing)
