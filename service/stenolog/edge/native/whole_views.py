"""Read the views of one transcript from beginning to end, as far as a page can show them."""

from __future__ import annotations

from stenolog.edge.report.reading import ViewItems
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.pages import ITEMS_PER_PAGE_MAX
from stenolog.projections.views import ViewReader

# What was said: the first of these that has items. The others stand in where nobody told the
# speakers apart.
SAID = ("utterances", "paragraphs", "words")
FOUND = (
    "chapters",
    "sentiment",
    "entities",
    "content-safety",
    "topics",
    "highlights",
    "summary",
)
ITEMS_MAX = 20_000  # of one view: 30,000 words of 40 speakers have fewer turns
ITEMS_BYTES_MAX = 16 << 20  # of all of them


class WholeViews:
    """Reads what was said, and all that was found in it."""

    def __init__(
        self,
        views: ViewReader,
        *,
        items_max: int = ITEMS_MAX,
        bytes_max: int = ITEMS_BYTES_MAX,
    ) -> None:
        self._views = views
        self._items_max = items_max
        self._bytes_max = bytes_max

    async def read(self, transcription_id: str) -> tuple[dict[str, ViewItems], bool]:
        """Return the views by name, and whether some of their items are left out.

        Raises:
            KeyMissing: There are some, and their key was destroyed or lost.
            StoreUnavailable: They cannot be read.
        """
        views: dict[str, ViewItems] = {}
        bytes_left, left_out = self._bytes_max, False
        for name in (*SAID, *FOUND):
            is_said = any(views[one].items for one in SAID if one in views)
            if name not in ITEM_VIEWS or (name in SAID and is_said):
                continue
            if bytes_left <= 0:
                left_out = True
                break
            views[name], more = await self._whole(transcription_id, name, bytes_left)
            bytes_left -= sum(map(len, views[name].items))
            left_out = left_out or more
        return views, left_out

    async def _whole(
        self, transcription_id: str, view: str, bytes_left: int
    ) -> tuple[ViewItems, bool]:
        """Return a view's items, and whether there are more."""
        items: list[bytes] = []
        after = 0
        while True:
            limit = min(ITEMS_PER_PAGE_MAX, self._items_max - len(items))
            page = await self._views.items(transcription_id, view, after=after, limit=limit)
            items += page.items
            bytes_left -= sum(map(len, page.items))
            if page.next is None or len(items) >= self._items_max or bytes_left <= 0:
                break
            after = page.next
        found = ViewItems(items=tuple(items), reason=page.reason, around=page.around)
        return found, page.next is not None
