"""Make of a transcription's result what it is found by; pure, so that it runs in any process."""

from __future__ import annotations

from stenolog.log.events.request_payload import request_in
from stenolog.projections.documents import Document, ProjectionFailed, text_or_none
from stenolog.projections.of.items import COMPLETED
from stenolog.projections.projection import Erased, Lost, Unreadable
from stenolog.projections.run.registry import OpenedEvent, source_of
from stenolog.projections.search.entry import Change, Drop, Put
from stenolog.projections.search.findings import findings_of
from stenolog.projections.search.members import members_of
from stenolog.projections.search.passages import passages_of

KEY_LOST = "its key is lost"


def indexed(opened: OpenedEvent, created_at: str) -> Change:
    """Return what a completed transcription changes in the index.

    `created_at` is when it was asked for. What cannot be read is told as such, without content.
    """
    assert opened.event.type in COMPLETED
    position = opened.event.position
    try:
        source = source_of(opened)
        if isinstance(source, ProjectionFailed):
            raise source
        match source.content:
            case Document():
                assert source.conversation is not None, "a completed transcript is shaped"
                asked = request_in(source.request)
                return Put(
                    transcription=opened.transcription,
                    tenant=opened.event.tenant,
                    position=position,
                    created_at=created_at,
                    subject=text_or_none(asked.subject),
                    metadata=members_of(asked.metadata),
                    passages=passages_of(source.conversation),
                    findings=findings_of(source.conversation),
                )
            case Erased():
                return Drop(transcription=opened.transcription)
            case Lost():
                raise ProjectionFailed(KEY_LOST)
            case Unreadable(reason=reason):
                raise ProjectionFailed(reason)
            case None:
                raise ProjectionFailed("the payload is missing")
    except ProjectionFailed as exc:
        return Drop(transcription=opened.transcription, failed=(position, str(exc)))
    except MemoryError:
        raise  # it says nothing of the event
    except Exception as exc:  # a mistake of ours may leave out one transcription, never the others
        reason = f"{type(exc).__name__} while it was indexed"
        return Drop(transcription=opened.transcription, failed=(position, reason))
