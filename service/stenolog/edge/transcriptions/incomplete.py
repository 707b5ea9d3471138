"""Say on a list that it may lack what is older, while lost views are filled."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.projections.views import ViewReader

INCOMPLETE = "Stenolog-Incomplete"
FILLING = "older transcriptions are being read from the log"


async def incomplete(views: ViewReader) -> Mapping[str, str]:
    """Return the headers of a list that is read after this: none when it will have all.

    Raises:
        StoreUnavailable: The views cannot be read.
    """
    return {INCOMPLETE: FILLING} if await views.is_filling() else {}
