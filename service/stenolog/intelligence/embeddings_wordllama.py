"""Read the vectors that come in wordllama's wheel: 32,000 pieces of words, 256 figures each.

Its own loader asks the network for files that it has, and imports compiled code that we do not
need: the two files are read here, and nothing of the package is imported.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenolog.intelligence.embeddings import Embedder, Vectors, WordCounts, normalised
from stenolog.intelligence.embeddings_files import wordllama_files

TENSOR = "embedding.weight"
WORDS_REMEMBERED = 65_536
WORD_CHARS_MAX = 64  # of a longer one the beginning is read: merging costs its square
BEGINS_WORD = "▁"  # how the pieces mark the beginning of a word


class WordLlama:
    """Means the vectors of a text's pieces of words; reads no network, and no more than it uses.

    Method: byte-pair pieces of each word, the mean of their vectors, length 1. The weights are
    mapped, so that a worker holds the pages that it touched, 16 MB at most, and 20 MB for the
    pieces. Limits: English; word order and negation are lost.
    Source: WordLlama 0.4.0, model `l2_supercat` with 256 dimensions, MIT.
    """

    name = "wordllama-l2-supercat-256"
    knows_meaning = True

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        """Read both files, about 0.1 s.

        Raises:
            OSError: A file cannot be read.
            ValueError: It is not what the wheel of version 0.4.0 has.
        """
        self._weights = _mapped(weights)
        model = json.loads(tokenizer.read_bytes())["model"]
        self._pieces: dict[str, int] = model["vocab"]
        merges = (
            tuple(m.split(" ", 1)) if isinstance(m, str) else tuple(m) for m in model["merges"]
        )
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._ids = lru_cache(maxsize=WORDS_REMEMBERED)(self._ids_of)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the mean of the pieces of each text."""
        found = np.zeros((len(texts), self._weights.shape[1]), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            ids = [number for word in text.split() for number in self._ids(word[:WORD_CHARS_MAX])]
            if ids:
                row[:] = self._weights[ids].astype(np.float32).mean(axis=0)
        return normalised(found)

    def _ids_of(self, word: str) -> tuple[int, ...]:
        pieces = self._merged([BEGINS_WORD, *word])
        return tuple(number for piece in pieces for number in self._numbers(piece))

    def _numbers(self, piece: str) -> Iterator[int]:
        """Yield the number of a piece, or those of its bytes where it is no known character."""
        if piece in self._pieces:
            yield self._pieces[piece]
        else:
            yield from (self._pieces[f"<0x{byte:02X}>"] for byte in piece.encode())

    def _merged(self, pieces: list[str]) -> list[str]:
        """Return a word's pieces, the pair that was learnt first joined first."""
        while len(pieces) > 1:
            pairs = list(pairwise(pieces))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                return pieces
            joined: list[str] = []
            for piece in pieces:
                if joined and (joined[-1], piece) == best:
                    joined[-1] += piece
                else:
                    joined.append(piece)
            pieces = joined
        return pieces


def _mapped(path: Path) -> NDArray[np.float16]:
    """Return the one tensor of a safetensors file: length of the header, header, figures."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    tensor = header[TENSOR]
    if tensor["dtype"] != "F16":
        raise ValueError(f"{path.name} holds {tensor['dtype']}, not F16")
    begin, end = tensor["data_offsets"]
    rows, columns = tensor["shape"]
    if end - begin != 2 * rows * columns:
        raise ValueError(f"{path.name} is not as long as its header says")
    return np.memmap(path, dtype="<f2", mode="r", offset=8 + length + begin, shape=(rows, columns))


@cache
def best_embedder() -> Embedder:
    """Return the model where it is installed, else the counting of words; loaded once.

    Raises:
        OSError: The model is there and cannot be read.
        ValueError: It is not the one that is meant.
    """
    files = wordllama_files()
    return WordCounts() if files is None else WordLlama(*files)
