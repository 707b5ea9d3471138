"""Who said what, turn by turn, as the provider cut it."""

from __future__ import annotations

from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects

TELLS_SPEAKERS_APART = ("speaker_labels", "multichannel", "dual_channel")


def _pick(document: Answer) -> Picked:
    return Picked(items=list_of_objects(document.get("utterances"), "utterances"))


UTTERANCES = ItemsProjection(
    name="utterances", version=1, features=TELLS_SPEAKERS_APART, pick=_pick
)
