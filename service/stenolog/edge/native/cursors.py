"""Name the place behind a list's page, for one log in one epoch: elsewhere it means other items."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from uuid import UUID

from stenolog.errors import InvalidRequest
from stenolog.log.format import LogIdentity

FORMAT = b"\x01"
MARK_BYTES = 8
NUMBER_BYTES, ID_BYTES = 8, 16
NUMBER_MAX = 2**63 - 1  # SQLite's own
CHARS_MAX = 64
NO_CURSOR = "must be the `next` of an earlier page"
STRANGE = (
    "is the `next` of another log, or from before this one was restored: begin with the first page"
)


class Cursors:
    """Makes and reads the cursors of one log in its present epoch; they hold nothing secret."""

    def __init__(self, identity: LogIdentity) -> None:
        named = f"stenolog cursor {identity.log_id}/{identity.epoch_name}".encode()
        self._mark = hashlib.sha256(named).digest()[:MARK_BYTES]

    def of_number(self, number: int) -> str:
        """Return the cursor behind this position, version or item."""
        return self._made(number.to_bytes(NUMBER_BYTES, "big"))

    def of_id(self, identifier: str) -> str:
        """Return the cursor behind the thing with this UUID."""
        return self._made(UUID(identifier).bytes)

    def of_numbers(self, numbers: Sequence[int]) -> str:
        """Return the cursor behind a place that takes several numbers to name."""
        return self._made(b"".join(one.to_bytes(NUMBER_BYTES, "big") for one in numbers))

    def number(self, cursor: str) -> int:
        """Return the number in a cursor.

        Raises:
            InvalidRequest: It is no such cursor, or one of another log or epoch.
        """
        number = int.from_bytes(self._read(cursor, NUMBER_BYTES), "big")
        if number > NUMBER_MAX:
            raise InvalidRequest(NO_CURSOR)
        return number

    def numbers(self, cursor: str, count: int) -> tuple[int, ...]:
        """Return the `count` numbers in a cursor; raises as `number`."""
        raw = self._read(cursor, count * NUMBER_BYTES)
        pieces = (raw[at : at + NUMBER_BYTES] for at in range(0, len(raw), NUMBER_BYTES))
        found = tuple(int.from_bytes(one, "big") for one in pieces)
        if max(found) > NUMBER_MAX:
            raise InvalidRequest(NO_CURSOR)
        return found

    def identifier(self, cursor: str) -> str:
        """Return the UUID in a cursor; raises as `number`."""
        return str(UUID(bytes=self._read(cursor, ID_BYTES)))

    def _made(self, place: bytes) -> str:
        return base64.urlsafe_b64encode(FORMAT + self._mark + place).decode().rstrip("=")

    def _read(self, cursor: str, length: int) -> bytes:
        raw = b""
        if len(cursor) <= CHARS_MAX:
            try:
                raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            except (binascii.Error, ValueError):
                raw = b""
        mark, place = raw[1 : 1 + MARK_BYTES], raw[1 + MARK_BYTES :]
        if raw[:1] != FORMAT or len(place) != length:
            raise InvalidRequest(NO_CURSOR)
        if mark != self._mark:
            raise InvalidRequest(STRANGE)
        return place
