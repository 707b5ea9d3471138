"""Tell the form of a browser or of `curl -F` from the file that is meant (RFC 7578)."""

from __future__ import annotations

BOUNDARY_BEGINS = b"--"
PART_HEADER = b"content-disposition: form-data"
LOOK_BYTES = 1_024  # a boundary has 70 characters at most, and its first part's header follows
ADVICE = "send the file's own bytes as the body, not a form"


def is_form(head: bytes) -> bool:
    """Tell whether a body whose first `LOOK_BYTES` are `head` is a form with a file in it."""
    return head.startswith(BOUNDARY_BEGINS) and PART_HEADER in head[:LOOK_BYTES].lower()
