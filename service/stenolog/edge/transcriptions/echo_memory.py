"""Remember what open requests are answered with, and nothing of what was erased."""

from __future__ import annotations

from stenolog.bounded import BoundedMemory

ECHOES_MAX = 4_096
ECHOES_BYTES_MAX = 8 << 20
ECHOES_MS_MAX = 600_000
ERASED_MAX = 16_384  # more than can be asked for by polls that began before their erasure


class EchoMemory:
    """Bytes by transcription; any may be gone at any time."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: BoundedMemory[str, bytes] = BoundedMemory(
            ECHOES_MAX, age_ms_max=ECHOES_MS_MAX, bytes_max=ECHOES_BYTES_MAX, size_of=len
        )
        self._erased: BoundedMemory[str, bool] = BoundedMemory(ERASED_MAX)

    def __len__(self) -> int:
        """Count the echoes."""
        return len(self._kept)

    def get(self, transcription_id: str) -> bytes | None:
        """Return the echo; None when it is not known."""
        return self._kept.get(transcription_id)

    def keep(self, transcription_id: str, echo: bytes) -> None:
        """Remember the echo, unless it was erased while it was made."""
        if transcription_id not in self._erased and transcription_id not in self._kept:
            self._kept.put(transcription_id, echo)

    def erase(self, transcription_id: str) -> None:
        """Forget the echo, and keep none that is being made."""
        self._erased.put(transcription_id, True)
        self._kept.pop(transcription_id)
