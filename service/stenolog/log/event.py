"""Declare the envelope of an event: as it is handed in, and as it stands in the log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stenolog.log.canonical import canonical_bytes
from stenolog.log.format import EVENT_SCHEMA, upcast

ENVELOPE_FIELDS = (
    "position",
    "id",
    "stream",
    "version",
    "previous",
    "sequence",
    "type",
    "time",
    "tenant",
    "actor",
    "correlation_id",
    "causation_id",
    "data",
    "commitment",
    "schema",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPayload:
    """What must not be hashed in clear: compressed, encrypted, committed to.

    Attributes:
        key_id: The data key's id; the box is bound to it.
        box: A byte for its format, nonce, AES-256-GCM ciphertext (`compliance.payloads`).
        commitment: HMAC-SHA256(salt of the event, plaintext) in hex. That salt is derived from the
            stream's, which dies with the key.
    """

    key_id: str
    box: bytes
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A fact to append; the log gives it its position and its time.

    Attributes:
        id: UUIDv7. Appending the same ids again finds the first append instead of doubling it.
        type: A name of the catalogue.
        tenant: The tenant's random id.
        actor: Who caused it: a random id of an API key, or a fixed id of one of our loops.
        correlation_id: Ours, from the request that began it all.
        causation_id: The id of the event that led to this one, or None.
        data: As the catalogue says: ids, enumerations, integers, booleans, times.
        payload: None for types without one.
        dedupe_key: At most one event with this key is ever accepted; a second is answered
            "already there". Kept outside the hashed bytes.
    """

    id: str
    type: str
    tenant: str
    actor: str
    correlation_id: str
    causation_id: str | None
    data: Mapping[str, Any]
    payload: SealedPayload | None = None
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact in the log.

    Attributes:
        position: Dense from 1, in commit order.
        version: 1-based within `stream`.
        previous: Position of the stream's previous event, 0 for its first.
        sequence: Dense from 1 per tenant over public types; 0 for private types.
        time: RFC 3339, six digits, Z; never decreases along the log.
        commitment: None without payload.
        schema: The shape of these fields, always the present one; the stored bytes may have an
            older.
    """

    position: int
    id: str
    stream: str
    version: int
    previous: int
    sequence: int
    type: str
    time: str
    tenant: str
    actor: str
    correlation_id: str
    causation_id: str | None
    data: Mapping[str, Any]
    commitment: str | None
    schema: int = EVENT_SCHEMA

    def envelope(self) -> dict[str, Any]:
        """Return the event as plain JSON values, every field by its own name."""
        return {name: getattr(self, name) for name in ENVELOPE_FIELDS}

    def to_bytes(self) -> bytes:
        """Return the bytes that are stored and hashed when it is appended."""
        return canonical_bytes(self.envelope())


def event_from_bytes(stored: bytes) -> Event:
    """Return the event whose canonical bytes these are, in the present shape.

    Raises:
        ValueError: They are not the bytes of an event.
        SchemaTooNew: They have a shape that is not known to this version.
    """
    parsed = orjson.loads(stored)
    if not isinstance(parsed, dict):
        raise ValueError("these are not the bytes of an event")
    fields = upcast(parsed)
    if fields.keys() != set(ENVELOPE_FIELDS):
        raise ValueError("these are not the bytes of an event")
    return Event(**fields)


def uuid7(now_ms: int, entropy: bytes) -> str:
    """Return a UUIDv7 (RFC 9562) from a time and 10 random bytes."""
    assert len(entropy) == 10
    value = (now_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(entropy, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
