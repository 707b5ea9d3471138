"""Keep the audio that was downloaded within a budget of bytes on the disk."""

from __future__ import annotations

import errno
from collections.abc import Callable

FREE_BYTES_MIN = 1 << 30  # left for uploads and everybody else
FREE_BYTES_ALONE_MIN = 256 << 20  # left by a file that is alone, and by uploads
LOOK_BYTES = 4 << 20  # written between two looks at what the disk has left


class NoRoom(Exception):
    """The file must wait until others have left the disk."""


class DiskRoom:
    """Counts the bytes of each job's file, from its first piece until it is removed.

    A file that is alone has room whatever its size, so that every job is done at some time; but
    `FREE_BYTES_ALONE_MIN` of the disk it leaves too.
    """

    def __init__(self, bytes_max: int, free_bytes: Callable[[], int]) -> None:
        """`free_bytes` tells how much the disk has left."""
        self._bytes_max = bytes_max
        self._free_bytes = free_bytes
        self._held: dict[str, int] = {}
        self._needed: dict[str, int] = {}  # as far as it is known
        self._put_off: set[str] = set()  # jobs that had no room before
        self._unseen = 0  # bytes since the last look

    @property
    def held_bytes(self) -> int:
        """How much all files have now."""
        return sum(self._held.values())

    def may_begin(self, job_id: str) -> bool:
        """Return whether the job's file has room, as far as its size is known."""
        if not self._held:
            return True
        need = self._needed.get(job_id, 1)
        spoken_for = sum(
            max(size, self._needed[each] if each in self._put_off else 0)
            for each, size in self._held.items()
        )
        return spoken_for + need <= self._bytes_max and self._free_bytes() >= FREE_BYTES_MIN + need

    def begin(self, job_id: str) -> None:
        """Count the job's file from now on, with nothing in it."""
        self._held[job_id] = 0

    def expect(self, job_id: str, size: int) -> None:
        """Note how large the file will be, as its server says.

        Nothing is kept free for a promise, but for a file that had no room before: else several
        would begin together and meet the same end again. What it had already is not forgotten for
        a smaller promise.
        """
        self._needed[job_id] = max(self._needed.get(job_id, 1), size)

    def grow(self, job_id: str, size: int) -> None:
        """Count `size` more bytes of the job's file.

        Raises:
            NoRoom: That is over the budget, or leaves too little of the disk, and others are there
                to wait for.
            OSError: It leaves too little of the disk, and nobody is.
        """
        had = self._held[job_id]
        alone = self.is_alone(job_id)
        over = self.held_bytes + size > self._bytes_max
        full = self._leaves_less_than(FREE_BYTES_ALONE_MIN if alone else FREE_BYTES_MIN, size)
        if full and alone:
            raise OSError(errno.ENOSPC, "too little of the disk would be left")
        if (over or full) and not alone:
            self._needed[job_id] = max(self._needed.get(job_id, 1), had + size)
            raise NoRoom
        self._held[job_id] = had + size

    def _leaves_less_than(self, floor: int, size: int) -> bool:
        """Look every `LOOK_BYTES`, and for as much ahead, so that the floor is kept between."""
        self._unseen += size
        if self._unseen < LOOK_BYTES:
            return False
        if self._free_bytes() < floor + LOOK_BYTES + size:
            return True  # and look again at once
        self._unseen = 0
        return False

    def is_alone(self, job_id: str) -> bool:
        """Return whether no other file is on the disk."""
        return not (self._held.keys() - {job_id})

    def put_off(self, job_id: str) -> None:
        """The file is removed for now, and will need at least what it had."""
        self._needed[job_id] = max(self._needed.get(job_id, 1), self._held.pop(job_id, 0))
        self._put_off.add(job_id)

    def release(self, job_id: str) -> None:
        """The file is removed for good; once more changes nothing."""
        self._held.pop(job_id, None)
        self._needed.pop(job_id, None)
        self._put_off.discard(job_id)
