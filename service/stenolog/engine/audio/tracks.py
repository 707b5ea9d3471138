"""Choose the track to hear, and read what its container says of its time."""

from __future__ import annotations

import re
from typing import Any

from av.stream import Disposition

MOV = "mov"  # where time zero is the presentation's own, and an edit list may begin later
# What measures its duration by bytes or by what was written last declares none.
DECLARING = frozenset(
    {MOV, "matroska", "flac", "wv", "tta", "asf", "avi", "flv", "mxf", "w64", "au", "ape", "voc"}
)
COUNTING_FROM_ZERO = frozenset({"matroska", "flv"})  # their duration is the time of the end
CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
XING_BYTES = 256  # of a frame, in which a header of the whole may stand
XING_FRAMES_FLAG = 1


def name_of(media: Any) -> str:
    """Return the first of FFmpeg's names of a container: `mov`, `matroska`, `mp3`."""
    return str(media.format.name).split(",", 1)[0]


def in_order(media: Any) -> list[Any]:
    """Return the audio tracks, the most likely first: as FFmpeg chooses.

    The default flag counts most, then the number of channels, then the order in the file.
    """

    def rank(stream: Any) -> tuple[bool, int, int]:
        default = bool(stream.disposition & Disposition.default)
        context = stream.codec_context
        return not default, -(context.channels if context is not None else 0), stream.index

    return sorted(media.streams.audio, key=rank)


def zero_of(media: Any, first: float) -> float:
    """Return when the file begins, by its own clock in seconds.

    `first` is the time of the first sound; sound that begins after all else begins late.
    """
    begins = [first]
    for stream in media.streams:
        picture = bool(stream.disposition & Disposition.attached_pic)
        if stream.type in ("audio", "video") and not picture and stream.start_time is not None:
            begins.append(float(stream.start_time * stream.time_base))
    if name_of(media) == MOV:
        begins.append(0.0)
    return min(begins)


def declared_ms(media: Any, stream: Any, head: bytes) -> int | None:
    """Return how long the track is by the file's own word; `head` are the file's first bytes."""
    name = name_of(media)
    if name == "mp3":
        seconds = _in_xing(head, stream)
    elif name not in DECLARING:
        return None
    elif name == "matroska":
        seconds = _in_tags(stream)
        alone = sum(one.type in ("audio", "video") for one in media.streams) == 1
        if seconds is None and alone and media.duration is not None:
            seconds = media.duration / 1_000_000
    elif stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = None if media.duration is None else media.duration / 1_000_000
    if seconds is not None and name in COUNTING_FROM_ZERO and stream.start_time is not None:
        seconds -= max(0.0, float(stream.start_time * stream.time_base))
    return None if seconds is None or seconds <= 0 else round(seconds * 1000)


def _in_tags(stream: Any) -> float | None:
    """Return the duration that Matroska's writers put into the statistics of a track."""
    for name, value in stream.metadata.items():
        found = CLOCK.match(value) if name.upper().startswith("DURATION") else None
        if found is not None:
            return int(found[1]) * 3_600 + int(found[2]) * 60 + float(found[3])
    return None


def _in_xing(head: bytes, stream: Any) -> float | None:
    """Return the duration that a Xing, Info or VBRI header in the first frame tells."""
    frames = 0
    for mark in (b"Xing", b"Info"):
        at = head.find(mark, 0, XING_BYTES)
        if at >= 0 and int.from_bytes(head[at + 4 : at + 8], "big") & XING_FRAMES_FLAG:
            frames = int.from_bytes(head[at + 8 : at + 12], "big")
    at = head.find(b"VBRI", 0, XING_BYTES)
    if at >= 0:
        frames = int.from_bytes(head[at + 14 : at + 18], "big")
    context = stream.codec_context
    if not frames or context is None or not context.sample_rate:
        return None
    samples = 1_152 if context.sample_rate >= 32_000 else 576  # MPEG-1, and MPEG-2 with half
    return float(frames * samples / context.sample_rate)
