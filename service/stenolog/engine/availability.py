"""Whether the engine can run here, found out without loading any of it."""

from __future__ import annotations

import importlib.util
import os

from stenolog.engine.speech import weights

LIBRARIES = {"av": "av", "numpy": "numpy", "onnxruntime": "onnxruntime"}
ASSETS = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")


def engine_unavailable() -> str | None:
    """One line that says why the engine cannot run, or None; nothing heavy is imported."""
    if os.name != "posix":
        return "the engine needs Linux: it limits its workers with POSIX resource limits"
    folder = weights.wheel()
    if folder is None:
        return (
            "moonshine-voice is not installed: there is no wheel for this platform (make install)"
        )
    for module, package in LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            return f"{package} is not installed (make install)"
    if not (folder / "libmoonshine.so").is_file():
        return "moonshine-voice has no library for this platform"
    for name in ASSETS:
        if not (folder / "assets" / "tiny-en" / name).is_file():
            return f"moonshine-voice has no English model: {name} is missing"
    return None


def engine_models_missing() -> str | None:
    """One line that says which model the library does not carry, or None; loads the library."""
    try:
        missing = weights.missing_symbols()
    except OSError as exc:
        return f"moonshine-voice's library cannot be loaded: {exc}"
    if missing:
        return f"moonshine-voice's library does not carry: {', '.join(missing)}"
    return None
