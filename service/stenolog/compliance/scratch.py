"""Declare where verification remembers what it has seen: on the disk, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.tree_heads import TreeHead
from stenolog.log.open_work import NO_WORK, OpenWork


@dataclass(slots=True)
class StreamSoFar:
    """What the records of one stream have said so far; a stream that was not seen is all zeros.

    Attributes:
        version: Of its last event.
        position: Of its last event.
        requested: Its erasure was requested; or, of an upload, it was released.
        completed: Where its erasure was completed, or it was released; 0: it was not.
        missing: The first position whose payload has no key; 0: none.
        work: What is owed to the transcription.
    """

    version: int = 0
    position: int = 0
    requested: bool = False
    completed: int = 0
    missing: int = 0
    work: OpenWork = NO_WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """A tree head that the log is compared with.

    Attributes:
        elsewhere: It was kept elsewhere, not in the file beside the log.
    """

    head: TreeHead
    elsewhere: bool


class Scratch(Protocol):
    """Remembers streams and tree heads, as many as there are; `stores/*/checks` keeps this promise.

    Every method may raise `StoreUnavailable` when there is no room on the disk.
    """

    def stream(self, name: str) -> StreamSoFar:
        """Return what is known of a stream, to be changed in place until the next call."""
        ...

    def without_key(self) -> Iterator[tuple[str, int]]:
        """Yield streams that miss a key and were not erased, with the first such position."""
        ...

    def erased(self) -> Iterator[tuple[str, int]]:
        """Yield streams whose erasure was completed, with the position of that."""
        ...

    def ends(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield position and version of the last event of each stream, by name."""
        ...

    def owed(self) -> Iterator[tuple[str, StreamSoFar]]:
        """Yield the streams to which something is owed, or may yet turn out to be, by name."""
        ...

    def add_head(self, known: KnownHead) -> None:
        """Remember a tree head."""
        ...

    def heads(self) -> Iterator[KnownHead]:
        """Yield the tree heads by size."""
        ...


ScratchSpace = AbstractContextManager[Scratch]
