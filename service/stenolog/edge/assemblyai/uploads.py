"""Take files at POST /v2/upload: each is durable and encrypted before it is answered."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.access.upload_links import upload_url
from stenolog.edge.http.bodies import declared_bytes, streamed
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.ports import Uploads
from stenolog.errors import InvalidRequest, StoreUnavailable
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.facts import upload_stored
from stenolog.log.recorder import Cause, FactRecorder
from stenolog.wire.assemblyai import sentences
from stenolog.wire.forms import ADVICE, LOOK_BYTES, is_form


class Upload:
    """Takes raw bytes of any media type, with a length or chunked."""

    def __init__(
        self,
        facts: FactRecorder,
        files: Uploads,
        *,
        link_key: bytes,
        public_url: str,
        bytes_max: int,
    ) -> None:
        """`link_key` signs the URLs; `public_url` is what they begin with."""
        self._facts = facts
        self._files = files
        self._link_key = link_key
        self._public_url = public_url
        self._bytes_max = bytes_max

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """200 with `upload_url`; 422 in plain text for no bytes, as the service says it.

        400 for a form, which would be stored with what is around the file.
        """
        upload_id, limit = str(uuid.uuid4()), self._bytes_max
        size = await self._files.store(
            upload_id,
            _no_form(streamed(request, bytes_max=limit)),
            bytes_max=limit,
            tenant=caller.tenant,
            declared_bytes=min(declared_bytes(request), limit),
        )
        if not size:
            return PlainTextResponse(sentences.UPLOAD_FAILED, status_code=422)
        cause = Cause(
            tenant=caller.tenant, actor=caller.id, correlation_id=correlation_of(request.scope)
        )
        try:
            await self._facts.record(UPLOAD + upload_id, [upload_stored(size)], cause, expected=0)
        except StoreUnavailable:
            await self._files.discard(upload_id)
            raise
        # Whatever else is raised, a cancellation too, the log may say that the file is here: it
        # stays. The sweep removes a file that the log does not know.
        url = upload_url(self._link_key, self._public_url, caller.tenant, upload_id)
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
