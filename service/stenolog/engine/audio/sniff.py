"""Guess a file's type from its first bytes, for an error message: `text/html (HTML document)`."""

from __future__ import annotations

from stenolog.wire.forms import ADVICE, is_form

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
# The beginnings of containers of sound that cannot be read, and where in the file they stand.
UNREAD: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MThd", "audio/midi (MIDI, which has notes and no sound)"),
    (0, b".RMF", "application/vnd.rn-realmedia (RealMedia, which is not supported)"),
    (0, b".ra\xfd", "audio/x-pn-realaudio (RealAudio, which is not supported)"),
    (0, b"DSD ", "audio/x-dsf (DSF, which is not supported)"),
    (0, b"FRM8", "audio/x-dff (DSDIFF, which is not supported)"),
    (0, b"MPCK", "audio/x-musepack (Musepack, which is not supported)"),
    (0, b"MP+", "audio/x-musepack (Musepack, which is not supported)"),
    (0, b"OFR ", "audio/x-ofr (OptimFROG, which is not supported)"),
    (0, b"tBaK", "audio/x-tak (TAK, which is not supported)"),
    (0, b"ajkg", "audio/x-shorten (Shorten, which is not supported)"),
    (0, b"\x7f\xfe\x80\x01", "audio/vnd.dts (DTS, which is not supported)"),
    (0, b"\xac\x40", "audio/ac4 (AC-4, which is not supported)"),
    (0, b"\xac\x41", "audio/ac4 (AC-4, which is not supported)"),
    (0, b"NIST_1A", "audio/x-nist (NIST SPHERE, which is not supported)"),
    (0, b"#!SILK_V3", "audio/silk (SILK, which is not supported)"),
    (1, b"#!SILK_V3", "audio/silk (SILK, which is not supported)"),
    (0, b"#!G7221", "audio/g7221 (G.722.1, which is not supported)"),
    (0, b".SoX", "audio/x-sox (SoX, which is not supported)"),
    (0, b"XoS.", "audio/x-sox (SoX, which is not supported)"),
    (0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "video/x-ms-wtv (WTV, which is not supported)"),
    (0, b"CWS", "application/x-shockwave-flash (Flash, which is not supported)"),
    (0, b"FWS", "application/x-shockwave-flash (Flash, which is not supported)"),
    (0, b"Rar!", "application/vnd.rar (RAR archive)"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed (7-Zip archive)"),
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
    (0, b"riff\x2e\x91\xcf\x11"),  # Wave64
    (0, b"wvpk"),
    (0, b"TTA1"),
    (0, b"TTA2"),
    (0, b"MAC "),  # Monkey's Audio
    (0, b"\x02dss"),
    (0, b"\x03dss"),
    (0, b"Creative Voice File\x1a"),
    (0, b"\x06\x0e\x2b\x34"),  # MXF
    (0, b"\x00\x00\x01\xba"),  # MPEG programme stream
    (4, b"moov"),  # QuickTime before there were file types
    (4, b"mdat"),
    (4, b"wide"),
    (4, b"free"),
)
TS_SYNC = 0x47
TS_PACKETS = (188, 192, 204)  # bare, with a time code in front, with a checksum behind
TS_LOOK_BYTES = 1_024
TS_IN_ROW = 4
UNKNOWN = "application/octet-stream (data)"
TEXT = "text/plain (text)"
_NOT_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def kind_of_document(head: bytes) -> str | None:
    """Return what a file is instead of audio, from `SNIFF_BYTES`; None when it may be audio."""
    for mark, kind in MARKS:
        if head.startswith(mark) and not (mark == b"BM" and _is_text(head)):
            return kind
    if is_form(head):
        return f"multipart/form-data (a form around the file: {ADVICE})"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml") and b"<svg" in start:
        return "image/svg+xml (SVG image, a format that is not allowed)"
    for mark, kind in DOCUMENTS:
        if start.startswith(mark) and _is_text(head):
            return kind
    # Ogg, FLAC and the other containers begin with text, but none is text all the way.
    return TEXT if head and _is_text(head) else None


def unread_kind(head: bytes) -> str:
    """Return what a file is of which FFmpeg knows nothing: named by its beginning if it can be."""
    for place, mark, kind in UNREAD:
        if head[place:].startswith(mark):
            return kind
    return UNKNOWN


def is_container(head: bytes) -> bool:
    """Tell whether a file begins like an accepted container; raw MP3 and AAC do not show."""
    return any(head[place:].startswith(mark) for place, mark in CONTAINERS) or _is_transport(head)


def _is_transport(head: bytes) -> bool:
    """Tell whether packets of an MPEG transport stream follow each other."""
    for length in TS_PACKETS:
        for start in range(min(length, TS_LOOK_BYTES)):
            row = head[start : start + length * TS_IN_ROW : length]
            if len(row) == TS_IN_ROW and all(byte == TS_SYNC for byte in row):
                return True
    return False


def _is_text(head: bytes) -> bool:
    if head.translate(None, _NOT_TEXT) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as exc:
        # The last character may be cut by the end of what was read.
        return exc.start >= len(head) - 3 and len(head) >= SNIFF_BYTES - 3
    return True
