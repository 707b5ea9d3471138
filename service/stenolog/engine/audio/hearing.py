"""Listen to one track of a file, through all of its parts, each sound in its place."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

import av

from stenolog.engine import audio_errors
from stenolog.engine.audio import tracks
from stenolog.engine.audio.mixing import SILENT_PEAK, Mixdown
from stenolog.engine.audio.packets import Packets
from stenolog.engine.audio.parts import Part
from stenolog.engine.audio.samples import CollectedSamples
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform

# Demuxers that hold audio and refer to nothing outside their own bytes: what AssemblyAI lists, and
# their neighbours.
DEMUXERS = (
    "wav,mp3,flac,ogg,mov,matroska,webm,aac,aiff,amr,asf,au,caf,mpegts,avi,flv,"
    "ac3,eac3,ape,dss,iff,mpeg,mxf,qcp,tta,voc,w64,wv"
)
AUDIO_MS_MIN = 160  # AssemblyAI documentation, "Audio duration is too short"
RATE_HZ_MIN, RATE_HZ_MAX = 4_000, 768_000  # below, a few KB become hours of samples
CHANNELS_MAX = 8  # 7.1 surround; more is damage or malice
GAP_SAMPLES_MIN = SAMPLE_RATE // 10  # shorter holes between packets are rounding of time stamps
GAP_SAMPLES_MAX = 300 * SAMPLE_RATE  # longer ones are clocks that were set, as in broadcasts
HEAD_BYTES = 1_024  # of a part, in which a header of the whole may stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The sound of a file, and what is known of it; `rank` is that of its track, see `Hearing`.

    Samples that the file has beyond full scale are still beyond ±1.
    """

    audio: Waveform
    facts: AudioFacts
    rank: int = 0


class Unheard(Exception):
    """This track gave too little to hear; another may give more.

    Attributes:
        refused: Why, for the customer.
    """

    def __init__(self, refused: AudioRefused) -> None:
        super().__init__(str(refused))
        self.refused = refused


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What is counted on the way."""

    late: int = 0
    inserted: int = 0
    jumps: int = 0
    damaged: int = 0
    unread_bytes: int = 0
    declared_ms: int | None = 0
    bad: int = 0


class Hearing:
    """Listens once to the track of a `rank`, 0 the most likely; the file is left open.

    With `channel`, counted from 0, it hears that one alone.

    Attributes:
        tracks: How many tracks with audio the first part has, once it is open.
        track: The number of the one that is heard, from 1.
    """

    def __init__(
        self,
        file: BinaryIO,
        rank: int,
        *,
        audio_ms_max: int,
        alive: Heartbeat,
        channel: int | None = None,
    ) -> None:
        self.tracks = 0
        self.track = 0
        self._file = file
        self._rank = rank
        self._alive = alive
        self._samples = CollectedSamples(audio_ms_max)
        self._mix = Mixdown(self._samples, channel)
        self._tally = _Tally()
        self._described: AudioFacts | None = None

    def listen(self, parts: tuple[Part, ...]) -> None:
        """Hear all parts in order; one that cannot be read is passed over when others can.

        Raises:
            Unheard: Nothing, or less than `AUDIO_MS_MIN`, could be heard.
            AudioRefused: It is longer than it may be.
            FFmpegError: The only part cannot be opened.
        """
        failed: Exception | None = None
        for part in parts:
            before = self._mix.count
            try:
                self._hear(part)
            except (av.error.FFmpegError, ValueError, Unheard) as exc:
                if isinstance(exc, MemoryError):
                    raise
                failed = failed or exc
                if self._mix.count == before:
                    self._tally.unread_bytes += part.size
        if failed is not None and self._mix.count == 0:
            raise failed
        if self._mix.count * 1000 < AUDIO_MS_MIN * SAMPLE_RATE:
            # A header without samples is audio, only none of it.
            damaged = self._mix.count == 0 and self._tally.bad
            raise Unheard(audio_errors.undecodable() if damaged else audio_errors.too_short())

    def recording(self, parts: tuple[Part, ...]) -> Recording:
        """Return what was heard; nothing can be heard afterwards."""
        audio, tally, described = self._samples.joined(), self._tally, self._described
        assert described is not None
        return Recording(
            audio=audio,
            rank=self._rank,
            facts=AudioFacts(
                container=described.container,
                codec=described.codec,
                sample_rate=described.sample_rate,
                channels=described.channels,
                track=self.track,
                tracks=self.tracks,
                parts=len(parts),
                declared_ms=tally.declared_ms,
                decoded_ms=_ms(audio.size - tally.late - tally.inserted),
                late_ms=_ms(tally.late),
                inserted_ms=_ms(tally.inserted),
                damaged_packets=tally.damaged,
                unread_bytes=tally.unread_bytes,
                clock_jumps=tally.jumps,
                length_mended=any(part.length_mended for part in parts),
                channel_alone_ms=_ms(self._mix.alone_samples),
                silent=self._samples.peak < SILENT_PEAK,
            ),
        )

    def _hear(self, part: Part) -> None:
        options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
        with (
            closing(part.open(self._file)) as content,
            av.open(content, mode="r", options=options, metadata_errors="ignore") as media,
        ):
            stream = self._chosen(media)
            before, inserted = self._mix.count, self._tally.late + self._tally.inserted
            packets = Packets(media, stream)
            try:
                self._drain(media, packets)
            finally:
                self._mix.flush()
                self._tally.bad += packets.bad
                self._tally.damaged += packets.damaged
            if packets.broken:
                self._tally.unread_bytes += max(0, content.size - content.tell())
            decoded = self._mix.count - before
            decoded -= self._tally.late + self._tally.inserted - inserted
            self._add_declared(media, stream, part, decoded)

    def _chosen(self, media: Any) -> Any:
        ordered = tracks.in_order(media)
        if not ordered:
            raise Unheard(audio_errors.no_audio_stream())
        stream = ordered[min(self._rank, len(ordered) - 1)]
        if not self.tracks:
            self.tracks = len(ordered)
            self.track = 1 + sum(one.index < stream.index for one in ordered)
        context = stream.codec_context
        if context is None:
            raise Unheard(audio_errors.no_decoder(tracks.name_of(media)))
        if self._described is None:
            self._described = AudioFacts(
                container=tracks.name_of(media),
                codec=context.codec.canonical_name,
                sample_rate=context.sample_rate,
                channels=context.channels,
            )
        return stream

    def _drain(self, media: Any, packets: Packets) -> None:
        """Move all frames into the mix, each to its place."""
        base = self._mix.count
        begin: float | None = None  # what the container's clock says at the first sample
        for placed in packets.frames(self._alive):
            _check_format(placed.frame)
            if placed.seconds is not None:
                first = begin is None
                if begin is None:
                    heard = (self._mix.count - base) / SAMPLE_RATE
                    begin = tracks.zero_of(media, placed.seconds - heard)
                missing = self._missing(placed.seconds - begin, base)
                if missing > GAP_SAMPLES_MAX:
                    # The clock was set and no sound was lost.
                    begin = placed.seconds - (self._mix.count - base) / SAMPLE_RATE
                    self._tally.jumps += 1
                elif missing > GAP_SAMPLES_MIN:
                    self._mix.flush()
                    missing = max(0, self._missing(placed.seconds - begin, base))
                    self._samples.silence(missing)
                    if first:
                        self._tally.late += missing
                    else:
                        self._tally.inserted += missing
            self._mix.take(placed.frame)

    def _missing(self, seconds: float, base: int) -> int:
        """Return how many samples are missing before a frame so late in its part."""
        return round(seconds * SAMPLE_RATE) - (self._mix.count - base)

    def _add_declared(self, media: Any, stream: Any, part: Part, decoded: int) -> None:
        if self._tally.declared_ms is None:
            return
        if part.declared_share is not None:
            declared: int | None = _ms(part.declared_share * decoded)
        else:
            with closing(part.open(self._file)) as content:
                head = content.read(HEAD_BYTES) or b""
            declared = tracks.declared_ms(media, stream, head)
        if declared is None:
            self._tally.declared_ms = None
        else:
            self._tally.declared_ms += declared


def _check_format(frame: Any) -> None:
    if not RATE_HZ_MIN <= frame.sample_rate <= RATE_HZ_MAX:
        raise audio_errors.odd_format(f"a sample rate of {frame.sample_rate} Hz")
    if frame.layout.nb_channels > CHANNELS_MAX:
        raise audio_errors.odd_format(f"{frame.layout.nb_channels} channels")


def _ms(samples: float) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
