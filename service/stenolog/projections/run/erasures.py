"""Notice that a transcription is erased while its events are being projected."""

from __future__ import annotations

from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.run.batches import Batch, Batches


class Erasures:
    """Remembers what was erased since the batch that is being made was begun."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._erased: set[str] = set()

    def note(self, transcription: str) -> None:
        """Note that it is erased: a batch that has read it is made again."""
        self._erased.add(transcription)
        self._batches.erase(f"{TRANSCRIPTION}{transcription}")

    def forget(self) -> None:
        """Forget everything: the next batch is begun now."""
        self._erased.clear()

    def overtake(self, batch: Batch) -> bool:
        """Tell whether a transcription of this batch was erased while the batch was made.

        Such a batch may hold erased content, so it must not be written. Nothing may be awaited
        between this check and the call that writes the batch: an erasure that comes later is then
        executed after it in the store as well.
        """
        return not self._erased.isdisjoint(batch.transcriptions)
