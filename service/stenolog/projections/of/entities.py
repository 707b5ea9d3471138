"""Names, places, numbers and the like that were spoken of."""

from __future__ import annotations

from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects


def _pick(document: Answer) -> Picked:
    return Picked(items=list_of_objects(document.get("entities"), "entities"))


ENTITIES = ItemsProjection(name="entities", version=1, features=("entity_detection",), pick=_pick)
