"""Every word with its times; always asked for."""

from __future__ import annotations

from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects


def _pick(document: Answer) -> Picked:
    return Picked(items=list_of_objects(document.get("words"), "words"))


WORDS = ItemsProjection(name="words", version=1, features=(), pick=_pick)
