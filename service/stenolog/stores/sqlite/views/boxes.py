"""Put a view's content into sealed boxes, and read it from them.

A box is bound to its place: the generation, the name of what it holds, the transcription and a
number, which is a version of the row or where a part of it begins.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.data_keys import DataKey
from stenolog.compliance.view_content import open_content, seal_content
from stenolog.errors import KeyMissing

Fields = tuple[bytes | None, ...]

_LENGTH = struct.Struct(">I")
_NONE = 0xFFFFFFFF


class StreamKeys(Protocol):
    """Finds the keys of streams; `compliance/vault` keeps this promise."""

    async def known_keys(self, streams: Collection[str]) -> Mapping[str, DataKey]:
        """Return the keys that there are; of a stream whose key was destroyed or lost, none.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a box belongs.

    Attributes:
        name: What it holds, such as `request`.
        number: Of the row's version, or of the first item in it.
    """

    generation: int
    name: str
    transcription: str
    number: int = 0

    def as_bytes(self) -> bytes:
        """Return it as the associated data of a box."""
        return f"view\n{self.generation}\n{self.name}\n{self.transcription}\n{self.number}".encode()


@dataclass(frozen=True, slots=True)
class Boxes:
    """Seals and opens with the keys of some transcriptions, by their ids."""

    keys: Mapping[str, DataKey]

    def seal(self, place: Place, fields: Fields) -> bytes | None:
        """Return the sealed fields; None without a key: nothing may be kept of them."""
        key = self.keys.get(place.transcription)
        return None if key is None else seal_content(key, place.as_bytes(), packed(fields))

    def open(self, place: Place, box: bytes) -> Fields:
        """Return the fields of a box.

        Raises:
            KeyMissing: The transcription's key was destroyed, or lost.
            PayloadDamaged: The box is another's, or not what was sealed.
        """
        key = self.keys.get(place.transcription)
        if key is None:
            raise KeyMissing("the key of this transcription was destroyed or lost")
        return unpacked(open_content(key, place.as_bytes(), box))


def packed(fields: Fields) -> bytes:
    """Return the fields one behind the other, each behind its length."""
    parts: list[bytes] = []
    for one in fields:
        parts.append(_LENGTH.pack(_NONE if one is None else len(one)))
        if one is not None:
            parts.append(one)
    return b"".join(parts)


def unpacked(content: bytes) -> Fields:
    """Return what `packed` was given."""
    fields: list[bytes | None] = []
    at = 0
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        if length == _NONE:
            fields.append(None)
            continue
        fields.append(content[at : at + length])
        at += length
    return tuple(fields)
