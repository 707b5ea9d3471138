"""Have reads of content recorded, before the answer with the content is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.correlation import correlation_of
from stenolog.log.events.accesses import ContentView
from stenolog.log.recorder import Cause

SCOPE_KEY = "stenolog.content"


class Accesses(Protocol):
    """Records who was shown content; `compliance/accesses` keeps this promise."""

    async def note(
        self, cause: Cause, view: ContentView, transcripts: Sequence[str | None], /
    ) -> None:
        """Record that this actor is shown this view of these transcripts.

        None stands for all of the tenant's together. When this returns it is recorded as the
        setting `ACCESS_LOG` asks for.

        Raises:
            StoreError: It could not be recorded: what was read must not be answered.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    view: ContentView
    transcripts: Sequence[str | None]


def shows_content(request: Request, view: ContentView, *transcripts: str | None) -> None:
    """State that the answer to this request holds content of these transcripts.

    None stands for all of the tenant's together. Whoever makes an answer says so before it returns
    the answer: status, lists and events without payloads are no content, and an answer that has
    nothing to show is none either. It is said once for each view that the answer holds.
    """
    request.scope.setdefault(SCOPE_KEY, []).append(_Shown(view, transcripts))


class ContentReads:
    """Turns what an answer shows into the record of who was shown it."""

    def __init__(self, accesses: Accesses) -> None:
        self._accesses = accesses

    async def record(self, request: Request, reader: Cause) -> None:
        """Record what the answer to this request shows, if it shows anything.

        A caller who is told that what it has is still so (304) is shown it again; a HEAD shows
        nothing.

        Raises:
            StoreError: It could not be recorded: the answer is not to be sent.
        """
        shown: Sequence[_Shown] = request.scope.pop(SCOPE_KEY, ())
        for one in shown if request.method != "HEAD" else ():
            await self.note(reader, one.view, one.transcripts)

    async def note(
        self, reader: Cause, view: ContentView, transcripts: Sequence[str | None]
    ) -> None:
        """Record what a part of an answer shows, where one goes on for long; raise as `record`."""
        await self._accesses.note(reader, view, transcripts)


def reader_of(request: Request, caller: ApiKey) -> Cause:
    """Return who reads with this request."""
    return Cause(
        tenant=caller.tenant, actor=caller.id, correlation_id=correlation_of(request.scope)
    )
