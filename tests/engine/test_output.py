"""The engine and its workers go on whatever becomes of their standard error."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine import sounds
from tests.engine.engine_process import EngineProcess

pytestmark = pytest.mark.xdist_group("engine")

OPENING = sounds.wav(sounds.speech("two_cities", 0, 4.8))


@contextlib.contextmanager
def full_disk() -> Iterator[int]:
    full = os.open("/dev/full", os.O_WRONLY)
    yield full
    os.close(full)


@contextlib.contextmanager
def nobody_reads() -> Iterator[int]:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4_096)
    os.set_blocking(writer, True)
    yield writer
    os.close(writer)
    os.close(reader)


@pytest.mark.parametrize("output", [full_disk, nobody_reads])
def test_an_engine_whose_lines_go_nowhere_transcribes(
    tmp_path: Path, output: Callable[[], contextlib.AbstractContextManager[int]]
) -> None:
    with output() as descriptor:
        engine = EngineProcess(tmp_path, descriptor, log_level="debug")
        try:
            assert engine.transcribe(OPENING)["status"] == "completed"
        finally:
            assert engine.stop() == 0
