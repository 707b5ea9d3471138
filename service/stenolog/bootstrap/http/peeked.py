"""What a connection that was taken and not begun yet has sent, told without reading it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum, auto

PEEKED_BYTES = 512  # a method and a callback's path are shorter
PARTS = 3  # of a request line: method, target, version


class Peeked(Enum):
    """What can be told of a connection."""

    GONE = auto()
    SILENT = auto()
    SENT = auto()
    KEPT = auto()  # it seems to ask for what places are kept for


def peeked(taken: socket.socket, is_kept_for: Callable[[str], bool]) -> Peeked:
    """Tell what has come. What it says only puts it in its place in a line: it is read later."""
    if taken.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        return Peeked.GONE  # reset: what it sent before could be read all the same
    try:
        said = taken.recv(PEEKED_BYTES, socket.MSG_PEEK)
    except BlockingIOError:
        return Peeked.SILENT
    except OSError:
        return Peeked.GONE
    if not said:
        return Peeked.GONE
    parts = said.split(b" ", PARTS - 1)
    target = parts[1].split(b"?", 1)[0] if len(parts) == PARTS else b""
    return Peeked.KEPT if is_kept_for(target.decode("latin-1")) else Peeked.SENT
