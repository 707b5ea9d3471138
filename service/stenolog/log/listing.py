"""Declare how streams of one category are found, without reading the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

STREAMS_PER_PAGE_MAX = 1_000


class StreamLists(Protocol):
    """Lists streams by their names, which begin with the category; the store of the log keeps this.

    What a list says is looked up in the stream before anything is made of it. Every method raises
    `StoreUnavailable` when the log cannot be read now.
    """

    async def of_tenant(
        self, tenant: str, category: str, *, before: str, limit: int
    ) -> Sequence[str]:
        """Return at most `limit` ids of the tenant's streams of this category, greatest first.

        Only those that are less than the id `before`; empty: from the greatest.
        """
        ...

    async def of_all(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Return at most `limit` ids of the category's streams behind the id `after`, in order."""
        ...

    async def owed(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the same of those to which something is owed (`log.open_work`)."""
        ...
