"""List the views that are lists of items, in the order in which they are shown."""

from __future__ import annotations

from stenolog.projections.canonical import CanonicalTranscript
from stenolog.projections.of.items import ItemsProjection
from stenolog.projections.of.speakers import talk_of_speakers

TELLS_SPEAKERS_APART = ("speaker_labels", "multichannel", "dual_channel")

LISTS = (
    ItemsProjection(name="words", version=1, features=(), pick=CanonicalTranscript.words),
    ItemsProjection(
        name="utterances",
        version=1,
        features=TELLS_SPEAKERS_APART,
        pick=CanonicalTranscript.utterances,
    ),
    ItemsProjection(
        name="speakers", version=1, features=TELLS_SPEAKERS_APART, pick=talk_of_speakers
    ),
    ItemsProjection(
        name="chapters", version=1, features=("auto_chapters",), pick=CanonicalTranscript.chapters
    ),
    ItemsProjection(
        name="sentiment",
        version=1,
        features=("sentiment_analysis",),
        pick=CanonicalTranscript.sentiments,
    ),
    ItemsProjection(
        name="entities",
        version=1,
        features=("entity_detection",),
        pick=CanonicalTranscript.entities,
    ),
    ItemsProjection(
        name="content-safety",
        version=1,
        features=("content_safety",),
        pick=CanonicalTranscript.content_safety,
    ),
)
ITEM_VIEWS = tuple(one.name for one in LISTS)
