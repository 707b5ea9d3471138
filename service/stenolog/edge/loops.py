"""What the edge asks of the loops that run beside it.

These calls are to cross a border between processes: they carry ids and plain data, and nothing
that is answered here may be needed for a promise already given to a customer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.vocabulary import WakeReason

Result = TypeVar("Result")


class Wake(Protocol):
    """Has the reconciler look at a transcription; `reconciler/loop` keeps this promise."""

    def __call__(self, transcription_id: str, reason: WakeReason, /) -> None:
        """Ask for a look; repeating it costs nothing, and losing it costs time, never data."""
        ...


class Erase(Protocol):
    """Erases content; `compliance/erasure` keeps this promise."""

    async def __call__(self, state: Transcription, /) -> None:
        """Erase what is here of a transcription whose erasure was requested; repeatable.

        Raises:
            StoreUnavailable: Something may be left; the reconciler tries again.
        """
        ...


class Rebuild(Protocol):
    """Makes views anew; `projections/run/projector` keeps this promise."""

    async def __call__(self, name: str, /) -> Sequence[str]:
        """Begin to build a projection, or `all`, again; return the projections' names.

        Raises:
            NotFound: There is no projection of this name.
            StoreUnavailable: The views cannot be written.
        """
        ...


class ReadableAt(Protocol):
    """Remembers when events came into the views."""

    def __call__(self, position: int, /) -> int | None:
        """When this position became readable, in µs since the epoch; None: not seen here."""
        ...


class Turns(Protocol):
    """Who waits because enough of a tenant's run already; `reconciler/turns` keeps this promise.

    Answers are a hint of this moment: a transcription may get its turn while it is asked for.
    """

    def is_waiting(self, transcription_id: str) -> bool:
        """Whether this transcription waits for its turn."""
        ...

    def any_waiting(self, tenant: str) -> bool:
        """Whether any transcription of this tenant waits."""
        ...


class SideWork(Protocol):
    """Computes beside the event loop; `side_process` keeps this promise."""

    async def run(self, call: Callable[..., Result], *args: object) -> Result:
        """What `call`, a function of a module, makes of plain `args`; one call at a time.

        Raises:
            SideProcessEnded: The process ended over this call, more than once.
            Exception: Whatever `call` raised.
        """
        ...


class AudioStream(Protocol):
    """Audio that comes piece by piece."""

    @property
    def media_type(self) -> str:
        """As its keeper says; empty when it says none."""
        ...

    @property
    def size(self) -> int | None:
        """In bytes; None when it is not known before the end."""
        ...

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        """The audio; an iteration ends with `EgressFailed` when its keeper breaks off."""
        ...


class RedactedAudio(Protocol):
    """Redacted audio where a provider makes it; `reconciler/redacted_audio` keeps this promise."""

    async def is_ready(self, transcription_id: str) -> bool:
        """Whether it can be opened now; False: it may be later.

        Raises:
            InvalidRequest: There is none, or none any more.
            ProviderUnavailable: The provider cannot be asked now.
        """
        ...

    def open(self, transcription_id: str) -> AbstractAsyncContextManager[AudioStream]:
        """The audio, to be read while it is open; raises as `is_ready`.

        Raises:
            EgressFailed: It cannot be fetched.
        """
        ...
