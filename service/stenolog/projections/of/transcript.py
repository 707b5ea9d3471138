"""Project the transcript as one piece: its text, and the answer that a surface sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.canonical import CanonicalTranscript
from stenolog.projections.documents import Document, ProjectionFailed, read_object, text_or_none
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.of.status import UNREADABLE_SENTENCE
from stenolog.projections.of.transcriptions import UNKNOWN_SENTENCE
from stenolog.projections.projection import Erased, Lost, ProjectionInput, Unreadable
from stenolog.projections.rows import PutView, StatusRow, TranscriptRow

NO_ANSWER = Document("")


class CustomerBody(Protocol):
    """Renders a surface's answer for a transcription that has ended.

    It is pure and can be pickled, because a large answer is rendered in the side process. `params`
    is the customer's request, or empty when it can no longer be read.
    """

    def completed(
        self, transcription_id: str, params: Mapping[str, Any], answer: Document
    ) -> bytes:
        """Return the answer with the provider's completed transcript."""
        ...

    def failed(
        self, transcription_id: str, params: Mapping[str, Any], error: str, answer: Document
    ) -> bytes:
        """Return the answer that says `error`; the provider's own is empty when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The whole answer of a transcription that has ended, as one surface renders it."""

    name: str
    version: int
    body: CustomerBody
    types: frozenset[str] | None = OUTCOMES
    opens: frozenset[str] = OUTCOMES

    def project(self, source: ProjectionInput, current: StatusRow | None) -> PutView:
        """Return the transcript and its body.

        Raises:
            ProjectionFailed: The provider's answer is unreadable.
        """
        match source.content:
            case Erased():
                return PutView(
                    projection=self.name, transcription=source.transcription, reason="erased"
                )
            case Lost():  # readers are told so: see `StatusRow.locked`
                return PutView(
                    projection=self.name, transcription=source.transcription, reason="failed"
                )
            case _ if isinstance(source.data, TranscriptionFailed):
                return PutView(
                    projection=self.name,
                    transcription=source.transcription,
                    reason="error",
                    transcript=self._without_text(source, _sentence(source)),
                )
            case Unreadable(reason=reason):
                raise ProjectionFailed(reason)
            case None:
                raise ProjectionFailed("the payload is missing")
            case document:
                return PutView(
                    projection=self.name,
                    transcription=source.transcription,
                    reason=None,
                    transcript=self._with_text(source, document),
                )

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        """Return an answer in `error`, so that a client that polls comes to an end."""
        if isinstance(source.data, TranscriptionCompleted | TranscriptionCompletedLate):
            return self._without_text(source, UNREADABLE_SENTENCE)
        return None

    def _with_text(self, source: ProjectionInput, document: Document) -> TranscriptRow:
        transcript = CanonicalTranscript(document)
        return TranscriptRow(
            text=transcript.text,
            confidence=transcript.confidence,
            language_code=transcript.language_code,
            words=transcript.word_count,
            body=self.body.completed(source.transcription, source.params, document),
            audio=transcript.audio,
            warnings=transcript.warnings,
        )

    def _without_text(self, source: ProjectionInput, error: str) -> TranscriptRow:
        content, answer = source.content, NO_ANSWER
        if isinstance(content, Document) and isinstance(content.get("answer"), dict):
            answer = read_object(content.written("answer"))
        transcript = CanonicalTranscript(answer)
        return TranscriptRow(
            text=None,
            confidence=None,
            language_code=None,
            words=0,
            body=self.body.failed(source.transcription, source.params, error, answer),
            audio=transcript.audio,
            warnings=transcript.warnings,
        )


def _sentence(source: ProjectionInput) -> str:
    if isinstance(source.content, Mapping):
        return text_or_none(source.content.get("error")) or UNKNOWN_SENTENCE
    return UNKNOWN_SENTENCE
