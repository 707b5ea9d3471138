"""Note whom a request is about, and begin it with the legal holds on that subject."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from stenolog.commands.transcription.state import stream_of
from stenolog.edge.ports import NoteSubject
from stenolog.log.recorder import Cause


class SubjectHolds(Protocol):
    """Tells which legal holds are on a subject; `compliance/forgetting` keeps this promise."""

    async def on_subject(self, tenant: str, subject: str, /) -> Sequence[str]:
        """Return the ids of the holds on a subject.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        ...

    async def apply(self, cause: Cause, transcription_id: str, holds: Sequence[str], /) -> None:
        """Put a transcription on these holds, if it is in the log; repeating changes nothing.

        Raises:
            StoreUnavailable: It is not on all of them; try again.
        """
        ...


class AboutSubject:
    """Keeps requests and holds on their subject from missing each other."""

    def __init__(self, note: NoteSubject, holds: SubjectHolds) -> None:
        self._note = note
        self._holds = holds

    @contextlib.asynccontextmanager
    async def noted(
        self, cause: Cause, subject: str | None, transcription_id: str
    ) -> AsyncIterator[Sequence[str]]:
        """Note the subject, and yield the holds with which the request is to be recorded.

        Afterwards, however that went, it is put on those that were placed meanwhile.

        Raises:
            StoreUnavailable: Nothing was written; or the request was, and is not on all holds.
        """
        if subject is None:
            yield ()
            return
        # First, so that no request that was answered is missed when its subject is forgotten.
        await self._note(cause.tenant, subject, stream_of(transcription_id))
        holds = await self._holds.on_subject(cause.tenant, subject)
        try:
            yield holds
        finally:
            later = set(await self._holds.on_subject(cause.tenant, subject)) - set(holds)
            await self._holds.apply(cause, transcription_id, sorted(later))
