"""The two embedders: one that counts words, and the packaged model, skipped where it is missing."""

from __future__ import annotations

import pytest

from stenolog.intelligence.embeddings import Embedder, WordCounts
from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.intelligence.embeddings_wordllama import best_embedder
from stenolog.intelligence.speech import Speech
from tests.intelligence.speech import spoken

COUNTS = WordCounts()
needs_model = pytest.mark.skipif(
    wordllama_files() is None, reason="wordllama has no wheel for this platform"
)


def model() -> Embedder:
    """The packaged one, loaded once for all tests."""
    found = best_embedder()
    assert found.knows_meaning
    return found


def speech(text: str, **how: object) -> Speech:
    return Speech.of(spoken(text, **how))
