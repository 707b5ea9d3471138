"""Decide which download may begin: the earliest asked, few in all, fewer from one host. Pure."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

# A download is a socket and a file in the scratch folder, and most of its time is waiting.
DOWNLOADS_MAX = 32
DOWNLOADS_PER_HOST_MAX = 8  # so that four slow hosts are needed to hold up everybody else


class DownloadQueue:
    """Holds jobs that wait for their download, and those that are downloading."""

    def __init__(
        self, *, turns_max: int = DOWNLOADS_MAX, per_host_max: int = DOWNLOADS_PER_HOST_MAX
    ) -> None:
        self._turns_max = turns_max
        self._per_host_max = per_host_max
        self._waiting: dict[str, str] = {}  # host by job, in the order of asking
        self._having: dict[str, str] = {}

    def ask(self, job_id: str, url: str) -> None:
        """Let the job wait behind all that asked before it for the same host."""
        self._waiting[job_id] = _host(url)

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting)

    @property
    def having(self) -> int:
        """How many have a turn."""
        return len(self._having)

    def following(self, has_room: Callable[[str], bool]) -> str | None:
        """Return the job that has a turn from now on; None when nobody may begin yet.

        A job without room is waited for, by all behind it: else small files would keep it out.
        """
        if len(self._having) >= self._turns_max:
            return None
        hosts = list(self._having.values())
        for job_id, host in self._waiting.items():
            if hosts.count(host) < self._per_host_max:
                if not has_room(job_id):
                    return None
                self._having[job_id] = self._waiting.pop(job_id)
                return job_id
        return None

    def give_back(self, job_id: str) -> None:
        """End the job's turn; repeating it changes nothing."""
        self._having.pop(job_id, None)

    def put_back(self, job_id: str) -> None:
        """End the job's turn, and let it wait before all others."""
        self._waiting = {job_id: self._having.pop(job_id), **self._waiting}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # the download will say what is wrong with it
        return ""
