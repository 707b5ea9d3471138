"""Choose how long a transcription is kept: by its request, else its key, its tenant, a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.clock import microseconds, rfc3339
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import InvalidRequest

KEEP = "keep"
"""Named in the place of a class: kept until somebody deletes it, whatever the defaults are."""


DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionClasses:
    """The classes that can be named.

    Attributes:
        days: Of each class.
        default: The class of what names none; None: kept.
    """

    days: Mapping[str, int]
    default: str | None = None

    def days_of(self, asked: str | None, *defaults: str | None) -> int | None:
        """Return the days of the first class that is named; None: it is kept.

        Raises:
            InvalidRequest: There is no such class. A default that is gone is no reason to keep
                what was to go: the operator has to say what its days are.
        """
        named = next((one for one in (asked, *defaults, self.default) if one is not None), KEEP)
        return None if named == KEEP else self.days[self.checked("retention", named)]

    def checked(self, field: str, asked: str) -> str:
        """Return the name of a class, or `KEEP`.

        Raises:
            InvalidRequest: There is no such class.
        """
        if asked != KEEP and asked not in self.days:
            known = ", ".join((*sorted(self.days), KEEP))
            problem = f"must be one of: {known} (STENOLOG_RETENTION_CLASSES)"
            raise InvalidRequest(f"{field} {problem}", [(field, problem)])
        return asked


def erase_at_of(state: Transcription) -> str | None:
    """Return when the retention of a transcription ends, RFC 3339; None: it is kept."""
    if state.retention_days is None:
        return None
    return rfc3339(microseconds(state.requested_at) + state.retention_days * DAY_US)
