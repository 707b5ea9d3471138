"""Read a directory with a recogniser: what its manifest says, and whether its files are those.

Nothing is downloaded: the operator puts the files there, and the manifest beside them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from stenolog.wrong_values import said_of

MANIFEST = "stenolog-model.json"
MANIFEST_BYTES_MAX = 64 << 10
FILES_MAX = 64
BYTES_MAX = 8 << 30  # of all files; the largest Whisper has three
HASHED_BYTES = 1 << 20  # in one piece

Kind = Literal["moonshine", "whisper-ctranslate2"]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# What a recogniser of this kind opens; the others are checked all the same.
NEEDED: dict[Kind, tuple[str, ...]] = {
    "moonshine": ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"),
    "whisper-ctranslate2": ("model.bin", "config.json", "tokenizer.json"),
}


class ModelUnusable(Exception):
    """The directory holds no model that can be used; the message says what to mend."""


class Manifest(BaseModel):
    """What a model is, and which files it is made of.

    Attributes:
        name: What a transcript shows as `speech_model_used`.
        licence: Under which it may be used, for whoever reads `stenolog doctor`.
        files: Their SHA-256, by name; all of them lie in the directory itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    licence: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    files: dict[FileName, Sha256] = Field(min_length=1, max_length=FILES_MAX)


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a model's directory; its files are not opened.

    Raises:
        ModelUnusable: There is none, it is wrong, or a file is missing or too large.
    """
    path = directory / MANIFEST
    try:
        with path.open("rb") as file:
            written = file.read(MANIFEST_BYTES_MAX + 1)
        if len(written) > MANIFEST_BYTES_MAX:
            raise ModelUnusable(f"{path} is longer than {MANIFEST_BYTES_MAX} bytes")
        manifest = Manifest.model_validate_json(written)
    except OSError as exc:
        raise ModelUnusable(f"{path} cannot be read: {exc.strerror}") from exc
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ModelUnusable(f"{path}: {where}: {said_of(first)}") from None
    missing = [name for name in NEEDED[manifest.kind] if name not in manifest.files]
    if missing:
        raise ModelUnusable(f"{path}: files: a {manifest.kind} model needs {', '.join(missing)}")
    _refuse_sizes(directory, manifest)
    return manifest


def verify_files(directory: Path, manifest: Manifest) -> None:
    """Read every file, and compare its SHA-256; a gigabyte takes some seconds.

    Raises:
        ModelUnusable: One is another than the manifest says, or cannot be read.
    """
    for name, wanted in manifest.files.items():
        digest = hashlib.sha256()
        try:
            with (directory / name).open("rb") as file:
                while piece := file.read(HASHED_BYTES):
                    digest.update(piece)
        except OSError as exc:
            raise ModelUnusable(f"{directory / name} cannot be read: {exc.strerror}") from exc
        if digest.hexdigest() != wanted:
            raise ModelUnusable(f"{directory / name} is not the file that {MANIFEST} names")


def _refuse_sizes(directory: Path, manifest: Manifest) -> None:
    size = 0
    for name in manifest.files:
        try:
            size += (directory / name).stat().st_size
        except OSError as exc:
            raise ModelUnusable(f"{directory / name} is missing: {exc.strerror}") from exc
    if size > BYTES_MAX:
        raise ModelUnusable(f"the files in {directory} have {size} bytes, over {BYTES_MAX}")
