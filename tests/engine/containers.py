"""Odd files for tests: tags, several tracks, late sound, forms whose lengths are wrong."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

from stenolog.engine.audio.chunks import CHUNKS_MAX
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

PICTURE = b"\0image/jpeg\0\x03\0\xff\xd8\xff\xe0" + bytes(i * 37 % 251 for i in range(100_000))


def id3v2(version: int = 3, *, footer: bool = False, padding: int = 0) -> bytes:
    """A tag with a cover picture; the picture has bytes that look like frames of MP3."""
    if version == 2:
        frame = b"PIC" + len(PICTURE).to_bytes(3, "big") + PICTURE
    else:
        size = synchsafe(len(PICTURE)) if version == 4 else struct.pack(">I", len(PICTURE))
        frame = b"APIC" + size + b"\0\0" + PICTURE
    content = frame + bytes(padding)
    rest = bytes([version, 0, 0x10 if footer else 0]) + synchsafe(len(content))
    return b"ID3" + rest + content + (b"3DI" + rest if footer else b"")


def id3v1(*, long: bool = False) -> bytes:
    """The 128 bytes at the end, or with the 227 of the enhanced tag in front."""
    return (b"TAG+" + bytes(223) if long else b"") + b"TAG" + b"title".ljust(125, b"\0")


def apev2(*, header: bool = True, content: bytes = PICTURE) -> bytes:
    """A tag with a cover; old ones have a footer only."""
    item = struct.pack("<II", len(content), 2) + b"Cover Art (Front)\0" + content
    has = 1 << 31 if header else 0

    def end(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII", 2_000, len(item) + 32, 1, flags) + bytes(8)

    return (end(has | 1 << 29) if header else b"") + item + end(has)


def lyrics3() -> bytes:
    """Lyrics3v2: its own length, with its first mark and without its last."""
    content = b"LYRICSBEGIN" + b"IND0000200" + b"LYR99999" + b"words of a song, " * 4_000
    return content + b"%06d" % len(content) + b"LYRICS200"


def synchsafe(size: int) -> bytes:
    """Four times seven bits."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Sound in a track of its own; `begin` in seconds of the file's clock."""

    audio: Waveform
    begin: float = 0.0
    channels: int = 1
    default: bool = False
    rate: int = SAMPLE_RATE


def tracks(
    container: str,
    codec: str,
    *given: Track,
    video_seconds: float = 0.0,
    video_codec: str = "mpeg4",
) -> bytes:
    """A file with these tracks, and a black film as long as wanted in front of them."""
    file = io.BytesIO()
    with av.open(file, mode="w", format=container) as media:
        film: Any = media.add_stream(video_codec, rate=5) if video_seconds else None
        if film is not None:
            film.width = film.height = 32
            film.pix_fmt = "yuv420p"
        streams = []
        for one in given:
            stream: Any = media.add_stream(codec, rate=one.rate)
            stream.layout = "mono" if one.channels == 1 else "stereo"
            if one.default:
                stream.disposition = av.stream.Disposition.default
            elif any(other.default for other in given):
                stream.disposition = av.stream.Disposition(0)
            streams.append(stream)
        for number in range(round(video_seconds * 5)):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), dtype=np.uint8))
            picture.pts, picture.time_base = number, Fraction(1, 5)
            media.mux(film.encode(picture))
        if film is not None:
            media.mux(film.encode(None))
        for one, stream in zip(given, streams, strict=True):
            _write(media, stream, one)
    return file.getvalue()


def _write(media: Any, stream: Any, track: Track) -> None:
    size = stream.codec_context.frame_size or 1_600
    wanted = stream.codec_context.format.name
    layout = stream.layout.name
    resampler = av.AudioResampler(format=wanted, layout=layout, rate=track.rate, frame_size=size)
    frame = av.AudioFrame.from_ndarray(track.audio[None, :], format="flt", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
    begin = round(track.begin * track.rate)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        piece.pts = begin
        begin += piece.samples
        media.mux(stream.encode(piece))
    media.mux(stream.encode(None))


def timed_metadata(audio: Waveform, begin: float) -> bytes:
    """A transport stream with ID3 in a stream of its own from 0 on, and sound that begins later."""
    file = io.BytesIO()
    with av.open(file, mode="w", format="mpegts") as media:
        data: Any = media.add_data_stream("timed_id3")
        stream: Any = media.add_stream("mp2", rate=SAMPLE_RATE)
        stream.layout = "mono"
        packet = av.Packet(b"ID3\x04\0\0\0\0\0\x0aTIT2" + bytes(6))
        packet.stream, packet.pts, packet.dts = data, 0, 0
        packet.time_base = Fraction(1, 1_000)
        media.mux(packet)
        _write(media, stream, Track(audio=audio, begin=begin))
    return file.getvalue()


PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")


def wav_of(channels: Sequence[Waveform], rate: int = SAMPLE_RATE, mask: int | None = None) -> bytes:
    """A 16-bit WAV file with a sound of its own in each channel; `mask` names their speakers."""
    samples = (np.stack(channels, axis=1) * 32_767).astype("<i2").tobytes()
    width = 2 * len(channels)
    kind = 1 if mask is None else 0xFFFE
    form = struct.pack("<HHIIHH", kind, len(channels), rate, rate * width, width, 16)
    if mask is not None:
        form += struct.pack("<HHI", 22, 16, mask) + PCM_GUID
    return riff((b"fmt ", form), (b"data", samples))


def riff(*chunks: tuple[bytes, bytes], declared: int | None = None, form: bytes = b"WAVE") -> bytes:
    """A RIFF file; `declared` is what its data chunk says of its length instead of the truth."""
    body = b""
    for name, content in chunks:
        length = declared if name == b"data" and declared is not None else len(content)
        body += name + struct.pack("<I", length) + content + bytes(len(content) & 1)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + form + body


def eight_svx(audio: Waveform, declared: int | None = None) -> bytes:
    """An Amiga 8SVX file of 8 bits."""
    samples = (np.clip(audio, -1, 1) * 127).astype(np.int8).tobytes()
    length = len(samples) if declared is None else declared
    header = struct.pack(">IIIHBBI", len(samples), 0, 0, SAMPLE_RATE, 1, 0, 1 << 16)
    body = b"VHDR" + struct.pack(">I", 20) + header + b"BODY" + struct.pack(">I", length) + samples
    return b"FORM" + struct.pack(">I", 4 + len(body)) + b"8SVX" + body


def qcp(frames: int) -> bytes:
    """A PureVoice file: so many frames of 20 ms in the highest rate of QCELP."""
    codec = bytes.fromhex("416d7f5e15b1d011ba9100805fb4b97e")
    form = struct.pack("<BB", 1, 0) + codec + struct.pack("<H", 2)
    form += b"Qcelp 13K".ljust(80, b"\0") + struct.pack("<HHHHHI", 13_000, 35, 160, 8_000, 16, 5)
    for size, rate in ((34, 4), (16, 3), (7, 2), (3, 1), (0, 0)):
        form += bytes([size, rate])
    form += bytes(6 + 20)
    data = (b"\x04" + bytes(34)) * frames
    return riff((b"fmt ", form), (b"vrat", bytes(8)), (b"data", data), form=b"QLCM")


def mxf(audio: Waveform) -> bytes:
    """An MXF file, which has a film beside its sound."""
    samples = (np.repeat(audio, 3) * 32_767).astype(np.int16)  # 48 kHz
    file = io.BytesIO()
    with av.open(file, mode="w", format="mxf") as media:
        film: Any = media.add_stream("mpeg2video", rate=25)
        film.width = film.height = 64
        film.pix_fmt = "yuv420p"
        sound: Any = media.add_stream("pcm_s16le", rate=48_000)
        sound.layout = "mono"
        for number in range(samples.size // 1_920):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8))
            picture.pts = number
            media.mux(film.encode(picture))
            piece = samples[None, number * 1_920 : (number + 1) * 1_920]
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
            frame.pts = number * 1_920
            media.mux(sound.encode(frame))
        media.mux(film.encode(None))
        media.mux(sound.encode(None))
    return file.getvalue()


def index_first(mp4: bytes) -> bytes:
    """The file with its index in front of the sound, as it is written for the web."""
    data, index = mp4.index(b"mdat") - 4, mp4.rindex(b"moov") - 4
    moov = bytearray(mp4[index:])
    at = moov.index(b"stco") + 8
    for number in range(int.from_bytes(moov[at : at + 4], "big")):
        place = at + 4 + 4 * number
        offset = int.from_bytes(moov[place : place + 4], "big") + len(moov)
        moov[place : place + 4] = offset.to_bytes(4, "big")
    return mp4[:data] + moov + mp4[data:index]


def speakers(container: str, channels: Sequence[Waveform], layout: bytes) -> bytes:
    """A CAF, AIFF or QuickTime file that names its speakers with the bytes of Apple's layout."""
    count = len(channels)
    samples = (np.stack(channels, axis=1) * 32_767).astype(">i2").tobytes()
    named = layout.ljust(12, b"\0")
    if container == "caf":
        desc = struct.pack(">d4sIIIII", SAMPLE_RATE, b"lpcm", 0, 2 * count, 1, count, 16)
        chunks = ((b"desc", desc), (b"chan", named), (b"data", bytes(4) + samples))
        body = b"".join(name + struct.pack(">Q", len(part)) + part for name, part in chunks)
        return b"caff\0\x01\0\0" + body
    if container == "aiff":
        rate = bytes.fromhex("400cfa00000000000000")  # 16 kHz, as 80-bit extended
        common = struct.pack(">HIH", count, channels[0].size, 16) + rate
        pieces = ((b"CHAN", named), (b"COMM", common), (b"SSND", bytes(8) + samples))
        body = b"".join(name + struct.pack(">I", len(part)) + part for name, part in pieces)
        return b"FORM" + struct.pack(">I", 4 + len(body)) + b"AIFF" + body
    mono = np.stack(channels, axis=1).reshape(1, -1)
    file = io.BytesIO()
    with av.open(file, mode="w", format="mov") as media:
        stream: Any = media.add_stream("pcm_s16be", rate=SAMPLE_RATE)
        stream.layout = {2: "stereo", 3: "2.1", 6: "5.1"}[count]
        packed = (mono * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=stream.layout.name)
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        frame.time_base = Fraction(1, SAMPLE_RATE)
        media.mux([*stream.encode(frame), *stream.encode(None)])
    made = bytearray(file.getvalue())
    at = made.rindex(b"chan")
    length = len(layout.ljust(12, b"\0"))
    if length == 12:  # labels would move what is behind them
        made[at + 8 : at + 8 + length] = named
    return bytes(made)


def unseen_speakers(channels: Sequence[Waveform]) -> bytes:
    """A CAF file that names its speakers behind more chunks than are looked through."""
    labels = (struct.pack(">I", 1 + number) + bytes(16) for number in range(len(channels)))
    layout = struct.pack(">III", 0, 0, len(channels)) + b"".join(reversed([*labels]))
    named = speakers("caf", channels, layout)
    at = named.index(b"chan")
    return named[:at] + (b"free" + bytes(8)) * (CHUNKS_MAX + 1) + named[at:]
