"""Keys for streams as a vault has them, so that views can be sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from stenolog.compliance.data_keys import DataKey


class MemoryKeys:
    """Keeps the promise of `StreamKeys`: every stream has a key, the same for all of these."""

    def __init__(self) -> None:
        self._destroyed: set[str] = set()

    async def known_keys(self, streams: Collection[str]) -> Mapping[str, DataKey]:
        return {one: _key_of(one) for one in streams if one not in self._destroyed}

    def destroy(self, stream: str) -> None:
        """Have the stream's key no more."""
        self._destroyed.add(stream)


def _key_of(stream: str) -> DataKey:
    return DataKey(stream, hashlib.sha256(stream.encode()).digest(), b"")
