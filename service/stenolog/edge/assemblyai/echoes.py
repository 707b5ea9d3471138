"""Keep what `/v2` answers of an open request as bytes, so that a poll makes nothing anew."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

from stenolog.edge.transcriptions.reading import Found
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.wire.assemblyai.transcript import given_in, unfinished


class Echoes:
    """Makes the answers of transcriptions that have not ended."""

    def __init__(self, cases: UseCases, default_params: Mapping[str, Mapping[str, object]]) -> None:
        """`default_params`: what a provider is asked for where a customer does not say."""
        self._reading = cases.reading
        self._beside = cases.beside
        self._kept = cases.echoes
        self._default_params = default_params

    async def requested(
        self, transcription_id: str, params: Mapping[str, object], provider: str, *, body_bytes: int
    ) -> bytes:
        """Return the answer to a request of `body_bytes` that has just been recorded."""
        given = await self._made(transcription_id, params, provider, body_bytes)
        return _spliced(unfinished(transcription_id, "queued"), given)

    async def found(self, found: Found, status: str, *, throttled: bool) -> bytes:
        """Return the answer of an open transcription as it is now."""
        row = found.row
        given = self._kept.get(row.id)
        if given is None:
            params, size_bytes = await self._reading.params(found)
            given = await self._made(row.id, params, row.provider, size_bytes)
        head = unfinished(row.id, status)
        if throttled:
            head["throttled"] = True
        return _spliced(head, given)

    async def _made(
        self, transcription_id: str, params: Mapping[str, object], provider: str, size_bytes: int
    ) -> bytes:
        # The parameters that the provider gets, so that the echo matches its answer.
        asked = {**self._default_params.get(provider, {}), **params}
        given = await self._beside.run(size_bytes, _encoded, asked)
        self._kept.put(transcription_id, given)
        return given


def _encoded(params: Mapping[str, object]) -> bytes:
    body = given_in(params)
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # an integer over 64 bits comes back as it was given
        return json.dumps(body, ensure_ascii=False).encode()


def _spliced(head: Mapping[str, object], given: bytes) -> bytes:
    return orjson.dumps(head)[:-1] + b"," + given[1:]
