"""Commands end with one line and a status, never with a traceback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from stenolog.cli.doctor import command as doctor
from stenolog.cli.keys import command as keys
from stenolog.cli.projections import command as projections
from stenolog.cli.serve import command as serve
from stenolog.cli.settings import command as config
from stenolog.cli.simulate import command as simulate
from stenolog.cli.transcribe import command as transcribe
from stenolog.clock import Clocks
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.engine.servers import site

NOBODY = "http://127.0.0.1:1"
CANNOT_START, WRONG_USAGE, NO = 3, 2, 1


def stenolog(command: click.Command, directory: Path, *words: str) -> Result:
    environment = {"STENOLOG_DATA_DIR": str(directory), "STENOLOG_URL": NOBODY}
    answer = CliRunner().invoke(command, list(words), env=environment)
    assert isinstance(answer.exception, SystemExit), answer.exception
    return answer


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (projections, ("list",)),
        (projections, ("rebuild", "all")),
        (keys, ("list",)),
        (keys, ("create", "--name", "x")),
        (keys, ("revoke", "AAAAAAAA")),
    ],
)
def test_a_lock_that_cannot_be_written_is_named(
    tmp_path: Path, command: click.Command, words: tuple[str, ...]
) -> None:
    for name in ("keys.db", "log.db"):
        (tmp_path / name).touch()
    (tmp_path / "lock").mkdir()
    answer = stenolog(command, tmp_path, *words)
    assert answer.exit_code == CANNOT_START
    (line,) = answer.stderr.splitlines()
    assert str(tmp_path / "lock") in line


@pytest.mark.parametrize("words", [("list",), ("rebuild", "all")])
def test_views_of_a_lost_log_are_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "keys.db").touch()
    answer = stenolog(projections, tmp_path, *words)
    assert answer.exit_code == CANNOT_START
    assert "restore" in answer.stderr
    assert not (tmp_path / "log.db").exists()


@pytest.mark.parametrize(
    "words",
    [("--name", "x", "--scopes", "everything"), ("--name", ""), ("--name", "x", "--tenant", "\n")],
)
def test_a_key_that_cannot_be_is_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert stenolog(keys, tmp_path, "create", *words).exit_code == WRONG_USAGE


@pytest.mark.parametrize("models", ["universal 2", "x" * 65, ",".join("a" * 17)])
@pytest.mark.parametrize(("command", "words"), [(serve, ()), (doctor, ()), (config, ("show",))])
def test_what_cannot_be_a_models_name_is_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: click.Command,
    words: tuple[str, ...],
    models: str,
) -> None:
    monkeypatch.setenv("STENOLOG_SPEECH_MODELS", models)
    answer = stenolog(command, tmp_path / "data", *words)
    assert answer.exit_code == WRONG_USAGE
    (line,) = answer.stderr.splitlines()
    assert line == (
        "stenolog: STENOLOG_SPEECH_MODELS: must be at most 16 names of models, or empty"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STENOLOG_ASSEMBLYAI_API_KEY", "secret\r"),
        ("STENOLOG_ASSEMBLYAI_EU_API_KEY", "secret "),
        ("STENOLOG_PUBLIC_URL", "http://h:99999999"),
        ("STENOLOG_PUBLIC_URL", "https://u:secret@h"),
    ],
)
@pytest.mark.parametrize(("command", "words"), [(serve, ()), (doctor, ()), (config, ("show",))])
def test_a_setting_that_cannot_work_is_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: click.Command,
    words: tuple[str, ...],
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)
    answer = stenolog(command, tmp_path / "data", *words)
    assert answer.exit_code == WRONG_USAGE
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"stenolog: {name}: ")
    assert "secret" not in answer.output
    assert not (tmp_path / "data").exists()


def test_a_simulators_key_that_no_client_can_send_is_wrong_usage() -> None:
    answer = CliRunner().invoke(simulate, ["--port", "0", "--api-key", "a b"])
    assert answer.exit_code == WRONG_USAGE
    assert "--api-key" in answer.output


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--api-key", "a\r"),
        ("--api-key", "\u00e9"),
        ("--api-key", ""),
        ("--url", "http://h:99999999"),
        ("--url", "http://a:b@h"),
        ("--url", "h"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(tmp_path: Path, option: str, value: str) -> None:
    for command, words in ((keys, ("list",)), (transcribe, ("a.wav",)), (projections, ("list",))):
        answer = stenolog(command, tmp_path, *words, option, value)
        assert answer.exit_code == WRONG_USAGE
        (line,) = answer.stderr.splitlines()
        assert line.startswith(f"stenolog: {option} (STENOLOG_")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_an_empty_recording_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "api-key").write_bytes(content)
    answer = stenolog(transcribe, tmp_path, str(tmp_path / "a.wav"))
    assert answer.exit_code == NO
    assert "a.wav is empty" in answer.stderr


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
@pytest.mark.parametrize(("status", "said"), [(200, "no Stenolog?"), (502, "without a reason")])
def test_an_answer_that_is_not_ours_is_one_line(
    tmp_path: Path, status: int, said: str, body: bytes
) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with site() as other:
        other.statuses = [status]
        other.pages["/api/v1/keys?limit=200"] = (status, {}, body)
        url = ("--url", other.url, "--api-key", "k")
        for answer in (
            stenolog(keys, tmp_path, "list", *url),
            stenolog(transcribe, tmp_path, str(tmp_path / "a.wav"), *url),
        ):
            assert answer.exit_code == NO
            (line,) = [one for one in answer.stderr.splitlines() if one.startswith("stenolog: ")]
            assert f"answers {status}" in line
            assert said in line


def test_a_clock_that_cannot_be_right_is_named_with_the_way_on(tmp_path: Path) -> None:
    asyncio.run(_made(tmp_path / "log.db", Clocks(wall=lambda: 1)))
    # In a process of its own: `serve` sets up the log lines of the whole process.
    answer = subprocess.run(
        [sys.executable, "-m", "stenolog", "serve", "--port", "0", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert answer.returncode == CANNOT_START
    (line,) = answer.stderr.splitlines()
    assert "the machine's clock is" in line
    assert "stenolog serve --accept-clock" in line


async def _made(path: Path, clocks: Clocks | None = None) -> None:
    await (await SqliteLog.open(path, clocks=clocks or Clocks())).close()
