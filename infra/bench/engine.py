"""How much faster than real time the embedded engine is, on a five-minute call."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import secrets
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np

from infra.bench.children import child
from infra.bench.figures import Figure, at_least
from stenolog.engine.audio.decode import decode
from stenolog.engine.availability import engine_unavailable
from stenolog.engine.speech.weights import wheel
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

RECORDINGS = ("endgame_nagg_nell", "two_cities")  # a dialogue of two, and a reader
RECORDING_MS_MAX = 120_000
CALL_SECONDS, WARM_UP_SECONDS = 300, 20
RATIO_MIN = 8.0
LOOK_SECONDS = 0.1
REQUEST_SECONDS_MAX = 30
KEY_BYTES = 16
SAMPLE_MAX = 32_767


async def measure(place: Path) -> Sequence[Figure]:
    """Audio seconds a second, from the request to the finished transcript, worker warm.

    Raises:
        RuntimeError: The engine is not installed, or a job failed.
    """
    if (reason := engine_unavailable()) is not None:
        raise RuntimeError(reason)
    call, warm_up = wav(spoken(CALL_SECONDS)), wav(spoken(WARM_UP_SECONDS))
    key = secrets.token_hex(KEY_BYTES)
    settings = {"api_key": key, "scratch_dir": str(place / "scratch")}
    given = json.dumps(settings).encode() + b"\n"
    async with (
        child("stenolog.engine", errors=place / "engine.log", given=given) as started,
        httpx.AsyncClient(
            base_url=json.loads(started.first_line)["url"],
            headers={"authorization": key},
            timeout=REQUEST_SECONDS_MAX,
            trust_env=False,
        ) as http,
    ):
        await transcribed_seconds(http, warm_up, speakers=True)
        with_speakers = await transcribed_seconds(http, call, speakers=True)
        without = await transcribed_seconds(http, call, speakers=False)
    return [
        Figure(
            name="engine with speakers, times real time",
            value=CALL_SECONDS / with_speakers,
            wanted=at_least(RATIO_MIN),
            detail={"seconds": with_speakers, "audio_seconds": CALL_SECONDS},
        ),
        Figure(
            name="engine without speakers, times real time",
            value=CALL_SECONDS / without,
            detail={"seconds": without, "audio_seconds": CALL_SECONDS},
        ),
    ]


def spoken(seconds: int) -> Waveform:
    """So many seconds of the recordings in the wheel, one after another, over and over."""
    folder = wheel()
    assert folder is not None
    pieces = [
        decode(
            io.BytesIO((folder / "assets" / f"{name}.wav").read_bytes()),
            audio_ms_max=RECORDING_MS_MAX,
            alive=lambda: None,
        ).audio
        for name in RECORDINGS
    ]
    whole, wanted = 0, seconds * SAMPLE_RATE
    chosen = []
    for piece in itertools.cycle(pieces):
        chosen.append(piece)
        whole += piece.size
        if whole >= wanted:
            return np.concatenate(chosen)[:wanted]
    raise AssertionError("a cycle of recordings does not end")


def wav(audio: Waveform) -> bytes:
    """A 16-bit WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.clip(audio, -1, 1) * SAMPLE_MAX).astype("<i2").tobytes())
    return file.getvalue()


async def transcribed_seconds(http: httpx.AsyncClient, audio: bytes, *, speakers: bool) -> float:
    """How long a job took, without its upload."""
    uploaded = (await http.post("/v2/upload", content=audio)).raise_for_status().json()
    body = {"audio_url": uploaded["upload_url"], "speaker_labels": speakers}
    began = time.perf_counter()
    job = (await http.post("/v2/transcript", json=body)).raise_for_status().json()
    while job["status"] not in {"completed", "error"}:
        await asyncio.sleep(LOOK_SECONDS)
        job = (await http.get(f"/v2/transcript/{job['id']}")).raise_for_status().json()
    if job["status"] == "error":
        raise RuntimeError(f"the engine refused the call: {job['error']}")
    return time.perf_counter() - began
