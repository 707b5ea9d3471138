"""Declare the ports that surfaces use: files, metrics, readiness, evidence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.log.proofs import ConsistencyProof, InclusionProof
from stenolog.projections.pages import ProjectionStatus


class Uploads(Protocol):
    """Keeps customers' files, encrypted; `stores/files/uploads` keeps this promise."""

    async def store(
        self,
        upload_id: str,
        chunks: AsyncIterator[bytes],
        *,
        bytes_max: int,
        tenant: str | None = None,
        declared_bytes: int = 0,
    ) -> int:
        """Store the file of `tenant` durably; return its size in bytes. 0 bytes leave no file.

        `declared_bytes` is how long the client says that it is; 0: it did not. Whatever is raised,
        by `chunks` too, nothing is left of the file.

        Raises:
            PayloadTooLarge: It is over `bytes_max`, or the tenant's files have too much together.
            NoRoom: The disk would have less than what is kept for everything else.
            StoreUnavailable: The disk or the key store did not take it.
        """
        ...

    async def exists(self, upload_id: str) -> bool:
        """Tell whether there is such a file."""
        ...

    async def open(self, upload_id: str) -> tuple[int, AsyncIterator[bytes]] | None:
        """Open the file: its size in bytes, and its bytes in pieces of 1 MiB; None: no such file.

        Raises:
            PayloadDamaged: While it is read: the file, or its end, is not what was stored.
            StoreUnavailable: The disk does not give it.
        """
        ...

    async def discard(self, upload_id: str) -> None:
        """Remove the file; do nothing when there is none."""
        ...


class NoteSubject(Protocol):
    """Notes whom a stream is about; `compliance/subjects` keeps this promise."""

    async def __call__(self, tenant: str, subject: str, stream: str, /) -> None:
        """Note it durably, so that the stream is found when the subject is to be forgotten.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        ...


class StreamsOfSubject(Protocol):
    """Finds the streams that are about a subject; `compliance/subjects` keeps this promise."""

    async def __call__(
        self, tenant: str, subject: str, /, *, after: str, limit: int
    ) -> Sequence[str]:
        """Return at most `limit` streams, a thousand at most, behind the name `after`.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        ...


class EdgeMetrics(Protocol):
    """Counts what the edge does; no label names a tenant or an id."""

    def callback(self, outcome: str) -> None:
        """Count a callback with a good token and header."""
        ...

    def callback_refused(self, reason: str) -> None:
        """Count a refused callback."""
        ...

    def request(self, route: str, status: int) -> None:
        """Count a request; `route` is a template, never a path."""
        ...

    def exposition(self) -> tuple[bytes, str]:
        """Return all metrics in a text format, and its media type."""
        ...

    def figures(self) -> Mapping[str, float]:
        """Return gauges and counters, by name and labels as the text format writes them."""
        ...


class StoredEvents(Protocol):
    """Reads events as they are stored and hashed; the store of the log keeps this promise."""

    async def stored(self, stream: str, *, after: int, limit: int) -> Sequence[bytes]:
        """Return the bytes of at most `limit` events behind version `after`, in order.

        The versions follow one another from `after` + 1 on.

        Raises:
            RecordDamaged: One is damaged or missing.
            StoreUnavailable: The log cannot be read now.
        """
        ...


class ProjectionStatuses(Protocol):
    """Tells how far each projection is; `bootstrap/all_projections` keeps this promise."""

    async def __call__(self) -> Sequence[ProjectionStatus]:
        """Return one for each, in order of name.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...


class Evidence(Protocol):
    """Proves what the log holds; `compliance/proving` keeps this promise."""

    @property
    def verifier_key(self) -> str:
        """What verifies the checkpoints: their name, the key's id and the key."""
        ...

    async def checkpoint(self) -> str:
        """Return the last tree head as a C2SP checkpoint.

        Raises:
            StoreUnavailable: No head was written yet.
        """
        ...

    async def covered(self) -> int:
        """Return how many events the last tree head covers; it never becomes less.

        Raises:
            StoreUnavailable: No head was written yet.
        """
        ...

    async def inclusion(self, position: int, size: int) -> InclusionProof:
        """Prove which event stands at `position` in the tree over the first `size` events.

        1 <= `position` <= `size` <= what is covered.

        Raises:
            StoreUnavailable: The log cannot be read now, or its tree does not lead to its head.
        """
        ...

    async def consistency(self, from_size: int, to_size: int) -> ConsistencyProof:
        """Prove that the first `to_size` events begin with the first `from_size`.

        1 <= `from_size` <= `to_size` <= what is covered; raises as `inclusion`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether requests can be served now.

    Attributes:
        failing: The names of what does not work; none: requests can be served.
        checks: What was looked at and what was found, in words; shown only with `ops:read`.
    """

    failing: Sequence[str]
    checks: Mapping[str, str]
