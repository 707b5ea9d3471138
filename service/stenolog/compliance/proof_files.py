"""Write the proof of a stream as one JSON file, piece by piece; docs/FORMAT.md has its members."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import orjson

from stenolog.compliance.disclosures import Disclosed, Discloser, OpenPayload, ReadPayload, Withheld
from stenolog.compliance.stream_proofs import ProvenEvent, StreamProof, StreamProver
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.events.transcriptions import ErasureRequested

FORMAT = "stenolog-proof-1"
INLINE_BYTES_MAX = 256 << 10  # more is encoded beside the event loop


class ProofFiles:
    """Makes the files that `infra/verify/stenolog_verify.py` judges."""

    def __init__(self, prover: StreamProver, log: ReadPayload, vault: OpenPayload) -> None:
        self._prover = prover
        self._log = log
        self._vault = vault

    async def receipt(self, stream: str) -> bytes:
        """Return all events of the stream, and the seal, as one COSE receipt; raises as `prove`."""
        return (await self._prover.prove(stream)).receipt

    async def file(self, stream: str, versions: Collection[int] | None) -> AsyncIterator[bytes]:
        """Return the file in pieces, of which each has one payload at most.

        `versions`: of the stream whose payloads are disclosed; None: those that hold no secret, as
        `Discloser` says.

        Raises:
            StenologError: As `StreamProver.prove`. While the pieces are made: `StoreUnavailable`.
        """
        proof = await self._prover.prove(stream)
        events = [event_from_bytes(one.stored) for one in proof.events]
        erased = any(event.type == ErasureRequested.type for event in events)
        return self._pieces(
            proof, events, Discloser(self._log, self._vault, versions, erased=erased)
        )

    async def _pieces(
        self, proof: StreamProof, events: Sequence[Event], discloser: Discloser
    ) -> AsyncIterator[bytes]:
        head = orjson.dumps(
            {
                "format": FORMAT,
                "stream": proof.stream,
                "verifier_key": proof.verifier_key,
                "checkpoint": proof.checkpoint,
                "seal": _proven(proof.seal),
                "end": _all_base64(proof.end_path),
            }
        )
        yield head[:-1] + b',"events":['
        for number, (proven, event) in enumerate(zip(proof.events, events, strict=True)):
            piece = await _beside(proven, await discloser.disclosed(event))
            yield b",\n" * bool(number) + piece
        yield b"]}\n"


async def _beside(event: ProvenEvent, found: Disclosed | Withheld | None) -> bytes:
    if isinstance(found, Disclosed) and len(found.plaintext) > INLINE_BYTES_MAX:
        return await asyncio.to_thread(_shown, event, found)
    return _shown(event, found)


def _shown(event: ProvenEvent, found: Disclosed | Withheld | None) -> bytes:
    members = dict(_proven(event))
    if isinstance(found, Disclosed):
        members |= {"payload": _base64(found.plaintext), "salt": _base64(found.salt)}
    elif found is not None:
        members["withheld"] = found
    return orjson.dumps(members)


def _proven(event: ProvenEvent) -> Mapping[str, object]:
    return {"event": event.stored.decode(), "path": _all_base64(event.path)}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(one) for one in hashes]
