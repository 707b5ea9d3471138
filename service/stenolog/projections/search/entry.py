"""Declare what the search index keeps of one transcription."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stenolog.projections.search.passages import Passage

FindingKind = Literal["entity", "topic", "content_safety", "sentiment"]
"""What was found in a transcript and is counted across transcripts."""

FINDINGS_MAX = 20_000  # different ones of one transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was found in a transcript, once or more often.

    Attributes:
        label: The type of an entity, the label of a topic or passage, the sentiment.
        text: Of an entity, as it was said; else empty.
        speaker: Of an entity; None where nobody is told apart.
        count: How often.
        weight: The relevance of a topic, the greatest severity of a passage; else 0.
    """

    kind: FindingKind
    label: str
    text: str = ""
    speaker: str | None = None
    count: int = 1
    weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Have a transcription found by what was said in it, in place of what it was found by before.

    Attributes:
        position: Of the event with its result.
        created_at: When it was asked for: RFC 3339, six digits, Z.
        subject: As the customer gave it.
        metadata: Its members, as `members.members_of` returns them.
    """

    transcription: str
    tenant: str
    position: int
    created_at: str
    subject: str | None
    metadata: tuple[str, ...] = ()
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Have a transcription found no more.

    Attributes:
        failed: Why it could not be indexed, without content, and at which position; None: it was
            erased.
    """

    transcription: str
    failed: tuple[int, str] | None = None


Change = Put | Drop
