"""Write a create as a form with the audio in it (RFC 7578)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

LOOK_BYTES = 12  # of the audio: enough to tell its kind

# The first bytes of each kind; a service that is given no name and type guesses worse than this.
KINDS: tuple[tuple[int, bytes, str, str], ...] = (
    (8, b"WAVE", "wav", "audio/wav"),
    (0, b"fLaC", "flac", "audio/flac"),
    (0, b"OggS", "ogg", "audio/ogg"),
    (0, b"ID3", "mp3", "audio/mpeg"),
    (4, b"ftyp", "m4a", "audio/mp4"),
    (0, b"\x1aE\xdf\xa3", "webm", "audio/webm"),
    (0, b"#!AMR", "amr", "audio/amr"),
    (0, b"\xff\xf1", "aac", "audio/aac"),
    (0, b"\xff\xf9", "aac", "audio/aac"),
    (0, b"\xff\xfb", "mp3", "audio/mpeg"),
    (0, b"\xff\xf3", "mp3", "audio/mpeg"),
    (0, b"\xff\xf2", "mp3", "audio/mpeg"),
)
OTHER = ("bin", "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAround:
    """What stands before and behind the audio's own bytes."""

    content_type: str
    before: bytes
    behind: bytes

    def size(self, audio_bytes: int) -> int:
        """Return the bytes of the whole form."""
        return len(self.before) + audio_bytes + len(self.behind)


def form_around(
    fields: Mapping[str, object], file_field: str, *, boundary: str, begins: bytes
) -> FormAround:
    """Return the form of these fields and a file; `begins` are the audio's first bytes.

    Booleans and numbers travel as JSON writes them, a list as a repeated field, and an object as
    JSON text. `boundary` must occur nowhere: a random one does not.
    """
    extension, media_type = kind_of(begins)
    parts = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            text = one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
            parts.append(f"{_head(boundary, name)}\r\n\r\n{text}\r\n")
    named = f'{_head(boundary, file_field)}; filename="audio.{extension}"'
    parts.append(f"{named}\r\nContent-Type: {media_type}\r\n\r\n")
    return FormAround(
        content_type=f"multipart/form-data; boundary={boundary}",
        before="".join(parts).encode("utf-8", "replace"),
        behind=f"\r\n--{boundary}--\r\n".encode(),
    )


def kind_of(begins: bytes) -> tuple[str, str]:
    """Return the extension and the media type of audio that begins so."""
    for at, magic, extension, media_type in KINDS:
        if begins[at : at + len(magic)] == magic:
            return extension, media_type
    return OTHER


def _head(boundary: str, name: str) -> str:
    # As browsers write names (HTML, "multipart/form-data encoding algorithm").
    plain = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{plain}"'
