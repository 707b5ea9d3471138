"""List the views that are lists of items, in the order in which they are shown."""

from __future__ import annotations

from stenolog.projections.of.items import ItemsProjection
from stenolog.projections.shaped.views import VIEWS

LISTS = tuple(ItemsProjection(name=view.name, version=view.version) for view in VIEWS.values())
ITEM_VIEWS = tuple(one.name for one in LISTS)
