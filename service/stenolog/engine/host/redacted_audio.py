"""Keep redacted audio on disk, as long as its job is remembered and there is room."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

REDACTED_BYTES_MAX = 4 << 30  # of all files: 140 hours of MP3
TOKEN_BYTES = 24  # the URL is a capability: it cannot be guessed
PREFIX = "/redacted/"
MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}


class RedactedFiles:
    """One file for each job that asked for redacted audio; the oldest go first."""

    def __init__(self, folder: Path, base_url: str, *, bytes_max: int = REDACTED_BYTES_MAX) -> None:
        """`folder` is emptied by whoever owns it; `base_url` is what links begin with."""
        self._folder = folder
        self._base_url = base_url
        self._bytes_max = bytes_max
        self._names: dict[str, str] = {}  # by job, the oldest first
        self._sizes: dict[str, int] = {}

    def begin(self, job_id: str, quality: str) -> None:
        """Make room for a new file; what there was of an earlier attempt is gone."""
        self.drop([job_id])
        self._names[job_id] = f"{secrets.token_urlsafe(TOKEN_BYTES)}.{quality}"
        self._sizes[job_id] = 0

    def write(self, job_id: str, piece: bytes) -> None:
        """Append to the job's file; others are dropped where all would be too large.

        Raises:
            OSError: The disk is full.
        """
        self._sizes[job_id] += len(piece)
        for other in [one for one in self._names if one != job_id]:
            if sum(self._sizes.values()) <= self._bytes_max:
                break
            self.drop([other])
        with self._path(self._names[job_id]).open("ab") as file:
            file.write(piece)

    def drop(self, job_ids: Iterable[str]) -> None:
        """Remove the files of these jobs, where there are any."""
        for job_id in job_ids:
            self._sizes.pop(job_id, None)
            name = self._names.pop(job_id, None)
            if name is not None:
                self._path(name).unlink(missing_ok=True)

    def url(self, job_id: str) -> str | None:
        """Return where the job's file is to be had; None when it is not kept."""
        name = self._names.get(job_id)
        return None if name is None else f"{self._base_url}{PREFIX}{name}"

    def find(self, name: str) -> Path | None:
        """Return the file of the last part of a URL; None when there is none such."""
        known = any(
            secrets.compare_digest(name.encode(), one.encode()) for one in self._names.values()
        )
        return self._path(name) if known else None

    def _path(self, name: str) -> Path:
        return self._folder / f"redacted-{name}"
