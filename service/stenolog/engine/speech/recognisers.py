"""Open the recogniser: the one in the moonshine-voice wheel, or one from a directory."""

from __future__ import annotations

from pathlib import Path

from stenolog.engine.model_directory import ModelUnusable, read_manifest, verify_files
from stenolog.engine.speech import weights
from stenolog.engine.speech.moonshine import Moonshine
from stenolog.engine.speech.whisper import Whisper
from stenolog.engine.techniques import Recogniser

PACKAGED = "moonshine-tiny-en"


def open_recogniser(directory: Path | None, *, threads: int) -> Recogniser:
    """Return the recogniser in `directory`, all of whose files are verified; None: the wheel's.

    Raises:
        ModelUnusable: The directory holds none that can be used.
        OSError: The wheel or a part of it is missing.
    """
    if directory is None:
        return Moonshine(weights.recogniser_folder(), PACKAGED, threads=threads)
    manifest = read_manifest(directory)
    verify_files(directory, manifest)
    try:
        match manifest.kind:
            case "moonshine":
                return Moonshine(directory, manifest.name, threads=threads)
            case "whisper-ctranslate2":
                return Whisper(directory, manifest.name, threads=threads)
    except ImportError as exc:
        raise ModelUnusable(
            f"a {manifest.kind} model needs {exc.name}: add the extra [whisper] (docs/ENGINE.md)"
        ) from exc
    except Exception as exc:  # whatever a library says of files that are no model
        raise ModelUnusable(
            f"{directory} is no {manifest.kind} model: {type(exc).__name__}"
        ) from exc
