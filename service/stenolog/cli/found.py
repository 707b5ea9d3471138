"""Read what was found in a transcript from its views."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from stenolog.cli.answers import Answered, Checked, Count, Line
from stenolog.cli.client import ServiceClient
from stenolog.errors import NotFound

Share = float


class Times(Answered):
    """Where in the audio something is, in ms."""

    start: Count | None = None
    end: Count | None = None


class ChapterItem(Times):
    """A stretch of the conversation about one thing."""

    gist: Line | None = None
    headline: Line | None = None
    summary: Line | None = None

    @property
    def title(self) -> str:
        """What to call it."""
        return self.headline or self.gist or self.summary or ""


class SentimentItem(Times):
    """How one sentence sounds."""

    text: Line | None = None
    sentiment: Line | None = None


class EntityItem(Times):
    """A name, a place, a number and the like."""

    entity_type: Line | None = None
    text: Line | None = None


class FlagLabel(Answered):
    """Why a passage is flagged; both figures are from 0 to 1."""

    label: Line | None = None
    confidence: Share | None = None
    severity: Share | None = None


class FlagItem(Times):
    """A passage of which a reader may want to be warned."""

    text: Line | None = None
    labels: list[FlagLabel] = Field(default_factory=list)
    timestamp: Times | None = None

    @property
    def start_ms(self) -> int | None:
        """Where it begins."""
        return self.start if self.timestamp is None else self.timestamp.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in one transcript, each list in order of time."""

    chapters: list[ChapterItem]
    sentiment: list[SentimentItem]
    entities: list[EntityItem]
    flags: list[FlagItem]


async def found_in(client: ServiceClient, transcript_id: str) -> Found:
    """Return what was found.

    Raises:
        RequestError: The service says no.
    """

    async def all_of(view: str, kind: type[Checked]) -> list[Checked]:
        try:
            return await client.items(transcript_id, view, kind)
        except NotFound:  # of an older service, or deleted meanwhile
            return []

    return Found(
        chapters=await all_of("chapters", ChapterItem),
        sentiment=await all_of("sentiment", SentimentItem),
        entities=await all_of("entities", EntityItem),
        flags=await all_of("content-safety", FlagItem),
    )
