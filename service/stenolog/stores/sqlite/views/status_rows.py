"""Split a transcription's row into columns in clear and one sealed box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from stenolog.errors import KeyMissing, PayloadDamaged
from stenolog.projections.rows import StatusRow
from stenolog.stores.sqlite.views.boxes import Boxes, Place

# What a payload says, or may say: a job's handle stands in one where its form is unusual.
CONTENT_COLUMNS = (
    "provider_job",
    "error",
    "audio_url",
    "subject",
    "metadata",
    "webhook_address",
    "unknown",
)
CLEAR_COLUMNS = tuple(
    field.name
    for field in fields(StatusRow)
    if field.name not in CONTENT_COLUMNS and field.name != "locked"
)
SELECT_STATUS = f"SELECT generation, box, {', '.join(CLEAR_COLUMNS)} FROM transcriptions"  # noqa: S608  column names are ours
ID_COLUMN = 2 + CLEAR_COLUMNS.index("id")


def sealed_details(boxes: Boxes, generation: int, row: StatusRow) -> bytes | None:
    """Return what is content in the row; None when there is nothing left, or no key."""
    if row.erased:
        return None
    content = (getattr(row, name) for name in CONTENT_COLUMNS)
    encoded = tuple(None if one is None else one.encode() for one in content)
    return boxes.seal(_place(generation, row.id, row.version), encoded)


def opened_status(values: Sequence[object], boxes: Boxes) -> StatusRow:
    """Return the row of what `SELECT_STATUS` found; `locked` where its content does not open."""
    generation, box, *clear = values
    named = dict(zip(CLEAR_COLUMNS, clear, strict=True))
    if box is None:
        return _row(named, locked=not named["erased"])
    assert isinstance(generation, int)
    assert isinstance(box, bytes)
    place = _place(generation, str(named["id"]), int(str(named["version"])))
    try:
        content = boxes.open(place, box)
    except (KeyMissing, PayloadDamaged):
        return _row(named, locked=True)
    decoded = [None if one is None else one.decode() for one in content]
    return _row(named | dict(zip(CONTENT_COLUMNS, decoded, strict=True)), locked=False)


def _row(named: dict[str, object], *, locked: bool) -> StatusRow:
    named |= {"erased": bool(named["erased"]), "locked": locked}
    return StatusRow(**named)  # type: ignore[arg-type]  # the STRICT table holds these types


def _place(generation: int, transcription: str, version: int) -> Place:
    return Place(generation=generation, name="details", transcription=transcription, number=version)
