"""Decode media of any accepted container to mono audio at 16 kHz; bytes may be hostile.

Runs in a worker process only. FFmpeg gets an open file and a list of allowed demuxers. It never
sees a path or a URL, so a playlist can make it neither connect nor read other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

import av
import numpy as np

from stenolog.engine import audio_errors
from stenolog.engine.audio.hearing import Hearing, Recording, Unheard
from stenolog.engine.audio.level import bring_to_level
from stenolog.engine.audio.parts import Part, parts_of
from stenolog.engine.audio.sniff import SNIFF_BYTES, is_container, kind_of_document, unread_kind
from stenolog.engine.audio.spliced import bytes_at
from stenolog.engine.audio.tags import leading_tags_end
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.techniques import Heartbeat, Waveform

TRACKS_MAX = 8  # of a file are tried


def decode(file: BinaryIO, *, audio_ms_max: int, alive: Heartbeat) -> Recording:
    """Decode `file`: a truncated one as far as it goes; missing packets become silence.

    The track is the first that can be decoded and is not silent, in the order of FFmpeg: the
    default first, then the one with most channels. When all are silent, it is the first of them.
    It is brought to the level that the models know; a silent one stays as it is.

    Raises:
        AudioRefused: Not media, no audio in it, an odd format, too short, or over `audio_ms_max`.
    """
    head = _checked_beginning(file, alive)
    with _library(head):
        return _heard(file, parts_of(file, alive), audio_ms_max, alive)


def decode_channel(
    file: BinaryIO, channel: int, *, rank: int, audio_ms_max: int, alive: Heartbeat
) -> Waveform | None:
    """Decode one channel, counted from 0, of the track that `decode` has heard; None: it is silent.

    It is brought to the models' level by itself: who speaks low is heard as well as who does not.

    Raises:
        AudioRefused: As `decode`.
    """
    head = _checked_beginning(file, alive)
    with _library(head):
        parts = parts_of(file, alive)
        hearing = Hearing(file, rank, audio_ms_max=audio_ms_max, alive=alive, channel=channel)
        try:
            hearing.listen(parts)
        except Unheard as exc:
            raise exc.refused from exc
        found = hearing.recording(parts)
        if found.facts.silent:
            return None
        bring_to_level(found.audio)
        return found.audio


def _heard(
    file: BinaryIO, parts: tuple[Part, ...], audio_ms_max: int, alive: Heartbeat
) -> Recording:
    refused: AudioRefused | None = None
    silent: Recording | None = None
    passed: list[int] = []
    for rank in range(TRACKS_MAX):
        hearing = Hearing(file, rank, audio_ms_max=audio_ms_max, alive=alive)
        try:
            hearing.listen(parts)
        except Unheard as exc:
            refused = refused or exc.refused
        except av.error.FFmpegError as exc:
            if not rank or isinstance(exc, MemoryError):
                raise
        else:
            found = hearing.recording(parts)
            if not found.facts.silent:
                gain_db = round(bring_to_level(found.audio), 1)
                facts = replace(found.facts, gain_db=gain_db)
                return _passing(replace(found, facts=facts), passed)
            silent = silent or _passing(_silence_of(found), passed)
        passed.append(hearing.track)
        if rank + 1 >= hearing.tracks:
            break
    if silent is not None:
        return silent
    assert refused is not None, "a track is heard, or it is not"
    raise refused


def _passing(found: Recording, passed: list[int]) -> Recording:
    return replace(found, facts=replace(found.facts, skipped_tracks=tuple(sorted(passed))))


def _silence_of(recording: Recording) -> Recording:
    """Return a silent recording in exact silence, which takes no memory until it is looked at."""
    silence = np.zeros(recording.audio.size, dtype=np.float32)
    return replace(recording, audio=silence)


def _checked_beginning(file: BinaryIO, alive: Heartbeat) -> bytes:
    """Return the first bytes; what is surely no audio is named, and never reaches FFmpeg."""
    head = bytes_at(file, 0, SNIFF_BYTES)
    if not head:
        raise audio_errors.empty_file()
    behind_tags = bytes_at(file, leading_tags_end(file, alive), SNIFF_BYTES)
    for beginning in (head, behind_tags):
        kind = kind_of_document(beginning)
        if kind is not None:
            raise audio_errors.not_audio(kind)
    return behind_tags or head


@contextmanager
def _library(head: bytes) -> Iterator[None]:
    """FFmpeg's errors stop here; our own pass."""
    try:
        yield
    except AudioRefused:
        raise
    except MemoryError:
        raise  # the worker has no memory left, whatever the file
    except (av.error.FFmpegError, ValueError, EOFError) as exc:
        if is_container(head):
            raise audio_errors.undecodable() from exc
        raise audio_errors.not_audio(unread_kind(head)) from exc
