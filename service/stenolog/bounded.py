"""Keep a bounded memory that forgets its least recently used entry first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def _nothing(_: object) -> int:
    return 0


class BoundedMemory(Generic[Key, Value]):
    """A mapping with a limit on entries, and optionally on their age and their bytes.

    `get` and `put` count as use; `in` does not. Readers must be able to work without an entry,
    because any entry may have been forgotten.
    """

    def __init__(
        self,
        entries_max: int,
        *,
        age_ms_max: int | None = None,
        bytes_max: int | None = None,
        size_of: Callable[[Value], int] = _nothing,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`age_ms_max` counts from the last `put`; `bytes_max` is for all values, by `size_of`."""
        assert entries_max > 0
        self._entries_max = entries_max
        self._age_ms_max = age_ms_max
        self._bytes_max = bytes_max
        self._size_of = size_of
        self._monotonic = monotonic
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._size_bytes = 0

    def __len__(self) -> int:
        """Count the entries, with those that are too old and were not dropped yet."""
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        """Tell whether `get` would find it."""
        entry = self._entries.get(key)
        return entry is not None and not self._is_old(entry[0])

    def get(self, key: Key) -> Value | None:
        """Return the value and count this as a use; None when there is none, or an old one."""
        self._drop_old()
        if key not in self:
            self.pop(key)
            return None
        self._entries.move_to_end(key)
        return self._entries[key][1]

    def put(self, key: Key, value: Value) -> None:
        """Remember the value from now on, and forget what is too much, too old or too large.

        A value that is larger than `bytes_max` by itself is not remembered.
        """
        self.pop(key)
        self._entries[key] = (self._now(), value)
        self._size_bytes += self._size_of(value)
        self._drop_old()
        while len(self._entries) > self._entries_max or self._is_too_large():
            self.pop(next(iter(self._entries)))

    def values(self) -> tuple[Value, ...]:
        """Return all that is remembered, the least recently used first; this is no use of any."""
        return tuple(value for put_at, value in self._entries.values() if not self._is_old(put_at))

    def pop(self, key: Key) -> Value | None:
        """Forget the key; return what was remembered, None when that is nothing."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._size_bytes -= self._size_of(entry[1])
        return None if self._is_old(entry[0]) else entry[1]

    def pop_where(self, holds: Callable[[Value], bool]) -> None:
        """Forget every value of which this holds."""
        for key in [key for key, (_, value) in self._entries.items() if holds(value)]:
            self.pop(key)

    def _drop_old(self) -> None:
        while self._entries:
            key, (put_at, _) = next(iter(self._entries.items()))
            if not self._is_old(put_at):
                return
            self.pop(key)

    def _is_old(self, put_at: float) -> bool:
        if self._age_ms_max is None:
            return False
        return (self._now() - put_at) * 1000 >= self._age_ms_max

    def _is_too_large(self) -> bool:
        return self._bytes_max is not None and self._size_bytes > self._bytes_max

    def _now(self) -> float:
        return 0.0 if self._age_ms_max is None else self._monotonic()
