"""Recognise English words with a Moonshine model, each with its probability.

Tiny and base differ in their sizes alone, and these are read from the decoder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.confidence import word_confidence
from stenolog.engine.options import Keyterms
from stenolog.engine.speech.keyterms import RaisedTokens
from stenolog.engine.speech.loops import without_loop
from stenolog.engine.speech.sessions import open_model
from stenolog.engine.speech.tokenizer import Tokenizer
from stenolog.engine.techniques import SAMPLE_RATE, RecognisedWord, Waveform

START_TOKEN, END_TOKEN = 1, 2
TOKENS_PER_SECOND_MAX = 6.5  # Moonshine's own bound; speech beyond it is a loop of the decoder
ENCODER_STRIDE = 384  # samples per frame of the encoder
PAST = "past_key_values"  # how the decoder names what it is to remember
SAMPLES_MIN = 1_600  # 0.1 s; the encoder's convolutions need some input


class Moonshine:
    """A `Recogniser`; one call at a time."""

    def __init__(self, folder: Path, model: str, *, threads: int) -> None:
        """Open the three files in `folder`.

        Raises:
            OSError: One is missing.
            ValueError: One is not what it should be.
        """
        self.model = model
        self._encoder = open_model(str(folder / "encoder_model.ort"), threads=threads)
        self._decoder = open_model(str(folder / "decoder_model_merged.ort"), threads=threads)
        self._tokenizer = Tokenizer((folder / "tokenizer.bin").read_bytes())
        self._caches = _empty_caches(self._decoder)
        self._keyterms: Keyterms | None = None  # those that were asked for last
        self._raised: RaisedTokens | None = None

    def words(self, audio: Waveform, keyterms: Keyterms | None) -> tuple[RecognisedWord, ...]:
        """Confidence comes from the least likely token of a word."""
        if audio.size < SAMPLES_MIN:
            return ()
        if keyterms is not None and keyterms != self._keyterms:
            self._raised = RaisedTokens(self._tokenizer.texts(), keyterms)
            self._keyterms = keyterms
        tokens, log_probabilities = self._decode(audio, self._raised if keyterms else None)
        return tuple(
            RecognisedWord(
                text=text, confidence=word_confidence([log_probabilities[p] for p in places])
            )
            for text, places in self._tokenizer.words(tokens)
        )

    def _decode(
        self, audio: Waveform, raised: RaisedTokens | None
    ) -> tuple[list[int], list[float]]:
        if raised is not None:
            raised.begin()
        hidden: NDArray[np.float32] = self._encoder.run(
            None,
            {
                "input_values": audio[None, :],
                "attention_mask": np.ones((1, audio.size), dtype=np.int64),
            },
        )[0]
        names = [output.name for output in self._decoder.get_outputs()]
        feeds = {
            "encoder_hidden_states": hidden,
            # In samples, not frames: the model strides over this mask itself.
            "encoder_attention_mask": np.ones(
                (1, hidden.shape[1] * ENCODER_STRIDE), dtype=np.int64
            ),
            **self._caches,
        }
        kept = names
        tokens: list[int] = []
        log_probabilities: list[float] = []
        last = START_TOKEN
        for step in range(math.ceil(audio.size / SAMPLE_RATE * TOKENS_PER_SECOND_MAX)):
            feeds["input_ids"] = np.array([[last]], dtype=np.int64)
            feeds["use_cache_branch"] = np.array([step > 0])
            logits, *caches = self._decoder.run(kept, feeds)
            _carry(feeds, kept[1:], caches)
            # The encoder's part of the cache never changes after the first step.
            kept = [name for name in names if ".encoder." not in name]
            last, probability = _most_likely(logits[0, -1], raised)
            if last == END_TOKEN:
                break
            tokens.append(last)
            log_probabilities.append(probability)
            kept_tokens = without_loop(tokens)
            if kept_tokens is not None:
                return tokens[:kept_tokens], log_probabilities[:kept_tokens]
        return tokens, log_probabilities


def _empty_caches(decoder: Any) -> dict[str, NDArray[Any]]:
    """Return what the decoder is given before its first token, of the sizes that it names."""
    found: dict[str, NDArray[Any]] = {}
    for given in decoder.get_inputs():
        if given.name.startswith(PAST):
            heads, width = given.shape[1], given.shape[3]
            if not isinstance(heads, int) or not isinstance(width, int):
                raise ValueError(f"{given.name} has no fixed sizes")
            found[given.name] = np.zeros((1, heads, 0, width), dtype=np.float32)
    return found


def _carry(
    feeds: dict[str, NDArray[Any]], names: Sequence[str], caches: Sequence[NDArray[Any]]
) -> None:
    for name, cache in zip(names, caches, strict=True):
        feeds[name.replace("present", PAST, 1)] = cache


def _most_likely(logits: NDArray[np.float32], raised: RaisedTokens | None) -> tuple[int, float]:
    """Return the token to write, and how likely it is by what was heard alone."""
    best = int(np.argmax(logits if raised is None else raised.raised(logits)))
    if raised is not None:
        raised.written(best)
    top = logits.max()
    return best, float(logits[best] - top - np.log(np.sum(np.exp(logits - top))))
