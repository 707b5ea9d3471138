"""Name every view of a transcript, and shape one of them: items, or the reason why there are none.

Everything that shows or searches a transcript goes through here: the projections behind
`GET /api/v1/transcripts/{id}/{view}`, reports, exports and the index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.projections.canonical import Findings, Item, by_start
from stenolog.projections.documents import text_or_none
from stenolog.projections.rows import Reason
from stenolog.projections.shaped import findings, measures, passages, speakers, spoken
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.notes import REDACTED_HERE, Notes

TELLS_SPEAKERS_APART = ("speaker_labels", "multichannel", "dual_channel")
METHOD_VERSION = "1"  # of what is made of the words
REDACTED = "redacted"  # in `Conversation.beside`: how many texts of a member we redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view.

    Attributes:
        features: Request parameters any of which asks for it; empty when it is always asked for.
        shape: Makes its items; what it meets on the way it notes. It may raise `ProjectionFailed`.
        member: The one of the answer in which it was found.
        method: How we make it, where it is made of the words; None: the provider found it.
        analysed: Whether `source` is told.
        version: Raised whenever the same transcript gives other items.
    """

    name: str
    shape: Callable[[Conversation, Notes], Findings]
    features: tuple[str, ...] = ()
    member: str = ""
    method: str | None = None
    analysed: bool = True
    version: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """What a view shows of one transcript.

    Attributes:
        items: Ordered by `start`.
        reason: Why there are none; None where there are some, or none were found.
        beside: What is said of all items together.
        source: Who made it, see `source_of`; None where it is said and not analysed.
        warnings: Code and message of each kind of thing that was not as documented.
    """

    items: Sequence[Item]
    reason: Reason | None
    beside: Mapping[str, Any] | None = None
    source: Mapping[str, str] | None = None
    warnings: Sequence[Mapping[str, str]] = ()

    @property
    def around(self) -> dict[str, Any]:
        """What a page shows beside its items: those of the last three that there are."""
        members = {"source": self.source, "beside": self.beside, "warnings": self.warnings}
        return {name: value for name, value in members.items() if value}


_ALL = (
    View(name="words", shape=spoken.words, analysed=False),
    View(name="sentences", shape=spoken.sentences_of, method="punctuation-and-pauses"),
    View(name="paragraphs", shape=spoken.paragraphs_of, method="punctuation-and-pauses"),
    View(
        name="utterances",
        shape=spoken.utterances,
        member="utterances",
        features=TELLS_SPEAKERS_APART,
        analysed=False,
    ),
    View(
        name="speakers",
        shape=speakers.talk_of_speakers,
        features=TELLS_SPEAKERS_APART,
        method="talk-time",
    ),
    View(name="chapters", shape=findings.chapters, member="chapters", features=("auto_chapters",)),
    View(
        name="sentiment",
        shape=findings.sentiment,
        member="sentiment_analysis_results",
        features=("sentiment_analysis",),
    ),
    View(
        name="entities", shape=findings.entities, member="entities", features=("entity_detection",)
    ),
    View(
        name="content-safety",
        shape=passages.content_safety,
        member="content_safety_labels",
        features=("content_safety",),
    ),
    View(
        name="topics",
        shape=passages.topics,
        member="iab_categories_result",
        features=("iab_categories",),
    ),
    View(
        name="highlights",
        shape=findings.highlights,
        member="auto_highlights_result",
        features=("auto_highlights",),
    ),
    View(name="summary", shape=passages.summary, member="summary", features=("summarization",)),
    View(
        name="redactions",
        shape=measures.redactions,
        features=("redact_pii",),
        method="substitutes-in-words",
    ),
    View(name="quality", shape=measures.quality, method="word-confidence"),
)
VIEWS: Mapping[str, View] = {view.name: view for view in _ALL}


def shaped(name: str, said: Conversation) -> Shaped:
    """Return a view of this transcript, by the view's name.

    Raises:
        ProjectionFailed: The answer has something else where its list belongs.
    """
    view = VIEWS[name]
    notes = Notes()
    found = view.shape(said, notes)
    if not found.items:
        if view.features and not said.was_requested(view.features):
            return Shaped(items=(), reason="not_requested")
        if found.items is None:
            return Shaped(items=(), reason="unavailable")
    notes.add(REDACTED_HERE, _redacted_in(said, view.member))
    return Shaped(
        items=by_start(found.items or ()),
        reason=None,
        beside=found.beside,
        source=source_of(view, said) if view.analysed else None,
        warnings=notes.warnings(),
    )


def _redacted_in(said: Conversation, member: str) -> int:
    counts = said.beside.get(REDACTED)
    count = counts.get(member) if isinstance(counts, dict) else None
    return count if isinstance(count, int) else 0


def source_of(view: View, said: Conversation) -> dict[str, str]:
    """Return who made a view: `by` is `stenolog` or `provider`, then method and version.

    Of a provider, the method is its name and the version that of its speech model, as far as they
    are known. An analysis that was added here says so itself, in the canonical transcript.
    """
    made = said.transcript.enriched
    for feature in view.features:
        if feature in made:
            told = made[feature]
            return {"by": told["by"], "method": told["method"], "version": told["version"]}
    if view.method is not None:
        return {"by": "stenolog", "method": view.method, "version": METHOD_VERSION}
    model = text_or_none(said.answer.get("speech_model_used"))
    return {"by": "provider", "method": said.provider or "", "version": model or ""}
