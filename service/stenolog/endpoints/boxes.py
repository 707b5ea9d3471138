"""Declare where secrets are kept, wrapped under the master key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class SecretBoxes(Protocol):
    """Keeps our own secrets, wrapped, by purpose and number; `stores/*/keys` keeps this promise."""

    async def add_secret(self, purpose: str, number: int, box: bytes) -> bytes:
        """Store the box, durably; return it, or the one that was there before."""
        ...

    async def secrets(self, purpose: str) -> Mapping[int, bytes]:
        """Return the boxes for this purpose, by number."""
        ...

    async def drop_secrets(self, purpose: str, numbers: Sequence[int]) -> None:
        """Remove the boxes for this purpose that have these numbers, and overwrite them."""
        ...

    async def purposes(self, begin: str, limit: int) -> Sequence[str]:
        """Return the first purposes that begin so, in order."""
        ...


class Wrapping(Protocol):
    """Wraps secrets under the master key; `compliance.data_keys.MasterKey` does."""

    def wrap(self, secret: bytes, name: bytes) -> bytes:
        """Return the secret's box, bound to this name."""
        ...

    def unwrap(self, box: bytes, name: bytes) -> bytes:
        """Return what is in the box.

        Raises:
            PayloadDamaged: Box, name or master key is another.
        """
        ...


def name_of(purpose: str, number: int) -> bytes:
    """Return the name that a box is bound to, as that of every secret of ours."""
    return f"{purpose} {number}".encode()
