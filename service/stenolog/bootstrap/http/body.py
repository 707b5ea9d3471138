"""What has come of a request's body, and the application has not taken yet."""

from __future__ import annotations

from stenolog.bootstrap.http.asgi import Message

KEPT_BYTES_MAX = 64 << 10  # parsed and not yet taken


class Body:
    """Keeps what comes until it is taken.

    Attributes:
        is_whole: Whether the body has come to its end.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.is_whole = False
        self._kept = bytearray()
        self._taken_bytes = 0  # ever
        self._is_taken = False  # all of it, with its end

    def __bool__(self) -> bool:
        """Whether there is some of it to take; then no more is read."""
        return bool(self._kept)

    @property
    def is_full(self) -> bool:
        """Whether some of it has to be taken before more of it is parsed."""
        return len(self._kept) > KEPT_BYTES_MAX

    @property
    def is_flowing(self) -> bool:
        """Whether much of it was taken; until then it may stand in line, and little is read."""
        return self._taken_bytes >= KEPT_BYTES_MAX

    def add(self, piece: bytes) -> None:
        """Some of it has come."""
        self._kept += piece

    def drop(self) -> None:
        """Keep nothing of what came: nobody takes it any more."""
        self._kept = bytearray()

    def taken(self) -> Message | None:
        """Take what is there, as ASGI's message; None while there is nothing to be told."""
        if not self._kept and (self._is_taken or not self.is_whole):
            return None
        body, self._kept = bytes(self._kept), bytearray()
        self._taken_bytes += len(body)
        self._is_taken = self.is_whole
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}
