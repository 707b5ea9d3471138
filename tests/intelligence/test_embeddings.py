"""Texts about one thing are near each other, by equal words or by their meaning."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stenolog.intelligence.embeddings import COUNTED_DIMENSIONS, Embedder, content_of
from stenolog.intelligence.embeddings_files import wordllama_files
from stenolog.intelligence.embeddings_wordllama import WordLlama
from tests.intelligence.models import COUNTS, model, needs_model

TEXTS = ["The flood covered the road.", "A flooded road.", "Apples taste sweet.", "", "Oh, well!"]


@pytest.fixture(params=["counts", pytest.param("model", marks=needs_model)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return COUNTS if request.param == "counts" else model()


def test_a_vector_has_length_1_and_the_same_text_the_same_vector(embedder: Embedder) -> None:
    found = embedder.vectors(TEXTS)
    assert found.dtype == np.float32
    assert np.linalg.norm(found[:3], axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert not found[3].any()
    assert (embedder.vectors(TEXTS) == found).all()
    assert embedder.vectors([]).shape == (0, found.shape[1])


def test_what_shares_words_is_nearer_than_what_does_not(embedder: Embedder) -> None:
    flood, flooded, apples = embedder.vectors([content_of(text) for text in TEXTS[:3]])
    assert flood @ flooded > 0.4
    assert abs(flood @ apples) < 0.3


def test_words_that_say_little_are_left_out() -> None:
    assert content_of("Well, the doctor's been here, hasn't she? Yes: twice!") == "doctor's twice"
    counted = COUNTS.vectors([TEXTS[4], "flood", "flood flood flood flood"])
    assert counted.shape == (3, COUNTED_DIMENSIONS)
    assert not counted[0].any()
    assert (counted[1] == counted[2]).all()


@needs_model
def test_the_model_knows_that_different_words_mean_one_thing() -> None:
    car, vehicle, pie = model().vectors(["a broken car", "vehicle damage", "apple pie"])
    assert car @ vehicle > 0.25
    assert car @ pie < 0.15


@needs_model
def test_words_are_cut_into_the_pieces_that_the_model_learnt() -> None:
    """Pieces of ▁trans·cription, of the bytes of an unknown sign, and of a word cut at 64."""
    files = wordllama_files()
    assert files is not None
    vocabulary = json.loads(files[1].read_bytes())["model"]["vocab"]
    weights = np.memmap(files[0], dtype="<f2", mode="r")[-32_000 * 256 :].reshape(32_000, 256)
    pieces = ["▁trans", "cription", "▁", "<0xF0>", "<0x9F>", "<0xA6>", "<0x84>"]
    expected = weights[[vocabulary[piece] for piece in pieces]].astype(np.float32).mean(axis=0)
    (found,) = model().vectors(["transcription 🦄"])
    assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
    long = "ab" * 40
    assert (model().vectors([long]) == model().vectors([long[:64]])).all()


@needs_model
def test_reading_the_model_imports_nothing_of_its_package_and_opens_no_socket() -> None:
    program = (
        "import socket, sys\n"
        "def refused(*given, **named): raise AssertionError('a socket was asked for')\n"
        "sys.addaudithook(lambda event, _: refused() if event.startswith('socket.') else None)\n"
        "from stenolog.intelligence.embeddings_wordllama import best_embedder\n"
        "assert best_embedder().vectors(['a word']).any()\n"
        "strange = {'wordllama', 'tokenizers', 'huggingface_hub', 'requests'} & set(sys.modules)\n"
        "assert not strange, strange\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ({"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}, "holds F32, not F16"),
        ({"dtype": "F16", "shape": [2, 4], "data_offsets": [0, 12]}, "not as long as"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, tensor: dict[str, object], message: str
) -> None:
    header = json.dumps({"embedding.weight": tensor}).encode()
    weights, tokenizer = tmp_path / "weights", tmp_path / "tokenizer"
    weights.write_bytes(struct.pack("<Q", len(header)) + header + bytes(32))
    tokenizer.write_text('{"model": {"vocab": {}, "merges": []}}')
    with pytest.raises(ValueError, match=message):
        WordLlama(weights, tokenizer)
