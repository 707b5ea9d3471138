"""Hold what `stenolog doctor` says of one thing that it examined."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined.

    Attributes:
        holds: True: well; None: worth knowing; False: to be mended.
        advice: What to do about it; empty when there is nothing to do.
    """

    what: str
    holds: bool | None
    said: str
    advice: str = ""
