"""Declare what the edge asks of the loops that run beside it.

These calls are to cross a border between processes. Arguments and answers are ids and plain data,
and what answers is awaited. A promise to a customer must never depend on an answer from here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from stenolog.log.events.vocabulary import WakeReason

Result = TypeVar("Result")


class Wake(Protocol):
    """Has the reconciler look at a transcription; `reconciler/loop` keeps this promise."""

    def __call__(self, transcription_id: str, reason: WakeReason, /) -> None:
        """Ask for a look, and return before there was one: nothing is answered, not even a failure.

        Repeating it costs nothing, and losing it costs time, never data: the log says what is open.
        """
        ...


class Erase(Protocol):
    """Erases content; `compliance/erasure` keeps this promise."""

    async def __call__(
        self,
        transcription_id: str,
        /,
        *,
        requested_position: int,
        upload: str | None,
        handle_sealed: bool,
    ) -> None:
        """Erase what is here of a transcription whose erasure was requested; repeatable.

        The request stands at `requested_position` of the log. `upload` is the id of the file that
        was transcribed, if it was one of ours. With `handle_sealed` the key is kept, because a job
        is known by a payload under it only; the reconciler removes the job, then the key.

        Raises:
            StoreUnavailable: Something may be left; the reconciler tries again.
        """
        ...


class Beats(Protocol):
    """Tells whether the loops go on; `bootstrap/beats` keeps this promise."""

    async def __call__(self) -> Mapping[str, int]:
        """Tell how long ago each loop last did its round, in ms, by the loop's name."""
        ...


class Rebuild(Protocol):
    """Builds views again; `projections/run/projector` keeps this promise."""

    async def __call__(self, name: str, /) -> Sequence[str]:
        """Begin to build a projection, or `all`, again; return the projections' names.

        Raises:
            NotFound: There is no projection of this name.
            StoreUnavailable: The views cannot be written.
        """
        ...


class FillIn(Protocol):
    """Fills views in that were lost; `projections/run/projector` keeps this promise."""

    async def __call__(self, transcription_id: str, /) -> None:
        """Have a transcription shown that ended before the views were lost.

        It returns at once where none is missing, and after a second in any case.
        """
        ...


class ReadableAt(Protocol):
    """Remembers when events became readable in the views."""

    async def __call__(self, position: int, /) -> int | None:
        """Tell when this position became readable, in µs since the epoch; None: not seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """Where a job stands at a provider that has told.

    Attributes:
        position: 0 while it is worked on, 1 when it is the next.
        expected_ms: Until it is done, as recent jobs went; None: not known yet.
    """

    position: int
    expected_ms: int | None


class PlaceOf(Protocol):
    """Tells where a job stands; `bootstrap/engine_queue` keeps this promise."""

    async def __call__(self, provider_job: str, /) -> QueuePlace | None:
        """Tell it as of a moment ago; None: it does not wait, or nobody answers within a second."""
        ...


class Turns(Protocol):
    """Tells which transcriptions wait for their turn; `reconciler/turns` keeps this promise.

    Answers are a hint of this moment: a transcription may get its turn while it is asked for.
    """

    async def waiting_of(self, transcription_ids: Sequence[str]) -> Sequence[str]:
        """Return those of these, at most a page, that wait for their turn, in the same order."""
        ...

    async def any_waiting(self, tenant: str) -> bool:
        """Tell whether any transcription of this tenant waits."""
        ...


class Reconciling(Protocol):
    """Tells how far we agree with the providers; `bootstrap/overseeing` keeps this promise."""

    async def standing(self) -> str:
        """Tell what there is to do, and what was done last at each place, as a JSON object.

        Raises:
            StoreUnavailable: The views cannot be read.
        """
        ...

    async def compare(self, *, provider: str | None, since_ms: int, dry_run: bool) -> str:
        """Compare the jobs that were accepted since with what their providers list, now.

        What a list does not show as running is asked for, unless it is a `dry_run`. Returns, as a
        JSON list, one object for each place, within 20 s; a comparison that takes longer goes on.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PushStanding:
    """How an endpoint has answered lately, and how much is pending."""

    failures: int
    failing_since_ms: int | None
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAttempt:
    """An attempt, as it is shown; `place` are the numbers by which pages go on behind it."""

    place: tuple[int, int]
    shown: Mapping[str, object]


class Pushing(Protocol):
    """Tells of deliveries, and makes those that are asked for; `bootstrap/pushing` does."""

    async def standing(self, endpoint_id: str) -> PushStanding:
        """Tell how the endpoint stands."""
        ...

    async def attempts(
        self, endpoint_id: str, *, before: tuple[int, int] | None, limit: int
    ) -> Sequence[PushAttempt]:
        """Tell the attempts at the endpoint, the newest first."""
        ...

    async def attempts_at_webhook(
        self, transcription: str
    ) -> Sequence[Mapping[str, object]] | None:
        """Tell the attempts at a transcription's own webhook; None: its request names none."""
        ...

    async def resend(
        self, transcription: str, *, actor: str, correlation_id: str
    ) -> Mapping[str, object]:
        """Send the last outcome to its own webhook again; `InvalidRequest`: there is none."""
        ...

    async def test(self, endpoint_id: str) -> Mapping[str, object]:
        """Send a signed sample once, within 15 s, and tell what came of it."""
        ...


class SideWork(Protocol):
    """Computes beside the event loop; `side_process` keeps this promise."""

    async def run(self, call: Callable[..., Result], *args: object) -> Result:
        """Call `call`, a function of a module, with plain `args`; one call at a time.

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
    """Opens redacted audio that a provider made; `reconciler/redacted_audio` keeps this promise."""

    async def is_ready(self, transcription_id: str) -> bool:
        """Tell whether it can be opened now; False: perhaps later.

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
