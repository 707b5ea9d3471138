"""Guess a file's type from its first bytes, for an error message: `text/html (HTML document)`."""

from __future__ import annotations

SNIFF_BYTES = 4_096  # enough for every mark below and for telling text from data

# Marks at the beginning of files that are often sent in place of audio.
MARKS: tuple[tuple[bytes, str], ...] = (
    (b"#EXTM3U", "application/vnd.apple.mpegurl (HLS playlist, a format that is not allowed)"),
    (b"ffconcat", "text/plain (concat list, a format that is not allowed)"),
    (b"\x89PNG\r\n", "image/png (PNG image)"),
    (b"\xff\xd8\xff", "image/jpeg (JPEG image)"),
    (b"GIF8", "image/gif (GIF image)"),
    (b"BM", "image/bmp (BMP image)"),
    (b"%PDF-", "application/pdf (PDF document)"),
    (b"PK\x03\x04", "application/zip (Zip archive)"),
    (b"\x1f\x8b", "application/gzip (gzip archive)"),
    (b"\x7fELF", "application/x-executable (ELF program)"),
)
# The beginning of a document in text, lower case, behind white space and a byte order mark.
DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "text/html (HTML document)"),
    (b"<html", "text/html (HTML document)"),
    (b"<svg", "image/svg+xml (SVG image, a format that is not allowed)"),
    (b"<?xml", "text/xml (XML document)"),
    (b"[playlist]", "audio/x-scpls (playlist, a format that is not allowed)"),
    (b"{", "application/json (JSON document)"),
)
# The beginnings of the accepted containers, and where in the file they stand.
CONTAINERS: tuple[tuple[int, bytes], ...] = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"ID3"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (4, b"ftyp"),
    (0, b"\x1aE\xdf\xa3"),  # Matroska and WebM
    (0, b"FORM"),
    (0, b"caff"),
    (0, b".snd"),
    (0, b"#!AMR"),
    (0, b"\x30\x26\xb2\x75"),  # ASF
    (0, b"FLV"),
)
UNKNOWN = "application/octet-stream (data)"
TEXT = "text/plain (text)"
_NOT_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def kind_of_document(head: bytes) -> str | None:
    """Return what a file is instead of audio, from `SNIFF_BYTES`; None when it may be audio."""
    for mark, kind in MARKS:
        if head.startswith(mark) and not (mark == b"BM" and _is_text(head)):
            return kind
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml") and b"<svg" in start:
        return "image/svg+xml (SVG image, a format that is not allowed)"
    for mark, kind in DOCUMENTS:
        if start.startswith(mark) and _is_text(head):
            return kind
    # Ogg, FLAC and the other containers begin with text, but none is text all the way.
    return TEXT if head and _is_text(head) else None


def is_container(head: bytes) -> bool:
    """Tell whether a file begins like an accepted container; raw MP3 and AAC do not show."""
    return any(head[place:].startswith(mark) for place, mark in CONTAINERS)


def _is_text(head: bytes) -> bool:
    if head.translate(None, _NOT_TEXT) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as exc:
        # The last character may be cut by the end of what was read.
        return exc.start >= len(head) - 3 and len(head) >= SNIFF_BYTES - 3
    return True
