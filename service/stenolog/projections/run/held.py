"""Read what is held for now, however much it is."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.projections.views import ViewWriter

HELD_PER_PAGE = 256  # transcriptions that are read in one call
HELD_PAGES_MAX = 256  # the others have their turn when some of these are done


async def read_held(views: ViewWriter) -> Mapping[str, Mapping[str, int]]:
    """Return, by transcription, the position that each projection holds; the oldest come first.

    Raises:
        StoreUnavailable: The views cannot be read now.
    """
    held: dict[str, dict[str, int]] = {}
    after = 0
    for _ in range(HELD_PAGES_MAX):
        page = await views.held_for_now(HELD_PER_PAGE, after=after)
        for transcription, positions in page.items():
            held.setdefault(transcription, {}).update(positions)
            after = max(after, *positions.values())
        if len(page) < HELD_PER_PAGE:
            break
    return held
