"""Write to standard output or error without waiting for it and without failing over it."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LINES_MAX = 10_000
BYTES_MAX = 4 << 20  # of what waits and of what is being written
BATCH_BYTES_MAX = 65_536  # of one write; also what a pipe holds on Linux
END_MS_MAX = 1_000  # what the end of the process waits for the last lines
FLUSH_MS_MAX = 200  # once; an output that is slower is not waited for again
LOOK_AGAIN_MS = 1_000  # at an output that takes nothing now and says so

DESCRIPTORS = {"stdout": 1, "stderr": 2}


class LossyOutput(io.RawIOBase):
    """Keeps what is written in a bounded queue, from which a thread of its own writes.

    What finds the queue full or cannot be written is lost and counted in lines. When lines go out
    again, one of them tells how many were lost.
    """

    def __init__(self, descriptor: int, *, patient: bool = False) -> None:
        """Write to `descriptor`, which stays open; if `patient`, `flush` waits for the thread."""
        super().__init__()
        self.tell_lost: Callable[[int], str] = _plain  # makes the line that tells a number
        self.lost_lines = 0
        self.patient = patient
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._lines = self._bytes = 0  # that wait or are being written
        self._untold = 0
        self._broken_line = False  # its beginning is out, its end is lost
        self._thread: threading.Thread | None = None
        self._ending = self._ended = False
        # Reentrant: a collection of garbage within it can write a warning on the same thread.
        self._changed = threading.Condition(threading.RLock())

    def write(self, data: ReadableBuffer, /) -> int:
        """Take all of `data`, or lose it; never raises."""
        chunk = bytes(data)
        if not chunk or self._ended:
            return len(chunk)
        with self._changed:
            lines = _lines_in(chunk)
            if (
                self._bytes + len(chunk) <= BYTES_MAX
                and self._lines + lines <= LINES_MAX
                and self._has_thread()
            ):
                self._waiting.append(chunk)
                self._lines += lines
                self._bytes += len(chunk)
                self._changed.notify_all()
            else:
                self._lose(lines)
        return len(chunk)

    def flush(self) -> None:
        """Wait for a moment until everything is out, where somebody reads along."""
        if self.patient and not self._ended:
            with self._changed:
                self.patient = self._changed.wait_for(self._is_empty, FLUSH_MS_MAX / 1000)

    def end(self) -> None:
        """Write what waits, for `END_MS_MAX` at most; what is written later is dropped."""
        self.patient = False
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(END_MS_MAX / 1000)
        self._ended = True

    def writable(self) -> bool:
        """It always is."""
        return True

    def isatty(self) -> bool:
        """Whether people look at it."""
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        """The descriptor that the thread writes to."""
        return self._descriptor

    def _has_thread(self) -> bool:
        """Start the thread with the first line; without one, lines are lost."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="lossy-output", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no thread can be started now
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        while taken := self._next():
            batch, lines = taken
            left = self._put(batch)
            with self._changed:
                self._lines -= lines
                self._bytes -= len(batch)
                if left:
                    self._lose(_lines_in(left))
                untold = 0 if left else self._untold
                self._untold -= untold
                self._changed.notify_all()
            if untold and self._put(self.tell_lost(untold).encode() + b"\n"):
                with self._changed:
                    self._untold += untold

    def _next(self) -> tuple[bytes, int] | None:
        """Wait for something to write, and return it with its lines; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            chunks: list[bytes] = []
            size = 0
            while self._waiting and (not size or size + len(self._waiting[0]) <= BATCH_BYTES_MAX):
                chunks.append(self._waiting.popleft())
                size += len(chunks[-1])
            return (b"".join(chunks), sum(map(_lines_in, chunks))) if chunks else None

    def _put(self, data: bytes) -> bytes:
        """Write it, waiting as long as it takes; return what could not be written."""
        whole = b"\n" + data if self._broken_line else data
        rest = memoryview(whole)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another process has made it so
                ready = select.poll()
                ready.register(self._descriptor, select.POLLOUT)
                ready.poll(LOOK_AGAIN_MS)
            except OSError:
                break
        written = whole[: len(whole) - len(rest)]
        if written:
            self._broken_line = bool(rest) and not written.endswith(b"\n")
        return bytes(rest)

    def _lose(self, lines: int) -> None:
        self.lost_lines += lines
        self._untold += lines

    def _is_empty(self) -> bool:
        return not self._bytes


_replaced: dict[str, LossyOutput] = {}


def replace_output(name: Literal["stdout", "stderr"], *, patient: bool = False) -> None:
    """Let everything that Python writes to `sys.stdout` or `sys.stderr` go through `LossyOutput`.

    For the first lines of a program. Its queue is written, for `END_MS_MAX` at most, when the
    process ends. Called again, it sets `patient` only. What libraries in C write to the descriptor
    does not pass here.
    """
    if name in _replaced:
        _replaced[name].patient = patient
        return
    keep_standard_descriptors()
    output = _replaced[name] = LossyOutput(DESCRIPTORS[name], patient=patient)
    before = getattr(sys, name)
    if before is not None:
        with contextlib.suppress(OSError, ValueError):
            before.flush()
    stream = io.TextIOWrapper(
        output,  # type: ignore[type-var]  # it has what is called of a buffer
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    setattr(sys, name, stream)
    atexit.register(_end, stream, output)


def wait_for_no_output() -> None:
    """Make standard output like standard error, and both without patience: for a service.

    Nothing changes where the program has not replaced standard error.
    """
    if "stderr" in _replaced:
        replace_output("stderr")
        replace_output("stdout")


def tell_lost_with(line: Callable[[int], str]) -> None:
    """Let `line` make the line in standard error that tells how many lines are lost."""
    if "stderr" in _replaced:
        _replaced["stderr"].tell_lost = line


def _end(stream: io.TextIOBase, output: LossyOutput) -> None:
    stream.flush()
    output.end()


def keep_standard_descriptors() -> None:
    """Open what is closed of the first three descriptors on nothing.

    The next file or connection would get their number else, and what is said to standard error
    would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
            os.set_inheritable(descriptor, True)


def lost_lines() -> int:
    """Return how many lines this process has lost since its start, of both outputs."""
    return sum(output.lost_lines for output in _replaced.values())


def _lines_in(chunk: bytes) -> int:
    return max(1, chunk.count(b"\n"))


def _plain(lines: int) -> str:
    return f"stenolog: {lines} lines could not be written here, and are lost"
