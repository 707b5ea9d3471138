"""A recogniser from a directory: tried with the packaged model, refused when it is not as named."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stenolog.cli.doctor import engine as engine_finding
from stenolog.config.settings import load_settings
from stenolog.engine.availability import engine_unavailable
from stenolog.engine.model_directory import (
    MANIFEST,
    MANIFEST_BYTES_MAX,
    NEEDED,
    ModelUnusable,
    read_manifest,
    verify_files,
)
from stenolog.engine.speech import weights
from stenolog.engine.speech.recognisers import open_recogniser
from stenolog.engine.speech.whisper import joined
from tests.engine.engine_process import EngineProcess, until
from tests.engine.sounds import speech

pytestmark = pytest.mark.xdist_group("engine")
NAMES = NEEDED["moonshine"]


def a_model(folder: Path, **changes: Any) -> Path:
    """The packaged model in a directory of its own, with a manifest."""
    folder.mkdir()
    packaged = weights.recogniser_folder()
    for name in NAMES:
        os.symlink(packaged / name, folder / name)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}
    manifest = {"kind": "moonshine", "name": "mine-1", "licence": "MIT", "files": files}
    (folder / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    return folder


def test_the_packaged_model_in_a_directory_hears_the_same(tmp_path: Path) -> None:
    mine = open_recogniser(a_model(tmp_path / "model"), threads=2)
    packaged = open_recogniser(None, threads=2)
    audio = speech("beckett", 0, 5)
    heard = mine.words(audio, None)
    assert heard == packaged.words(audio, None)
    assert len(heard) > 3
    assert (mine.model, packaged.model) == ("mine-1", "moonshine-tiny-en")


def test_a_file_that_is_not_as_named_is_not_loaded(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "model")
    tokenizer = (folder / "tokenizer.bin").read_bytes()
    (folder / "tokenizer.bin").unlink()
    (folder / "tokenizer.bin").write_bytes(tokenizer[:-1] + b"?")
    with pytest.raises(ModelUnusable, match=r"tokenizer\.bin is not the file"):
        verify_files(folder, read_manifest(folder))
    with pytest.raises(ModelUnusable):
        open_recogniser(folder, threads=1)


def test_files_that_are_no_model_are_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(b"no model")
    digest = hashlib.sha256(b"no model").hexdigest()
    manifest = {"kind": "moonshine", "name": "x", "licence": "MIT"}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "files": dict.fromkeys(NAMES, digest)}))
    with pytest.raises(ModelUnusable, match="is no moonshine model"):
        open_recogniser(folder, threads=1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "other"}, "kind: must be one of"),
        ({"name": "no spaces please"}, "name: has not the form"),
        ({"files": {}}, "files"),
        ({"files": {"../tokenizer.bin": "0" * 64}}, "files"),
        ({"files": {"tokenizer.bin": "0" * 64}}, "needs encoder_model.ort"),
        ({"licence": ""}, "licence"),
        ({"more": 1}, "more: is not known"),
        ({"kind": "whisper-ctranslate2"}, "needs model.bin"),
        ({"files": dict.fromkeys((*NAMES, "away.bin"), "0" * 64)}, "away.bin is missing"),
    ],
)
def test_a_manifest_that_is_wrong_says_what(
    tmp_path: Path, changes: Mapping[str, Any], said: str
) -> None:
    folder = a_model(tmp_path / "model", **changes)
    with pytest.raises(ModelUnusable) as told:
        read_manifest(folder)
    assert said in str(told.value)
    assert engine_unavailable(folder) == str(told.value)


def test_a_manifest_that_is_missing_or_endless_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_bytes(b" " * (MANIFEST_BYTES_MAX + 1))
    with pytest.raises(ModelUnusable, match="longer than"):
        read_manifest(tmp_path)


def test_whisper_needs_its_extra(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    files = {}
    for name in NEEDED["whisper-ctranslate2"]:
        (folder / name).write_bytes(b"{}")
        files[name] = hashlib.sha256(b"{}").hexdigest()
    manifest = {"kind": "whisper-ctranslate2", "name": "base.en", "licence": "MIT", "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    said = engine_unavailable(folder)
    assert said is not None
    assert "[whisper]" in said
    with pytest.raises(ModelUnusable, match=r"\[whisper\]"):
        open_recogniser(folder, threads=1)


@dataclass
class Piece:
    word: str
    probability: float


def test_pieces_of_whispers_words_are_put_together() -> None:
    pieces = [Piece(" well", 0.9), Piece("-", 0.8), Piece("known", 0.7), Piece(" ", 0.1)]
    made = joined([*pieces, Piece(" man.", 0.6)])
    assert [(one.text, one.confidence) for one in made] == [("well-known", 0.7), ("man.", 0.6)]


def test_an_engine_whose_model_was_changed_says_so_and_loads_nothing(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "model")
    (folder / "tokenizer.bin").unlink()
    (folder / "tokenizer.bin").write_bytes(b"changed")
    engine = EngineProcess(tmp_path, model_dir=str(folder))

    def refused() -> str | None:
        lines = (one for one in engine.log_lines() if one["event"] == "engine.model_refused")
        return next((str(one["reason"]) for one in lines), None)

    try:
        assert "tokenizer.bin" in until(refused, 20)
        assert engine.workers == []
    finally:
        engine.stop()


def test_doctor_verifies_the_model_and_says_what_it_is(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "model")
    settings = load_settings({}, engine_model=folder)
    told = engine_finding(settings)
    assert told.holds
    assert "mine-1 (moonshine, MIT; 3 files as named)" in told.said
    (folder / "tokenizer.bin").unlink()
    (folder / "tokenizer.bin").write_bytes(b"changed")
    told = engine_finding(settings)
    assert told.holds is False
    assert "tokenizer.bin is not the file" in told.said
