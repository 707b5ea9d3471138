"""Bring every recording to one level, so that what is heard does not depend on the recorder."""

from __future__ import annotations

import math

import numpy as np

from stenolog.engine.audio.energy import log_power
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

# Of the power of 10 ms, in dB of full scale. The loudest twentieth is speech, whatever pauses
# stand between; the loudest thousandth is what would be cut off.
SPEECH_PERCENTILE, LOUDEST_PERCENTILE = 95, 99.9
WORKING_DB = -20.0
LOUDEST_DB = -12.0
GAIN_DB_MAX = 40.0  # more would make speech of the noise of an amplifier
DB_PER_LOG = 10 / math.log(10)
PIECE_SAMPLES = 600 * SAMPLE_RATE


def bring_to_level(audio: Waveform) -> float:
    """Amplify or weaken a recording in place; return by how much in dB, below 0 when weakened.

    Samples may be beyond ±1 before; they are within it afterwards.
    """
    levels = np.percentile(log_power(audio), (SPEECH_PERCENTILE, LOUDEST_PERCENTILE)) * DB_PER_LOG
    speech_db, loudest_db = float(levels[0]), float(levels[1])
    gain_db = min(WORKING_DB - speech_db, LOUDEST_DB - loudest_db, GAIN_DB_MAX)
    factor = np.float32(10 ** (gain_db / 20))
    for begin in range(0, audio.size, PIECE_SAMPLES):
        part = audio[begin : begin + PIECE_SAMPLES]
        np.multiply(part, factor, out=part)
        np.clip(part, -1.0, 1.0, out=part)
    return gain_db
