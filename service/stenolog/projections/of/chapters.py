"""Chapters, as the provider found them."""

from __future__ import annotations

from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects


def _pick(document: Answer) -> Picked:
    return Picked(items=list_of_objects(document.get("chapters"), "chapters"))


CHAPTERS = ItemsProjection(name="chapters", version=1, features=("auto_chapters",), pick=_pick)
