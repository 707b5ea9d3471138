"""Find out whether the engine can run here, without loading any of it."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path

from stenolog.engine.speech import weights

LIBRARIES = {
    "av": "av",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
}
GLIBC_MIN, MACHINES = (2, 34), {"x86_64", "aarch64"}  # the tags of moonshine-voice's wheels
PYTHON_MAX = (3, 14)  # the newest tag of onnxruntime's wheels, of the release that is pinned
ASSETS = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")


def engine_unavailable(model_dir: Path | None = None) -> str | None:
    """Return one line that says why the engine cannot run, or None; nothing heavy is imported.

    With `model_dir` the recogniser is the one in that directory, whose manifest is read.
    """
    if platform.system() != "Linux":
        return "the engine needs Linux: it limits its workers with POSIX resource limits"
    folder = weights.wheel()
    if folder is None:
        return not_installed("moonshine-voice", has_wheels=platform_has_wheels())
    for module, package in LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            return not_installed(package, has_wheels=platform_has_wheels())
    if not (folder / "libmoonshine.so").is_file():
        return "moonshine-voice has no library for this platform"
    return _recogniser_unavailable(folder, model_dir)


def _recogniser_unavailable(folder: Path, model_dir: Path | None) -> str | None:
    if model_dir is not None:
        # Where nothing is installed this module still says so.
        from stenolog.engine.model_directory import ModelUnusable, read_manifest  # noqa: PLC0415  # see above

        try:
            manifest = read_manifest(model_dir)
        except ModelUnusable as exc:
            return str(exc)
        of_whisper = manifest.kind == "whisper-ctranslate2"
        if of_whisper and importlib.util.find_spec("faster_whisper") is None:
            return "faster-whisper is not installed: add the extra [whisper] (docs/ENGINE.md)"
        return None
    for name in ASSETS:
        if not (folder / "assets" / "tiny-en" / name).is_file():
            return f"moonshine-voice has no English model: {name} is missing"
    return None


def not_installed(package: str, *, has_wheels: bool) -> str:
    """Say what to do about a library of the engine that is not there."""
    if has_wheels:
        return f"{package} is not installed: add the extra [engine] (docs/INSTALL.md)"
    return (
        f"{package} has no wheel for this platform: the engine needs glibc 2.34+ on x86-64 or "
        "aarch64, and Python 3.11 to 3.14"
    )


def platform_has_wheels(python: tuple[int, int] = sys.version_info[:2]) -> bool:
    """Tell whether the engine's libraries are published for this machine's Linux and Python."""
    if python > PYTHON_MAX:
        return False
    name, release = platform.libc_ver()
    numbers = release.split(".")[:2]
    is_new_enough = all(map(str.isdecimal, numbers)) and tuple(map(int, numbers)) >= GLIBC_MIN
    return platform.machine() in MACHINES and name == "glibc" and is_new_enough


def engine_models_missing() -> str | None:
    """Return one line that names missing models, or None; loads the library."""
    try:
        missing = weights.missing_symbols()
    except OSError as exc:
        return f"moonshine-voice's library cannot be loaded: {exc}"
    if missing:
        return f"moonshine-voice's library does not carry: {', '.join(missing)}"
    return None
