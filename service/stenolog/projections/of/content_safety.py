"""Passages that a reader may want to be warned of, and how much of each kind there is."""

from __future__ import annotations

from stenolog.projections.documents import ProjectionFailed
from stenolog.projections.of.items import Answer, ItemsProjection, Picked, list_of_objects

FIELD = "content_safety_labels"


def _pick(document: Answer) -> Picked:
    labels = document.get(FIELD)
    # Not finished or switched off, the provider says {}, null or a block with this status.
    if not labels:
        return Picked(items=None)
    if not isinstance(labels, dict):
        raise ProjectionFailed(f"{FIELD} is a JSON {type(labels).__name__}, not an object")
    items = list_of_objects(labels.get("results"), FIELD)
    if not items and labels.get("status") != "success":
        items = None
    beside = {name: value for name, value in labels.items() if name not in ("status", "results")}
    return Picked(items=items, beside=beside)


CONTENT_SAFETY = ItemsProjection(
    name="content-safety", version=1, features=("content_safety",), pick=_pick
)
