"""Whether the engine can run is found out cheaply, and the models are really there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import stenolog
from stenolog.engine.availability import (
    PYTHON_MAX,
    engine_models_missing,
    engine_unavailable,
    not_installed,
    platform_has_wheels,
)
from stenolog.engine.speech import weights

ROOT = Path(__file__).parents[2]


def test_the_engine_can_run_here_with_all_its_models() -> None:
    assert engine_unavailable() is None
    assert engine_models_missing() is None


def test_asking_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from stenolog.engine.availability import engine_unavailable\n"
        "assert engine_unavailable() is None\n"
        "heavy = {'numpy', 'onnxruntime', 'av', 'moonshine_voice'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_the_wheel_the_reason_is_one_line() -> None:
    """An interpreter without site packages is a platform without the wheel."""
    program = (
        "from stenolog.engine.availability import engine_models_missing, engine_unavailable\n"
        "print(engine_unavailable())\n"
        "print(engine_models_missing())\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(Path(stenolog.__file__).parents[1])},
        capture_output=True,
        check=True,
        text=True,
    )
    first, second = done.stdout.splitlines()
    assert first == not_installed("moonshine-voice", has_wheels=True)
    assert second.startswith("moonshine-voice's library cannot be loaded")


def test_what_to_do_depends_on_whether_this_platform_has_wheels() -> None:
    assert platform_has_wheels()
    assert "add the extra [engine]" in not_installed("av", has_wheels=True)
    assert "no wheel for this platform" in not_installed("av", has_wheels=False)


def test_a_python_newer_than_the_wheels_is_a_platform_without_them() -> None:
    newest = PYTHON_MAX
    assert platform_has_wheels(newest)
    assert not platform_has_wheels((newest[0], newest[1] + 1))
    named = ".".join(map(str, newest))
    assert f"Python 3.11 to {named}" in not_installed("av", has_wheels=False)
    assert f"Python 3.11 to {named}" in (ROOT / "docs" / "INSTALL.md").read_text()


def test_the_engines_own_process_loads_no_model() -> None:
    """Only workers do: the process that answers HTTP stays small and cannot be crashed by media."""
    program = (
        "import sys\n"
        "import stenolog.engine.host.serve\n"
        "heavy = {'numpy', 'onnxruntime', 'av', 'moonshine_voice'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_exported_model_can_be_read() -> None:
    assert weights.missing_symbols() == ()
    for model in weights.SYMBOLS:
        assert len(weights.embedded_model(model)) > 1_000_000
