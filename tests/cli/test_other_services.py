"""What a command makes of a service that is not ours: nothing of it is taken on trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from stenolog.cli.doctor import command as doctor
from stenolog.cli.keys import command as keys
from stenolog.cli.listing import command as listing
from stenolog.cli.projections import command as projections
from stenolog.cli.reconcile import command as reconcile
from stenolog.cli.search import command as search
from stenolog.cli.transcribe import command as transcribe
from stenolog.commands.api_keys import new_secret
from stenolog.simulator.aimlapi.provider import API_KEY
from stenolog.simulator.threaded import ThreadedAimlapiSimulator
from stenolog.stores.files.directory import locked
from tests.cli.other_service import Other, other_service

DONE, NO, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 4
KEY = new_secret(bytes(38))
COMMANDS: dict[str, tuple[click.Command, tuple[str, ...]]] = {
    "transcribe a URL": (transcribe, ("https://audio.example/a.mp3",)),
    "transcribe a file": (transcribe, ("a.wav",)),
    "keys list": (keys, ("list",)),
    "keys create": (keys, ("create", "--name", "x")),
    "keys revoke": (keys, ("revoke", "AAAAAAAA")),
    "search": (search, ("refund",)),
    "projections list": (projections, ("list",)),
    "projections rebuild": (projections, ("rebuild", "all")),
    "reconcile": (reconcile, ()),
}
EVIL = "\x1b]0;pwned\x07\x1b[31m\x9b2J\u202e\ud800\n  0:01.0  B: no"
WRONG: dict[str, Any] = {
    "nothing": {},
    "wrong types": {
        "upload_url": 5,
        "id": 5,
        "status": 5,
        "text": 5,
        "utterances": 5,
        "items": 5,
        "key": None,
        "next": 5,
        "prefix": None,
        "revoked_at": [],
    },
    "nulls": {"status": None, "items": [None], "next": None, "utterances": [{}], "id": None},
    "an unknown status": {"id": "t", "status": "thinking", "upload_url": "u", "key": "None"},
    "escapes": {"id": EVIL, "status": EVIL, "upload_url": EVIL, "key": EVIL, "items": [EVIL]},
    "huge numbers": {"items": [{"position": 10**4000}], "id": "t", "status": 10**4000},
}


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with other_service() as made:
        yield made


def stenolog(command: click.Command, *words: str, data_dir: Path = Path("none")) -> Result:
    answer = CliRunner().invoke(command, list(words), env={"STENOLOG_DATA_DIR": str(data_dir)})
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


def asked(other: Other, command: click.Command, *words: str) -> Result:
    return stenolog(command, *words, "--url", other.url, "--api-key", "k")


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("called", COMMANDS)
def test_an_answer_that_is_not_ours_is_one_line(other: Other, called: str, body: Any) -> None:
    other.body = json.dumps(body).encode()
    answer = asked(other, COMMANDS[called][0], *COMMANDS[called][1])
    assert answer.exit_code == NO
    (line,) = [one for one in answer.stderr.splitlines() if one.startswith("stenolog: ")]
    assert "what Stenolog does not" in line
    assert answer.stdout == ""
    assert "\x1b" not in answer.output


def test_all_there_are_are_listed_page_by_page(other: Other) -> None:
    items = [{"id": f"t{number}", "status": "completed"} for number in range(60)]
    first = "/api/v1/transcripts?limit=200"
    other.paths[f"{first}&after=x"] = json.dumps({"items": items[30:], "next": None}).encode()
    other.paths[first] = json.dumps({"items": items[:30], "next": "x"}).encode()
    answer = asked(other, listing, "--all", "--json")
    assert [json.loads(line) for line in answer.stdout.splitlines()] == items
    assert asked(other, listing, "--all").exit_code == WRONG_USAGE


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000, b"9" * 10_000])
def test_an_answer_that_is_no_object_is_one_line(other: Other, body: bytes) -> None:
    other.body = body
    answer = asked(other, keys, "list")
    assert (answer.exit_code, answer.stderr.count("\n")) == (NO, 1)
    assert "no Stenolog?" in answer.stderr


def test_what_a_service_says_obeys_the_terminal_in_nothing(other: Other) -> None:
    item = {
        "prefix": EVIL,
        "tenant": EVIL,
        "name": EVIL,
        "scopes": [EVIL],
        "region": EVIL,
        "tenant_region": EVIL,
        "revoked_at": EVIL,
        "version": 1,
        "position": 1,
        "failures": 0,
        "rebuilding": None,
    }
    turn = {"speaker": EVIL, "start": 1, "end": 2, "text": EVIL}
    transcript = {"id": "t", "status": "completed", "text": EVIL, "utterances": [turn]}
    ended = {"id": "t", "status": "error", "error": EVIL}
    other.body = json.dumps({"items": [item], "next": None, **item}).encode()
    answers = [
        asked(other, keys, "list"),
        asked(other, keys, "revoke", "x"),
        asked(other, projections, "list"),
    ]
    for body in (transcript, {**transcript, "utterances": None}, ended):
        other.body = json.dumps(body).encode()
        answers.append(asked(other, transcribe, "https://audio.example/a.mp3"))
    for answer in answers:
        assert "pwned" in answer.output
        assert not any(sign in answer.output for sign in "\x1b\x07\x9b\u202e\ud800")
        assert not any(line.startswith("  0:01.0  B") for line in answer.output.splitlines())


def test_an_utterance_is_one_line_whatever_was_said(other: Other) -> None:
    said = "yes.\n  0:02.0  B: I agree\r\n\u2028\tto all\x0b"
    turn = {"speaker": "A", "start": 1_000, "end": 2_000, "text": said}
    body = {"id": "t", "status": "completed", "text": said, "utterances": [turn]}
    other.body = json.dumps(body).encode()
    (line,) = asked(other, transcribe, "https://audio.example/a.mp3").stdout.splitlines()
    assert line.startswith("  0:01.0  A: yes.")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"transcripts":[]}', DONE, "answers and takes the key"),
        (b"{}", NO, "not as AssemblyAI does"),
        (b"<html>", NO, "not as AssemblyAI does"),
    ],
)
def test_doctor_does_not_take_anybody_for_the_provider(
    other: Other, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int, said: str
) -> None:
    monkeypatch.setenv("STENOLOG_ASSEMBLYAI_API_KEY", "k")
    monkeypatch.setenv("STENOLOG_ASSEMBLYAI_BASE_URL", other.url)
    other.body = body
    answer = stenolog(doctor)
    assert said in answer.output
    assert answer.exit_code == status


@pytest.mark.parametrize(
    ("key", "path", "status", "said"),
    [
        (API_KEY, "/v1", DONE, "answers and takes the key"),
        ("wrong", "", NO, "answers 401"),
        (API_KEY, "/elsewhere", NO, "answers 404"),
    ],
)
def test_doctor_asks_aimlapi_for_a_job_that_nobody_made(
    monkeypatch: pytest.MonkeyPatch, key: str, path: str, status: int, said: str
) -> None:
    with ThreadedAimlapiSimulator() as url:
        monkeypatch.setenv("STENOLOG_AIMLAPI_API_KEY", key)
        monkeypatch.setenv("STENOLOG_AIMLAPI_BASE_URL", url + path)
        answer = stenolog(doctor)
    (line,) = [one for one in answer.output.splitlines() if "provider, AIMLAPI" in one]
    assert said in line
    assert answer.exit_code == status


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A data directory whose first key opens everything."""
    made = tmp_path / "data"
    made.mkdir()
    for name in ("keys.db", "log.db"):
        (made / name).touch()
    (made / "api-key").write_text(KEY + "\n")
    return made


@pytest.mark.parametrize("called", COMMANDS)
def test_a_stopped_directorys_key_is_shown_to_nobody(
    other: Other, directory: Path, called: str
) -> None:
    command, words = COMMANDS[called]
    answer = stenolog(command, *words, "--url", other.url, data_dir=directory)
    assert answer.exit_code == WRONG_USAGE
    (line,) = [one for one in answer.stderr.splitlines() if one.startswith("stenolog: ")]
    assert "--api-key" in line
    assert "none runs there" in line
    assert other.keys == []
    assert {one.path for one in other.received} == {"/healthz"}


@pytest.mark.parametrize("called", COMMANDS)
def test_a_key_is_shown_to_its_directorys_own_service_alone(
    other: Other, directory: Path, called: str
) -> None:
    command, words = COMMANDS[called]
    with locked(directory, url="http://127.0.0.1:1"):
        answer = stenolog(command, *words, "--url", other.url, data_dir=directory)
    assert answer.exit_code == WRONG_USAGE
    assert "listens at http://127.0.0.1:1" in answer.stderr
    assert other.keys == []
    with locked(directory, url=other.url):
        for url in ((), ("--url", other.url + "/")):
            stenolog(command, *words, *url, data_dir=directory)
    assert set(other.keys) == {KEY}


def test_a_key_that_is_given_is_sent_where_it_is_given_for(other: Other, directory: Path) -> None:
    stenolog(keys, "list", "--url", other.url, "--api-key", "given", data_dir=directory)
    assert other.keys == ["given"]


def test_nobody_at_the_default_address_is_asked_for_a_stopped_directory(directory: Path) -> None:
    answer = stenolog(transcribe, "https://audio.example/a.mp3", data_dir=directory)
    assert answer.exit_code == UNREACHABLE
    assert f"no service runs on {directory}" in answer.stderr
    assert "--api-key" in answer.stderr


def test_a_comparison_is_a_table_and_a_list_that_failed_is_no(other: Other) -> None:
    done = {
        "provider": "assemblyai",
        "region": "us",
        "compared": 1_052,
        "missing": 50,
        "pages": 6,
        "took_ms": 412,
        "error": None,
    }
    other.body = json.dumps({"items": [done]}).encode()
    answer = asked(other, reconcile, "--provider", "assemblyai", "--dry-run")
    assert answer.exit_code == DONE
    head, line = answer.stdout.splitlines()
    assert head.split()[:3] == ["provider", "region", "running"]
    assert line.split()[:6] == ["assemblyai", "us", "1052", "50", "6", "412"]
    failed = {**done, "compared": None, "missing": None, "pages": None, "error": "no JSON"}
    other.body = json.dumps({"items": [failed]}).encode()
    answer = asked(other, reconcile)
    assert answer.exit_code == NO
    assert "no JSON" in answer.stdout
