"""Download the audio of jobs that name a URL: as early as turns and the disk allow.

Early, because a presigned URL is good for minutes, and the workers may be busy for hours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import structlog

from stenolog.egress.client import Egress
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.disk_room import DiskRoom, NoRoom
from stenolog.engine.host.download_queue import DownloadQueue
from stenolog.engine.host.fetching import FETCH_LIMITS, FetchLimits, Progress, fetch
from stenolog.engine.host.scratch import Scratch, is_full
from stenolog.owned_tasks import OwnedTasks

log = structlog.get_logger()

# "Server error" is what the gateway submits again: it is our trouble, and not the file's.
NO_SPACE = "Server error, there is no space to store the audio."
NOT_STORED = "Server error, the audio could not be stored."
FAILED = "Server error, the download ended unexpectedly."


class Listener(Protocol):
    """Whom downloads are for."""

    def download_began(self, job_id: str) -> None:
        """The audio is asked for."""
        ...

    def download_ended(self, job_id: str, path: Path) -> None:
        """The audio is here; `release` is owed once the file is removed."""
        ...

    def download_failed(self, job_id: str, error: str) -> None:
        """There will be no audio."""
        ...


class Downloads:
    """Runs the downloads; each ends with one word to the listener, whatever happens to it."""

    def __init__(
        self,
        egress: Egress,
        scratch: Scratch,
        listener: Listener,
        *,
        bytes_max: int,
        room: DiskRoom,
        limits: FetchLimits = FETCH_LIMITS,
    ) -> None:
        """`bytes_max` is for one file, `room` for all of them."""
        self._egress = egress
        self._scratch = scratch
        self._listener = listener
        self._bytes_max = bytes_max
        self._room = room
        self._limits = limits
        self._queue = DownloadQueue()
        self._urls: dict[str, str] = {}  # of jobs that wait or download
        self._tasks = OwnedTasks("engine.download_crashed")

    def ask(self, job_id: str, url: str) -> None:
        """Download the job's audio when its turn comes."""
        self._urls[job_id] = url
        self._queue.ask(job_id, url)
        self._begin()

    def release(self, job_id: str) -> None:
        """The job's file is removed: others have its room."""
        self._room.release(job_id)
        self._begin()

    def counts(self) -> dict[str, int]:
        """Return how many wait, how many are under way, and how much is on the disk."""
        return {
            "waiting": self._queue.waiting,
            "under_way": self._queue.having,
            "held_bytes": self._room.held_bytes,
            "names_looked_up": self._egress.resolver.in_flight,
            "names_waiting": self._egress.resolver.waiting,
        }

    async def close(self) -> None:
        """End all downloads; none is told of."""
        await self._tasks.close()

    def _begin(self) -> None:
        while (job_id := self._queue.following(self._room.may_begin)) is not None:
            self._room.begin(job_id)
            self._tasks.start(self._download(job_id))

    async def _download(self, job_id: str) -> None:
        self._listener.download_began(job_id)
        try:
            path = await self._fetched(job_id)
        except NoRoom:
            log.info("engine.download_put_off", job_id=job_id, held_bytes=self._room.held_bytes)
            self._room.put_off(job_id)
            self._queue.put_back(job_id)
        except AudioRefused as exc:
            self._fail(job_id, str(exc))
        except OSError as exc:  # a full disk fails this job and no other
            log.error("engine.download_failed", job_id=job_id, reason=exc.strerror)
            self._fail(job_id, NO_SPACE if is_full(exc) else NOT_STORED)
        except Exception:
            log.exception("engine.download_crashed", job_id=job_id)
            self._fail(job_id, FAILED)
        else:
            del self._urls[job_id]
            self._queue.give_back(job_id)
            self._listener.download_ended(job_id, path)
        finally:
            self._begin()

    async def _fetched(self, job_id: str) -> Path:
        """Return the file with the audio.

        Raises:
            NoRoom: The disk has no room for it as long as others are there.
            AudioRefused, OSError: As `fetch`.
        """
        progress = Progress(
            expected=lambda size: self._room.expect(job_id, size),
            brought=lambda size: self._room.grow(job_id, size),
            again=lambda: self._room.begin(job_id),
        )
        try:
            return await fetch(
                self._urls[job_id],
                egress=self._egress,
                scratch=self._scratch,
                bytes_max=self._bytes_max,
                limits=self._limits,
                progress=progress,
            )
        except OSError as exc:
            if is_full(exc) and not self._room.is_alone(job_id):
                raise NoRoom from exc
            raise

    def _fail(self, job_id: str, error: str) -> None:
        del self._urls[job_id]
        self._room.release(job_id)
        self._queue.give_back(job_id)
        self._listener.download_failed(job_id, error)
