"""Runs one step of a make target: `python infra/step.py SAYING COMMAND...`.

Prints what is being done, then how long it took. What the command prints is kept and shown when it
fails; `--show` before SAYING passes it on as it comes. A step that has printed nothing for eight
seconds says how long it has been at work. Runs before anything is installed: standard library only.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO

QUIET_S_MAX = 8.0
SHOW = "--show"
CHUNK_BYTES = 4_096
WRONG_USAGE, NOT_FOUND, INTERRUPTED = 2, 127, 130


def main(arguments: Sequence[str]) -> int:
    """Run the step; the status is the command's."""
    shown = list(arguments[:1]) == [SHOW]
    saying, command = "".join(arguments[shown:][:1]), arguments[shown:][1:]
    if not command:
        print(f"step.py [{SHOW}] SAYING COMMAND...", file=sys.stderr)
        return WRONG_USAGE
    began = time.monotonic()
    print(f"{saying} ...", end="\n" if shown else "", flush=True)
    try:
        status, kept, has_ticked = _run(command, began, shown=shown)
    except OSError as exc:
        print(f"{'' if shown else ' '}{command[0]}: {exc.strerror}", flush=True)
        return NOT_FOUND
    except KeyboardInterrupt:
        print(f" interrupted after {_took(began)}", flush=True)
        return INTERRUPTED
    lead = f"{saying}:" if shown or has_ticked else ""
    print(f"{lead} {'failed after ' if status else ''}{_took(began)}", flush=True)
    if status:
        _write(kept)
    return status


def _run(command: Sequence[str], began: float, *, shown: bool) -> tuple[int, bytes, bool]:
    """The status, what was printed and not shown, and whether a line of waiting was."""
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    kept, has_ticked, at_line_start = bytearray(), False, shown
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        threading.Thread(target=_read, args=(process.stdout, chunks), daemon=True).start()
        heard = time.monotonic()
        while True:
            try:
                chunk = chunks.get(timeout=max(0.0, heard + QUIET_S_MAX - time.monotonic()))
            except queue.Empty:
                print("" if at_line_start else "\n", f"  {_took(began)} so far", sep="", flush=True)
                heard, has_ticked, at_line_start = time.monotonic(), True, True
                continue
            if not chunk:
                return process.wait(), bytes(kept), has_ticked
            if shown:
                _write(chunk)
                heard, at_line_start = time.monotonic(), chunk.endswith(b"\n")
            else:
                kept += chunk


def _read(stream: IO[bytes], chunks: queue.SimpleQueue[bytes]) -> None:
    """Pass on what comes, as it comes; an empty chunk is the end."""
    while chunk := stream.read1(CHUNK_BYTES):  # type: ignore[attr-defined]  # a BufferedReader
        chunks.put(chunk)
    chunks.put(b"")


def _write(output: bytes) -> None:
    sys.stdout.buffer.write(output)
    sys.stdout.flush()


def _took(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
