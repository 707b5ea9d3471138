"""Detect voice with the Silero model that the moonshine-voice library carries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.speech import weights
from stenolog.engine.speech.sessions import open_model
from stenolog.engine.techniques import SAMPLE_RATE, STEP_SAMPLES, Heartbeat, Waveform

CONTEXT_SAMPLES = 64  # of the step before, put in front of every step; Silero's own wrapper
STATE_SHAPE = (2, 1, 128)
HEARTBEAT_STEPS = 1_000  # 32 s of audio


class Silero:
    """A `VoiceActivity`; one call at a time."""

    def __init__(self) -> None:
        # One thread: a step is too small to share.
        self._session = open_model(weights.embedded_model("voice-activity"), threads=1)
        self._rate = np.array(SAMPLE_RATE, dtype=np.int64)

    def probabilities(self, audio: Waveform, alive: Heartbeat) -> NDArray[np.float32]:
        """Steps in order, each with the model's state after the one before."""
        steps = -(-audio.size // STEP_SAMPLES)
        window = np.zeros((1, CONTEXT_SAMPLES + STEP_SAMPLES), dtype=np.float32)
        state = np.zeros(STATE_SHAPE, dtype=np.float32)
        found = np.zeros(steps, dtype=np.float32)
        for step in range(steps):
            if step % HEARTBEAT_STEPS == 0:
                alive()
            part = audio[step * STEP_SAMPLES : (step + 1) * STEP_SAMPLES]
            window[0, :CONTEXT_SAMPLES] = window[0, -CONTEXT_SAMPLES:]
            window[0, CONTEXT_SAMPLES : CONTEXT_SAMPLES + part.size] = part
            window[0, CONTEXT_SAMPLES + part.size :] = 0.0
            output, state = self._session.run(
                None, {"input": window, "state": state, "sr": self._rate}
            )
            found[step] = output[0, 0]
        return found
