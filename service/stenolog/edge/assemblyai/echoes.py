"""Keep what `/v2` answers of an open request as bytes, so that a poll makes nothing anew."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

from stenolog.edge.assemblyai.sdk_transcript import readable
from stenolog.edge.transcriptions.beside import INLINE_BYTES_MAX
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.errors import StoreUnavailable
from stenolog.projections.rows import StatusRow
from stenolog.projections.views import Room
from stenolog.wire.assemblyai.transcript import given_in, unfinished

ECHO = "echo"  # what is made of a request for the answer
LOADS_MAX = 3  # for one poll, each of which others have pushed out of memory


class Echoes:
    """Makes the answers of transcriptions that have not ended."""

    def __init__(
        self, cases: UseCases, room: Room, default_params: Mapping[str, Mapping[str, object]]
    ) -> None:
        """`default_params`: what a provider is asked for where a customer does not say."""
        self._room = room
        self._reading = cases.reading
        self._beside = cases.beside
        self._kept = cases.echoes
        self._default_params = default_params

    async def requested(
        self, transcription_id: str, params: Mapping[str, object], provider: str, *, body_bytes: int
    ) -> bytes:
        """Return the answer to a request of `body_bytes` that has just been recorded."""
        asked = self._asked(provider, params)
        given = await self._beside.run(body_bytes, encoded_echo, asked)
        self._kept.keep(transcription_id, given)
        return _spliced(unfinished(transcription_id, "queued"), given)

    async def found(self, row: StatusRow, status: str, *, throttled: bool) -> bytes:
        """Return the answer of an open transcription as it is now.

        Raises:
            StoreUnavailable: It cannot be read now, or it is large and too many such are asked for.
        """
        head = unfinished(row.id, status)
        if throttled:
            head["throttled"] = True
        for _ in range(LOADS_MAX):
            given = self._kept.get(row.id)
            if given is None:
                given = await self._loaded(row)
            if len(given) <= INLINE_BYTES_MAX:
                return _spliced(head, given)
            size = len(given)
            del given  # whoever waits for room holds nothing
            await self._room(size)
            given = self._kept.get(row.id)
            if given is not None:
                return _spliced(head, given)
        raise StoreUnavailable("too many large answers are asked for at once")

    async def _loaded(self, row: StatusRow) -> bytes:
        given = await self._reading.of_request(
            row, ECHO, lambda asked: encoded_echo(self._asked(row.provider, asked.params))
        )
        self._kept.keep(row.id, given)
        return given

    def _asked(self, provider: str, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return the parameters that the provider gets, so that the echo matches its answer."""
        return {**self._default_params.get(provider, {}), **params}


def encoded_echo(params: Mapping[str, object]) -> bytes:
    """Return what an answer says of its request, as a JSON object."""
    # A word that is new, and the provider's to judge, must not make an SDK reject the answer.
    body = {name: readable(name, value) for name, value in given_in(params).items()}
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # an integer over 64 bits comes back as it was given
        return json.dumps(body, ensure_ascii=False).encode()


def _spliced(head: Mapping[str, object], given: bytes) -> bytes:
    return b"".join((orjson.dumps(head)[:-1], b",", memoryview(given)[1:]))  # one copy of it
