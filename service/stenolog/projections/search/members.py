"""Name the members of a request's metadata by which its transcript is found."""

from __future__ import annotations

import json

MEMBERS_MAX = 32  # of one transcript, the first; each stands beside every passage in the index


def members_of(metadata: object) -> tuple[str, ...]:
    """Return each of its members as one text, the same however its JSON was written."""
    if not isinstance(metadata, dict):
        return ()
    return tuple(
        json.dumps({name: value}, sort_keys=True, separators=(",", ":"))
        for name, value in list(metadata.items())[:MEMBERS_MAX]
    )
