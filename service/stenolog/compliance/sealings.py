"""Declare what the log is asked about its payloads: the keys alone cannot tell lost from new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.log.events.transcriptions import ErasureCompleted, ErasureRequested
from stenolog.log.events.uploads import UploadReleased, UploadStored

FORGETTING = (ErasureRequested.type, ErasureCompleted.type, UploadReleased.type)
"""The types of event behind which a stream's key may be, or is, destroyed."""

EXCUSING = (ErasureRequested.type, UploadReleased.type)
"""Those of them that come first: without one, a key that is missing is lost."""

KEYED = UploadStored.type
"""The type of event that has no payload, and whose stream has a key: the file's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What the log says of a stream at one moment.

    Attributes:
        any: It has a payload, so it had a key.
        head: Where the log ends.
    """

    any: bool
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event whose stream has a key, or one behind which a key is destroyed.

    Attributes:
        key_id: The key of its payload; None without.
        type: Of the event, as the column has it.
    """

    stream: str
    key_id: str | None
    type: str


class Sealings(Protocol):
    """Says which streams have payloads and which are erased; `stores/*/log` keeps this promise.

    All of it is committed. Every method raises `StoreUnavailable` when the log cannot be read.
    """

    async def sealed_in(self, stream: str) -> Sealed:
        """Say whether the stream has a payload, and where the log ends."""
        ...

    async def is_forgotten(self, stream: str) -> bool:
        """Tell whether an event of the stream is one of `FORGETTING`."""
        ...

    async def stream_of(self, event_id: str) -> str | None:
        """Return the stream of the event with this id; None: there is no such event."""
        ...

    async def told(self, *, after: int, until: int) -> Sequence[Told]:
        """Return what the positions in (after, until] say of keys, in order."""
        ...
