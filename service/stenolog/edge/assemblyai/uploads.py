"""Take files at POST /v2/upload: each is durable and encrypted before it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import declared_bytes, streamed
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.transcriptions.uploading import Uploading
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai import sentences
from stenolog.wire.forms import ADVICE, LOOK_BYTES, is_form


class Upload:
    """Takes raw bytes of any media type, with a length or chunked."""

    def __init__(self, uploading: Uploading) -> None:
        self._uploading = uploading

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """200 with `upload_url`; 422 in plain text for no bytes, as the service says it.

        400 for a form, which would be stored with what is around the file.
        """
        stored = await self._uploading.store(
            caller,
            _no_form(streamed(request, bytes_max=self._uploading.bytes_max)),
            declared_bytes=declared_bytes(request),
        )
        if stored is None:
            return PlainTextResponse(sentences.UPLOAD_FAILED, status_code=422)
        url = await self._uploading.record(caller, stored, correlation_of(request.scope))
        return Response(orjson.dumps({"upload_url": url}), media_type="application/json")


async def _no_form(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks; the first of them come together, as many as show a form.

    Raises:
        InvalidRequest: They do.
    """
    head: bytes | None = b""
    async for chunk in chunks:
        if head is None:
            yield chunk
            continue
        head += chunk
        if len(head) < LOOK_BYTES:
            continue
        _check_no_form(head)
        yield head
        head = None
    if head:
        _check_no_form(head)
        yield head


def _check_no_form(head: bytes) -> None:
    if is_form(head):
        raise InvalidRequest(f"Upload failed, the body is a multipart form: {ADVICE}")
