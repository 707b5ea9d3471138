"""What the edge is given by the composition root, and no more than it uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from stenolog.commands.api_keys import ApiKeys
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.vocabulary import ProviderName, Region, WakeReason
from stenolog.log.store import EventStore
from stenolog.projections.views import ViewReader
from stenolog.side_process import SideProcess

UPLOAD_BYTES_MAX = 2_200_000_000  # AssemblyAI's own limit: 2.2 GB


class Uploads(Protocol):
    """Where customers' files are kept, encrypted; `stores/files/uploads` keeps this promise."""

    async def store(self, upload_id: str, chunks: AsyncIterator[bytes], *, bytes_max: int) -> int:
        """The file's size in bytes, once it is durable; 0 for no bytes, which leaves nothing.

        Whatever is raised, by `chunks` too, nothing is left of the file.

        Raises:
            PayloadTooLarge: It is over `bytes_max`.
            StoreUnavailable: The disk or the key store did not take it.
        """
        ...

    async def exists(self, upload_id: str) -> bool:
        """Whether there is such a file."""
        ...

    async def discard(self, upload_id: str) -> None:
        """There is no such file any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """Audio that comes piece by piece.

    Attributes:
        media_type: As its keeper says; empty when it says none.
        size: In bytes; None when it is not known before.
    """

    media_type: str
    size: int | None
    chunks: AsyncIterator[bytes]


class RedactedAudio(Protocol):
    """Audio without what was to be redacted, where a provider makes it."""

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


class Turns(Protocol):
    """Who waits because enough of a tenant's run already; `reconciler/turns` keeps this promise."""

    def is_waiting(self, transcription_id: str) -> bool:
        """Whether it waits for its turn."""
        ...

    def any_waiting(self, tenant: str) -> bool:
        """Whether anybody of a tenant waits."""
        ...


class EdgeMetrics(Protocol):
    """What the edge counts; no label names a tenant or an id."""

    def callback(self, outcome: str) -> None:
        """A callback with a good token and header was answered."""
        ...

    def callback_refused(self, reason: str) -> None:
        """A callback was refused."""
        ...

    def request(self, route: str, status: int) -> None:
        """A request was answered; `route` is a template, never a path."""
        ...

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in a text format, and its media type."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether requests can be served now.

    Attributes:
        checks: What was looked at and what was found, in words; shown only with `ops:read`.
    """

    ready: bool
    checks: Mapping[str, str]


def _never_seen(position: int) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Everything that the edge needs.

    Attributes:
        callback_keys: As of now; asked for every callback, so that a key can be retired.
        wake: Has the reconciler look at a transcription; costs nothing when repeated.
        rebuild: Begins to build a projection, or `all`, again and returns the projections' names;
            raises `NotFound` for another name.
        readiness: Whether the log can commit and keys can be read.
        public_url: How we are reached, without a slash at its end.
        providers: The configured ones, and the regions that each is reached in, the default one
            first; one that has no regions has None.
        speech_models: What AssemblyAI is asked for when a customer asks for none.
        upload_key: 32 bytes that sign the URLs of uploads and of redacted audio.
        idempotency_secret: 32 bytes under which customers' idempotency keys are hashed.
        erase: Erases what is here of a transcription whose erasure was requested; raises
            `StoreUnavailable` when something may be left.
        readable_at: When the event at a position came into the views, in microseconds since the
            epoch; None when this process did not see it.
        side_processes: Where sentences, captions and found words of long transcripts are made, and
            those of longer ones.
        rate_limit_per_minute: Requests per API key; 0: no limit.
        cors_origins: Whose pages may call us from a browser; none: no answer says anything of it.
    """

    handler: CommandHandler
    events: EventStore
    views: ViewReader
    api_keys: ApiKeys
    callback_keys: Callable[[], CallbackKeys]
    uploads: Uploads
    upload_key: bytes
    idempotency_secret: bytes
    redacted_audio: RedactedAudio
    side_processes: tuple[SideProcess, SideProcess]
    turns: Turns
    wake: Callable[[str, WakeReason], None]
    erase: Callable[[Transcription], Awaitable[None]]
    rebuild: Callable[[str], Awaitable[Sequence[str]]]
    metrics: EdgeMetrics
    readiness: Callable[[], Awaitable[Readiness]]
    public_url: Callable[[], str]
    default_provider: ProviderName
    providers: Mapping[ProviderName, Sequence[Region | None]]
    speech_models: Sequence[str] = ()
    readable_at: Callable[[int], int | None] = _never_seen
    rate_limit_per_minute: int = 0
    cors_origins: tuple[str, ...] = ()
    upload_bytes_max: int = UPLOAD_BYTES_MAX

    @property
    def regions(self) -> Sequence[Region]:
        """Every region that a transcription can be asked for in."""
        return [region for regions in self.providers.values() for region in regions if region]
