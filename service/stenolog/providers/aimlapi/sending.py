"""Stream a create that has the audio in it, and know whether all of it went out."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator

from stenolog.providers.port import AudioFile
from stenolog.wire.aimlapi.models import MODEL_DEFAULT, file_field
from stenolog.wire.aimlapi.multipart import LOOK_BYTES, FormAround, form_around


class SentForm:
    """A form with an audio file, streamed once.

    Attributes:
        headers: Its media type and length.
        ended: All of it was handed over: there may be a job. Before that there is none, because the
            service waits for as many bytes as were announced.
    """

    def __init__(self, form: FormAround, begins: list[bytes], audio: AudioFile) -> None:
        """`begins` are the pieces that were read already; `audio` has the others."""
        self.headers = [
            ("content-type", form.content_type),
            ("content-length", str(form.size(audio.size))),
        ]
        self.ended = False
        self._form, self._begins, self._audio = form, begins, audio

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the form piece by piece."""
        yield self._form.before
        for piece in self._begins:
            yield piece
        async for piece in self._audio.chunks:
            yield piece
        self.ended = True
        yield self._form.behind


async def form_of(body: bytes, audio: AudioFile) -> SentForm:
    """Return the create in `body` as a form with this audio.

    Raises:
        StoreError: The audio cannot be read; nothing was sent.
    """
    fields = json.loads(body)
    model = fields.get("model")
    begins: list[bytes] = []
    while sum(map(len, begins)) < LOOK_BYTES:
        piece = await anext(audio.chunks, None)
        if piece is None:
            break
        begins.append(piece)
    form = form_around(
        {name: value for name, value in fields.items() if value is not None},
        file_field(model if isinstance(model, str) else MODEL_DEFAULT),
        boundary=f"stenolog-{secrets.token_hex(16)}",
        begins=b"".join(begins)[:LOOK_BYTES],
    )
    return SentForm(form, begins, audio)
