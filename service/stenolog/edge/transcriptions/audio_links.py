"""Tell customers' uploads from other audio URLs, and have a request use an upload."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from weakref import WeakValueDictionary

from stenolog.edge.access.upload_links import is_upload_url, upload_of
from stenolog.edge.ports import Uploads
from stenolog.errors import Forbidden, StoreUnavailable, WrongExpectedVersion
from stenolog.log.events.uploads import UPLOAD, UploadReleased
from stenolog.log.facts import upload_used
from stenolog.log.recorder import Record
from stenolog.log.store import Appended, EventStore
from stenolog.wire.assemblyai import sentences

USE_TRIES_MAX = 4  # each fails only when the upload was released, or taken up again, meanwhile
TURN_MS_MAX = 10_000  # for the requests before this one of the same upload


class AudioLinks:
    """Finds uploads by their URLs, and states that they are used."""

    def __init__(self, key: bytes, public_url: str, files: Uploads, events: EventStore) -> None:
        """`key` signs the URLs of uploads; `public_url` is what they begin with."""
        self._key = key
        self._public_url = public_url
        self._files = files
        self._events = events
        # One request after the other uses an upload: of those that come together only one finds
        # its stream as it expects it. A lock is there as long as somebody holds or awaits it.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def upload_of(self, tenant: str, audio_url: str) -> str | None:
        """Return the id of this tenant's upload; None when the URL is not one of ours.

        Raises:
            Forbidden: The URL is of an upload that is not this tenant's, or is gone.
        """
        upload = upload_of(self._key, tenant, audio_url)
        if upload is not None and await self._files.exists(upload):
            return upload
        if upload is not None or is_upload_url(self._public_url, audio_url):
            raise Forbidden(sentences.UPLOAD_INACCESSIBLE)
        return None

    async def using(
        self,
        upload: str | None,
        transcription_id: str,
        request: Callable[[Sequence[Record]], Awaitable[Appended]],
    ) -> Appended:
        """Have `request` append the request, and in the same transaction that it uses `upload`.

        Either both are in the log, and the file stays until the transcription needs it no more, or
        neither is. None: it uses no upload.

        Raises:
            Forbidden: The upload is gone.
            RecordDamaged: It cannot be told whether it is.
            StoreUnavailable: Nothing was written.
        """
        if upload is None:
            return await request(())
        async with self._turn(upload):
            for _ in range(USE_TRIES_MAX):
                expected = await self._version_in_use(UPLOAD + upload)
                facts = [upload_used(transcription_id)]
                use = Record(stream=UPLOAD + upload, facts=facts, expected=expected)
                try:
                    return await request([use])
                except WrongExpectedVersion:
                    continue
        raise StoreUnavailable("the upload changes too often; ask again")

    @contextlib.asynccontextmanager
    async def _turn(self, upload: str) -> AsyncIterator[None]:
        lock = self._turns.setdefault(upload, asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_MS_MAX / 1000):
                await lock.acquire()
        except TimeoutError as exc:
            raise StoreUnavailable("too many requests use this upload at once; ask again") from exc
        try:
            yield
        finally:
            lock.release()

    async def _version_in_use(self, stream: str) -> int:
        """Return the version of an upload's stream, at which it is not released."""
        version = await self._events.version(stream)
        last = await self._events.read_stream(stream, after=version - 1, limit=1) if version else []
        if not last or last[0].type == UploadReleased.type:
            raise Forbidden(sentences.UPLOAD_INACCESSIBLE)
        return last[0].version
