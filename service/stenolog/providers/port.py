"""Declare what the reconciler asks of a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

JobStatus = Literal["queued", "processing", "completed", "error"]
RequestKind = Literal["create", "fetch", "list", "upload", "delete", "audio"]
ServerError = Literal["server-error", "download-server-error"]
"""Whose server failed: the provider's own, or the one that it downloads the audio from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTarget:
    """Where the provider is to call, and the header that it must send."""

    url: str
    header_name: str
    header_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedJob:
    """One job as the provider describes it.

    Attributes:
        raw: The answer, byte for byte.
        webhook_url: What was registered; how a job is recognised as ours.
        error: The provider's sentence, for a failed job.
        audio_ms: Its length as the provider measured it, in ms; None when it did not say.
        words: How many it recognised.
        server_error: Why it failed, where another job for the same audio may succeed; else None.
        warned: Whether the provider warns about its result, as when it used another model.
        odd_status: Its status where that is no `JobStatus`; then `status` is `processing`.
        emptied: Somebody has deleted what it held; `webhook_url` and result are gone.
        speech_share: How much of its audio is in words, 0 to 1, as `unmet` needs it; None: not
            known, or the provider judges for itself.
        webhook_status: What it says that we answered to its callback; None: nothing, or not yet.
        held: Counts the bytes of `raw` as in memory for as long as the answer is kept.
    """

    id: str
    status: JobStatus
    raw: bytes
    webhook_url: str | None
    error: str | None
    audio_ms: int | None
    words: int
    server_error: ServerError | None = None
    warned: bool = False
    odd_status: str | None = None
    emptied: bool = False
    speech_share: float | None = None
    webhook_status: int | None = None
    held: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownJob:
    """The provider's own words that it knows no such job: too early, or of another key, perhaps.

    `of_earlier_start`: no; it named its start, and jobs of earlier ones are gone.
    """

    of_earlier_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """One job as a list shows it, without `webhook_url`; `running` is what the item itself says."""

    id: str
    audio_url: str
    created_at_ms: int | None
    running: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """A page of a list, newest first.

    Attributes:
        older: What to ask for the next one; None at the end.
        told_at_ms: The provider's own time when it answered; None when it did not say.
    """

    jobs: Sequence[ListedJob]
    older: str | None
    told_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """Audio that comes piece by piece.

    Attributes:
        media_type: As its keeper says; empty when it says none.
        size: In bytes; None when it is not known before the end.
    """

    media_type: str
    size: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """A customer's file for a create that carries it: its bytes, and how many they are."""

    size: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a provider has answered since the start.

    Attributes:
        requests: How many, by kind and result: `2xx` to `5xx`, or `none` for no answer.
        answered_at_ms: When it last did what it was asked; None: not yet.
        paused_ms: For how long it still wants no requests, by kind, or `all`; what is paused.
        warned: How many results that were read came with a warning.
        odd: How many answers were not what they should be, by what was wrong.
    """

    requests: Mapping[tuple[RequestKind, str], int] = field(default_factory=dict)
    answered_at_ms: int | None = None
    paused_ms: Mapping[str, int] = field(default_factory=dict)
    warned: int = 0
    odd: Mapping[str, int] = field(default_factory=dict)


class Provider(Protocol):
    """One provider, reached with one key.

    Every method may raise `ProviderUnavailable` (nothing happened; ask again later) and, where the
    provider says that we may not, `ProviderRefused`.
    """

    @property
    def name(self) -> str:
        """Its name in messages."""
        ...

    def started_anew(self) -> None:
        """Forget what it asked us to wait for: it was restarted."""
        ...

    def when_resumed(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever requests are held back no more, because it answered one."""
        ...

    def standing(self) -> Standing:
        """Tell how it has answered, for metrics."""
        ...

    def fills(self, params: Mapping[str, Any]) -> bool:
        """Tell whether `create_body` adds values of settings to what the customer asks for."""
        ...

    def create_body(
        self,
        params: Mapping[str, Any],
        audio_url: str,
        callback: CallbackTarget,
        *,
        plain: bool = False,
    ) -> bytes:
        """Make the exact body of the create request; it never holds the customer's webhook.

        `plain`: no setting adds anything.
        `callback` may be left out where the provider does not call back. The request's turn is
        taken: `submit` uses it, `withdraw` gives it back.

        Raises:
            ProviderUnavailable: The provider is not there, or wants nothing now; nothing needs to
                be claimed to learn it.
        """
        ...

    def withdraw(self, body: bytes) -> None:
        """Give back the turn of a body that will not be submitted; after `submit`, do nothing."""
        ...

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        """Send bytes, and return the provider's URL of them; repeating leaves unused bytes.

        Called only where `ProviderFacts.uploads`.
        """
        ...

    async def submit(self, body: bytes, audio: AudioFile | None = None) -> str:
        """Create a job, and return the provider's handle of it.

        `audio` is the file that the body names no URL of: where uploads are not taken.

        Raises:
            ProviderRefused: There is no job.
            ProviderUnavailable: There is no job.
            ProviderOutcomeUnknown: There may be one: settle before trying again.
            StoreError: `audio` could not be read to its end; there is no job.
        """
        ...

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        """Ask for the job as it is now; SideProcessEnded: a process of ours ended over it."""
        ...

    def unmet(self, params: Mapping[str, Any], job: FetchedJob) -> str | None:
        """Return why the request is not met although the job completed, from `speech_share`.

        The sentence is for the customer. Called only for a job that has a `speech_share`.
        """
        ...

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        """Read a page of jobs, 200 where that is allowed; `before` is an earlier page's `older`.

        Called only where `ProviderFacts.lists`.
        """
        ...

    async def redacted_audio(self, job: str) -> str | None:
        """Ask for a link to the job's redacted audio, good for minutes; None: not ready.

        Raises:
            ProviderRefused: There is none: it was not asked for, or it has expired.
        """
        ...

    async def delete(self, job: str) -> UnknownJob | None:
        """Delete the job and what it held; None once the provider shows what is left of it.

        Repeating changes nothing.

        Called only where `ProviderFacts.deletes`.

        Raises:
            ProviderRefused: Not while it runs.
        """
        ...
