"""Prove all events of one stream: that each is in the log, and that there are no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.cose_receipts import receipt_of
from stenolog.compliance.proving import Prover
from stenolog.compliance.stream_seals import StreamSeals
from stenolog.errors import InvalidRequest, NotFound, StoreUnavailable
from stenolog.log.event import event_from_bytes
from stenolog.log.proofs import InclusionProof

EVENTS_MAX = 1_000  # of one stream: a transcription has some dozens
MOVED = "the stream in the log is not the one that was sealed: run `stenolog log verify`"


class ReadStored(Protocol):
    """The part of the log that has events as they were hashed; the store of the log keeps it."""

    async def stored(self, stream: str, *, after: int, limit: int) -> Sequence[bytes]:
        """Return the bytes of at most `limit` events behind version `after`, in order.

        Raises:
            RecordDamaged: One is damaged or missing.
            StoreUnavailable: The log cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEvent:
    """An event's stored bytes, and the audit path from it to the root of a tree head."""

    stored: bytes
    path: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamProof:
    """Everything that shows that these are all events of a stream among the sealed ones.

    Attributes:
        checkpoint: The signed tree head that all paths of events lead to.
        verifier_key: What verifies it.
        events: All of the stream, in order.
        seal: The `log.sealed` event.
        end_path: From the stream's entry in the map to the root that the seal has.
        receipt: The events and the seal, in this order, as one COSE receipt of inclusion.
    """

    stream: str
    checkpoint: str
    verifier_key: str
    events: Sequence[ProvenEvent]
    seal: ProvenEvent
    end_path: Sequence[bytes]
    receipt: bytes


class StreamProver:
    """Makes proofs of streams; the log is sealed where the stream's last event is not covered."""

    def __init__(self, events: ReadStored, seals: StreamSeals, prover: Prover) -> None:
        self._events = events
        self._seals = seals
        self._prover = prover

    async def prove(self, stream: str) -> StreamProof:
        """Prove all events that the stream has now.

        Raises:
            NotFound: There is no such stream.
            InvalidRequest: It has more than a thousand events.
            StoreError: The log cannot be read or sealed now, or a record of the stream is damaged.
        """
        stored = await self._stored(stream)
        first, last = event_from_bytes(stored[0]), event_from_bytes(stored[-1])
        sealed = await self._seals.proven(first.position, last.position)
        if sealed.end.version > len(stored):
            stored = await self._stored(stream)
        stored = stored[: sealed.end.version]
        positions = [event_from_bytes(one).position for one in stored]
        if len(stored) < sealed.end.version or positions[-1] != sealed.end.position:
            raise StoreUnavailable(MOVED)
        seal = sealed.seal
        (stored_seal,) = await self._events.stored(
            self._seals.stream, after=seal.version - 1, limit=1
        )
        signed = self._prover.signed_head()
        proofs = [
            await self._prover.inclusion(position, signed.head.size)
            for position in (*positions, seal.position)
        ]
        *proven, proven_seal = map(_proven, (*stored, stored_seal), proofs)
        return StreamProof(
            stream=stream,
            checkpoint=signed.checkpoint,
            verifier_key=self._prover.verifier_key,
            events=proven,
            seal=proven_seal,
            end_path=sealed.path,
            receipt=receipt_of(signed.origin, signed.signer, proofs),
        )

    async def _stored(self, stream: str) -> Sequence[bytes]:
        stored = await self._events.stored(stream, after=0, limit=EVENTS_MAX + 1)
        if not stored:
            raise NotFound("There is no such stream")
        if len(stored) > EVENTS_MAX:
            raise InvalidRequest(f"A stream of more than {EVENTS_MAX} events is not proven")
        return stored


def _proven(stored: bytes, proof: InclusionProof) -> ProvenEvent:
    return ProvenEvent(stored=stored, path=proof.path)
