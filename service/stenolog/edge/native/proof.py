"""Answer /api/v1/transcripts/{id}/proof: what shows all events of a transcription to anyone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from stenolog.commands.api_keys import ApiKey
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.paging import refuse_if
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import Forbidden

QUERY = ("payloads", "format")
READING = "transcripts:read"
VERSIONS = re.compile(r"[1-9][0-9]{0,3}(?:,[1-9][0-9]{0,3}){0,999}")
EVERY = range(1, 10_000)
NO_READING = (
    f"The API key lacks the scope {READING}, which payloads need: ask with payloads=none for "
    "commitments alone"
)


class TranscriptProofs(Protocol):
    """Proves all events of a stream; `compliance/proof_files` keeps this promise.

    Both raise `StoreError` when the log cannot be read or sealed now, and `InvalidRequest` when the
    stream has more events than are proven.
    """

    async def receipt(self, stream: str) -> bytes:
        """Return a COSE receipt of all events of the stream."""
        ...

    async def file(self, stream: str, versions: Collection[int] | None) -> AsyncIterator[bytes]:
        """Return a file of JSON, in pieces.

        `versions`: of the events whose payloads are in it; None: those that hold no secret.
        """
        ...


class Proof:
    """Payloads need the scope that reads transcripts, too: proving is not reading."""

    def __init__(self, reading: Reading, proofs: TranscriptProofs) -> None:
        self._reading = reading
        self._proofs = proofs

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the file, or with a COSE receipt; it covers the newest event."""
        wrong: list[tuple[str, str]] = []
        form = request.query_params.get("format") or "json"
        if form not in ("json", "cose"):
            wrong.append(("format", "must be json or cose"))
        versions = _versions(request.query_params.get("payloads") or "", wrong)
        refuse_if(wrong)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        stream = stream_of(transcription_id)
        if form == "cose":
            return Response(await self._proofs.receipt(stream), media_type="application/cose")
        if versions != () and not caller.may(READING):
            raise Forbidden(NO_READING)
        pieces = await self._proofs.file(stream, versions)
        if versions != ():
            shows_content(request, "payloads", transcription_id)
        return StreamingResponse(pieces, media_type="application/json")


def _versions(given: str, wrong: list[tuple[str, str]]) -> Collection[int] | None:
    """Return the versions whose payloads are asked for; None: those that hold no secret."""
    if given in ("", "default"):
        return None
    if given in ("none", "all"):
        return EVERY if given == "all" else ()
    if VERSIONS.fullmatch(given):
        return {int(one) for one in given.split(",")}
    wrong.append(("payloads", "must be all, none, or versions of events with commas between"))
    return ()
