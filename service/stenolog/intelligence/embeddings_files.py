"""Find the model of text that comes in wordllama's wheel, without loading any of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGE = "wordllama"
WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")


def wordllama_files() -> tuple[Path, Path] | None:
    """Return the files of weights and tokenizer; None where the wheel is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        weights, tokenizer = Path(folder, WEIGHTS), Path(folder, TOKENIZER)
        if weights.is_file() and tokenizer.is_file():
            return weights, tokenizer
    return None
