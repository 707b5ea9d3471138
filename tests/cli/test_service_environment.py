"""Commands beside a service look at its settings, and raise no alarm about what they cannot see."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from stenolog.cli.data_files import master_key
from stenolog.cli.doctor import local_findings
from stenolog.cli.findings import Finding
from stenolog.cli.log import command as log
from stenolog.cli.service_environment import environment_of, settings_of_service
from stenolog.cli.settings import command as config
from stenolog.config.env_file import BYTES_MAX, read_env_file
from stenolog.config.settings import load_settings
from stenolog.stores.files.directory import locked
from tests.bootstrap.test_directory import settings_in

KEY = "5c" * 32
ROOT = Path(__file__).parents[2]
SERVICE = """
import os, sys, time
sys.path.insert(0, "service")
from pathlib import Path
from stenolog.stores.files.directory import locked
directory = Path(sys.argv[1])
with locked(directory, url="http://127.0.0.1:4711"), (directory / "log.db").open("rb"):
    print("runs", flush=True)
    sys.stdin.read()
"""


@contextmanager
def a_service(directory: Path, *words: str, **environ: str) -> Iterator[int]:
    """A process that has the directory locked and its log open, as a gateway has."""
    (directory / "log.db").touch()
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(directory), *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        try:
            yield process.pid
        finally:
            process.stdin.close()


def test_the_settings_of_the_service_that_runs_are_found(tmp_path: Path) -> None:
    environ = {
        "STENOLOG_MASTER_KEY": KEY,
        "STENOLOG_SPEECH_MODELS": "universal-2,universal-3-pro",
        "STENOLOG_DATA_DIR": "elsewhere",
        "STENOLOG_PORT": "4711",
        "HOME": "/",
    }
    with a_service(tmp_path, **environ):
        found = settings_of_service(tmp_path)
        shown = CliRunner().invoke(config, ["show", "--data-dir", str(tmp_path)])
    assert (found.known, found.runs) == (True, True)
    assert ["STENOLOG_PORT", "4711"] in [line.split() for line in shown.stdout.splitlines()]
    assert shown.stderr == f"the settings of the service that runs on {tmp_path}:\n"
    assert found.settings.master_key is not None
    assert found.settings.master_key.get_secret_value() == KEY
    assert found.settings.port == 4711
    assert found.settings.data_dir == tmp_path
    assert found.settings.speech_models == ("universal-2", "universal-3-pro")
    after = settings_of_service(tmp_path)
    assert (after.known, after.runs, after.settings.master_key) == (False, False, None)


@pytest.mark.parametrize("words", [["--env-file", "{}"], ["--env-file={}"]])
def test_the_file_that_the_service_was_told_to_read_is_read_too(
    tmp_path: Path, words: list[str]
) -> None:
    """A process does not show such settings in its environment."""
    file = tmp_path / "service.env"
    file.write_text(f"STENOLOG_MASTER_KEY={KEY}\nSTENOLOG_PORT=1\nSTENOLOG_DATA_DIR=/elsewhere\n")
    words = [word.format(os.path.relpath(file, ROOT)) for word in words]
    with a_service(tmp_path, *words, STENOLOG_PORT="4711"):
        found = settings_of_service(tmp_path)
        file.rename(tmp_path / "elsewhere")
        without = settings_of_service(tmp_path)
    assert (found.known, found.settings.port, found.settings.data_dir) == (True, 4711, tmp_path)
    assert found.settings.master_key is not None
    assert found.settings.master_key.get_secret_value() == KEY
    assert (without.known, without.settings.master_key) == (False, None)


def test_a_process_that_has_not_this_log_open_is_another(tmp_path: Path) -> None:
    (tmp_path / "log.db").touch()
    assert environment_of(os.getpid(), tmp_path) is None
    assert environment_of(2**22 + 1, tmp_path) is None
    with (tmp_path / "log.db").open("rb"):
        assert environment_of(os.getpid(), tmp_path) is not None


def test_what_the_environment_has_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STENOLOG_PORT", "1")
    monkeypatch.setenv("STENOLOG_HOST", "")
    file = tmp_path / "service.env"
    file.write_text(
        "# settings\n; more\n\nSTENOLOG_PORT=2\nexport STENOLOG_HOST = '127.0.0.2'\n"
        'STENOLOG_PUBLIC_URL="https://a.example"\nSTENOLOG_MASTER_KEY=\nPATH=/bin\n'
    )
    behind = read_env_file(file)
    assert set(behind) == {
        "STENOLOG_PORT",
        "STENOLOG_HOST",
        "STENOLOG_PUBLIC_URL",
        "STENOLOG_MASTER_KEY",
    }
    settings = load_settings(None, behind)
    assert (settings.port, settings.host, settings.master_key) == (1, "127.0.0.2", None)
    assert settings.public_url == "https://a.example"
    assert load_settings(None, behind, port=3).port == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"STENOLOG_PORT\n", "line 1 is not NAME=value"),
        (b"\xff", "not UTF-8"),
        (b"#" * (BYTES_MAX + 1), "more than 64 KiB"),
        (b"STENOLOG_PROT=1\n", "did you mean STENOLOG_PORT"),
        (b"STENOLOG_PORT=many\n", "STENOLOG_PORT: "),
    ],
)
def test_a_wrong_file_is_wrong_usage(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "service.env"
    if content is not None:
        file.write_bytes(content)
    words = ["verify", "--data-dir", str(tmp_path), "--env-file", str(file)]
    result = CliRunner().invoke(log, words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_key_that_only_the_service_has_is_no_alarm(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"x")
    settings = settings_in(tmp_path)
    assert master_key(settings).holds is False
    unseen = master_key(settings, known=False)
    assert (unseen.holds, unseen.said) == (None, "not seen from here")
    assert "--env-file" in unseen.advice
    runs = master_key(settings, known=False, runs=True)
    assert (runs.holds, runs.said) == (None, "not seen from here, the service that runs has it")


def test_doctor_says_whose_settings_it_looks_at(tmp_path: Path) -> None:
    def said() -> Finding:
        findings = local_findings(settings_of_service(tmp_path))
        return next(finding for finding in findings if finding.what == "settings")

    assert said().said == "those of this command's environment"
    with a_service(tmp_path, STENOLOG_MASTER_KEY=KEY):
        assert said().said == "those of the service"
    with locked(tmp_path):  # by this process, which has the log not open
        assert said().holds is None
