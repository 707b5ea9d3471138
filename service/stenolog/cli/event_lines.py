"""Write an event as one line of at most eighty columns."""

from __future__ import annotations

import json

from stenolog.cli.words import COLUMNS, one_line
from stenolog.compliance.browsing import BrowsableRecords
from stenolog.compliance.records import StoredRow
from stenolog.errors import SchemaTooNew, StoreError
from stenolog.log.actors import DELIVERY, OPERATOR, PROVIDER, RECONCILER, SYSTEM
from stenolog.log.event import event_from_bytes
from stenolog.log.events.api_keys import API_KEY
from stenolog.log.events.logs import LOG
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.uploads import UPLOAD

ADVICE = "run `stenolog log verify`"
ACTORS = {
    RECONCILER: "reconciler",
    PROVIDER: "provider",
    DELIVERY: "delivery",
    SYSTEM: "system",
    OPERATOR: "operator",
}
ACTORS_KEPT_MAX = 1_000
ID_COLUMNS = 13  # of a UUIDv7 the whole time: enough for --stream


class EventLines:
    """Writes lines, and remembers the names of who acted."""

    def __init__(self, records: BrowsableRecords) -> None:
        """`records` knows the API keys' names."""
        self._records = records
        self._names: dict[str, str] = {}

    def line(self, row: StoredRow) -> str:
        """Return position, time, type, the beginning of the stream's id, and who acted."""
        try:
            event = event_from_bytes(row.stored)
            text = (
                f"{event.position:>6} {event.time[:19].replace('T', ' ')} {event.type:<28} "
                f"{short(event.stream)} {self._actor(event.actor)}"
            )
        except (ValueError, TypeError, SchemaTooNew):
            return f"{row.position:>6} (damaged: {ADVICE})"
        text = one_line(text)
        return text if len(text) <= COLUMNS else text[: COLUMNS - 1] + "\N{HORIZONTAL ELLIPSIS}"

    def _actor(self, actor: str) -> str:
        named = ACTORS.get(actor) or self._names.get(actor)
        if named is not None:
            return named
        try:
            named = self._records.key_name(actor) or short(actor)
        except StoreError:
            named = short(actor)
        if len(self._names) >= ACTORS_KEPT_MAX:
            self._names.clear()
        self._names[actor] = named
        return named


def short(stream: str) -> str:
    """Return the beginning of the id in a stream's name."""
    for category in (TRANSCRIPTION, UPLOAD, API_KEY, LOG):
        if stream.startswith(category):
            stream = stream.removeprefix(category)
            break
    return f"{stream[:ID_COLUMNS]:<{ID_COLUMNS}}"


def as_json(row: StoredRow) -> str:
    """Return the event as it is stored, or that it is damaged."""
    try:
        event_from_bytes(row.stored)
        return row.stored.decode()
    except (ValueError, TypeError, SchemaTooNew):
        return json.dumps({"position": row.position, "damaged": ADVICE})
