"""Find the models: files of the moonshine-voice wheel, and data that its library exports."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

PYANNOTE = "_ZN9cppannote19embedded_community1"  # C++ namespace of the embedded speaker models
SIZE_T = ctypes.c_size_t
SYMBOLS: dict[str, tuple[str, str, type[ctypes.c_uint32] | type[ctypes.c_size_t]]] = {
    "voice-activity": ("silero_vad_onnx", "silero_vad_onnx_len", ctypes.c_uint32),
    "embedding": (
        f"{PYANNOTE}18embedding_ort_dataE",
        f"{PYANNOTE}23embedding_ort_data_sizeE",
        SIZE_T,
    ),
    "segmentation": (
        f"{PYANNOTE}21segmentation_ort_dataE",
        f"{PYANNOTE}26segmentation_ort_data_sizeE",
        SIZE_T,
    ),
}
MODEL_BYTES_MAX = 64 << 20  # a size beyond this was not a size


def wheel() -> Path | None:
    """Return the installed folder of moonshine-voice without importing it; None when missing."""
    spec = importlib.util.find_spec("moonshine_voice")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def recogniser_folder() -> Path:
    """Return the folder of the English recogniser in the wheel; its files may be missing.

    Raises:
        FileNotFoundError: The wheel is not installed.
    """
    folder = wheel()
    if folder is None:
        raise FileNotFoundError("moonshine-voice")
    return folder / "assets" / "tiny-en"


def library() -> ctypes.CDLL:
    """Return the wheel's shared library, loaded for its data only.

    Raises:
        OSError: It is missing or does not fit this platform.
    """
    folder = wheel()
    if folder is None:
        raise OSError("moonshine-voice is not installed")
    return ctypes.CDLL(str(folder / "libmoonshine.so"))


def missing_symbols() -> tuple[str, ...]:
    """Return the models that the library does not export; loads the library (40 MB, about 0.1 s).

    Raises:
        OSError: The library is missing or does not fit this platform.
    """
    loaded = library()
    return tuple(
        model
        for model, names in SYMBOLS.items()
        if not all(_exports(loaded, name) for name in names[:2])
    )


def embedded_model(model: str) -> bytes:
    """Return the bytes of a model that the library carries; `model` is a key of `SYMBOLS`.

    Raises:
        OSError: The library is missing or does not export it.
    """
    data, size, size_type = SYMBOLS[model]
    loaded = library()
    try:
        count = int(size_type.in_dll(loaded, size).value)
        first = ctypes.c_char.in_dll(loaded, data)
    except ValueError as exc:
        raise OSError(f"the {model} model is not exported by this moonshine-voice") from exc
    if not 0 < count <= MODEL_BYTES_MAX:
        raise OSError(f"the {model} model has an impossible size")
    return ctypes.string_at(ctypes.addressof(first), count)


def _exports(loaded: ctypes.CDLL, name: str) -> bool:
    try:
        ctypes.c_char.in_dll(loaded, name)
    except ValueError:
        return False
    return True
