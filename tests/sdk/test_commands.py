"""The command line is a client too: `transcribe`, `list`, `show` and `delete`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.main import stenolog
from tests.gateway_process import GatewayProcess

DONE, NO, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
URL = "https://audio.example/call.mp3"
FAILS = "https://audio.example/fails.mp3"
NEVER = "https://audio.example/never.mp3"
NOBODY = "0193a1b2-0000-7000-8000-000000000009"
SAYS_S_MAX = 20
COLUMNS = 80
ID = "[0-9a-f-]{36}"


def run(service: GatewayProcess, *words: str, stdin: bytes | None = None) -> Result:
    given = {"STENOLOG_DATA_DIR": str(service.data_dir)}
    answer = CliRunner().invoke(stenolog, list(words), env=given, input=stdin)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


def ids_in(answer: Result) -> list[str]:
    """The ids that were told, in order."""
    lines = answer.stderr.splitlines()
    return [line.split()[-1] for line in lines if re.search(f": transcription {ID}$", line)]


def test_text_is_printed_and_the_id_is_told(simulated: GatewayProcess, recording: Path) -> None:
    answer = run(simulated, "transcribe", str(recording), "--speaker-labels")
    assert answer.exit_code == DONE, answer.output
    assert answer.stderr.splitlines()[0].startswith("uploading call.mp3")
    (told,) = ids_in(answer)
    assert answer.stdout.startswith("  0:0")
    again = run(simulated, "transcribe", told)
    assert (again.exit_code, again.stdout) == (DONE, answer.stdout)
    shown = run(simulated, "show", told)
    assert shown.stdout.endswith(answer.stdout)
    facts = dict(line.split(maxsplit=1) for line in shown.stdout.split("\n\n")[0].splitlines())
    assert (facts["id"], facts["status"]) == (told, "completed")
    explained = run(simulated, "explain", told).stdout.splitlines()
    assert max(map(len, explained)) <= COLUMNS
    assert "the result was fetched after the callback" in " ".join(" ".join(explained).split())
    steps = json.loads(run(simulated, "explain", told, "--json").stdout)
    assert steps[0]["type"] == "transcription.requested"


def test_standard_input_is_a_recording(simulated: GatewayProcess) -> None:
    answer = run(simulated, "transcribe", "-", stdin=b"RIFF" * 1_000)
    assert answer.exit_code == DONE, answer.output
    assert "stdin: transcription " in answer.stderr


@pytest.mark.parametrize(
    ("form", "begins"), [("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n"), ("json", "{")]
)
def test_subtitles_and_json(
    simulated: GatewayProcess, tmp_path: Path, form: str, begins: str
) -> None:
    answer = run(simulated, "transcribe", URL, "--format", form)
    assert answer.exit_code == DONE, answer.output
    assert answer.stdout.startswith(begins)
    place = tmp_path / "out"
    again = run(simulated, "transcribe", *ids_in(answer), "--format", form, "-o", str(place))
    assert (again.exit_code, again.stdout) == (DONE, "")
    assert place.read_text() == answer.stdout


def test_several_are_sent_at_once_and_printed_in_turn(
    simulated: GatewayProcess, recording: Path, tmp_path: Path
) -> None:
    answer = run(simulated, "transcribe", str(recording), FAILS, URL)
    assert answer.exit_code == NO
    assert len(ids_in(answer)) == 3
    assert "fails.mp3: transcription failed: Audio duration is too short." in answer.stderr
    titles = [line for line in answer.stdout.splitlines() if line == "call.mp3"]
    assert len(titles) == 2, "what failed stops no other"
    first, _, last = ids_in(answer)
    again = run(simulated, "transcribe", first, last, "--format", "srt", "-o", str(tmp_path))
    assert again.exit_code == DONE, again.output
    assert {one.name for one in tmp_path.iterdir()} == {f"{first}.srt", f"{last}.srt"}
    lines = run(simulated, "transcribe", first, last, "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [first, last]


def test_what_cannot_be_is_said_before_anything_is_sent(
    simulated: GatewayProcess, recording: Path, tmp_path: Path
) -> None:
    missing, there = str(tmp_path / "nope.wav"), str(recording)
    for words, status, said in [
        ((missing,), NO, "nope.wav: No such file or directory"),
        ((str(tmp_path),), NO, "Is a directory"),
        ((there, missing), NO, "No such file"),
        ((there, there), WRONG_USAGE, "named twice"),
        ((there, URL, "--format", "srt"), WRONG_USAGE, "need -o DIRECTORY"),
        ((there, "-o", str(tmp_path)), NO, "must be a file"),
        ((there, "-o", str(tmp_path / "no" / "where")), NO, "must be a file"),
        ((there, URL, "-o", missing), NO, "must be a directory"),
        ((there, "--format", "docx"), WRONG_USAGE, "'docx' is not one of"),
        ((), WRONG_USAGE, "Missing argument"),
    ]:
        answer = run(simulated, "transcribe", *words)
        assert answer.exit_code == status, (words, answer.output)
        assert said in answer.output, (words, answer.output)
        assert "uploading" not in answer.stderr


def test_an_id_that_nobody_has_is_said_to_be_none(simulated: GatewayProcess) -> None:
    for words in (
        ("transcribe", NOBODY),
        ("show", NOBODY),
        ("delete", NOBODY),
        ("explain", NOBODY),
    ):
        answer = run(simulated, *words)
        assert answer.exit_code == NO, answer.output
        (line,) = answer.stderr.splitlines()
        assert "list` shows those there are" in line


def test_a_list_has_a_line_for_each_and_a_deleted_one_says_so(simulated: GatewayProcess) -> None:
    (told,) = ids_in(run(simulated, "transcribe", URL))
    (failed,) = ids_in(run(simulated, "transcribe", FAILS))
    head, first, error, second = run(simulated, "list", "--limit", "2").stdout.splitlines()
    assert head.split() == ["id", "status", "submitted", "(UTC)", "length"]
    assert (first.split()[:2], second.split()[:2]) == ([failed, "error"], [told, "completed"])
    assert error == "  error Audio duration is too short."
    assert run(simulated, "delete", told, NOBODY).stdout == f"{told} deleted\n"
    shown = run(simulated, "show", told).stdout
    assert "deleted: its text and audio are gone" in shown
    assert "audio.example" not in shown
    whole = run(simulated, "list", "--json", "--status", "error", "--limit", "1").stdout
    assert json.loads(whole)["id"] == failed
    assert "there are more" in run(simulated, "list", "--limit", "1").stderr
    none = run(simulated, "list", "--metadata", '{"team": "nobody"}')
    assert (none.stdout, none.stderr) == ("", "none of these\n")
    odd = run(simulated, "list", "--metadata", "nobody")
    assert (odd.exit_code, "such as" in odd.stderr) == (NO, True)


def test_ctrl_c_ends_the_waiting_and_says_how_to_go_on(simulated: GatewayProcess) -> None:
    waiting = subprocess.Popen(
        [sys.executable, "-m", "stenolog", "transcribe", NEVER],
        env={**os.environ, "STENOLOG_DATA_DIR": str(simulated.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with waiting:
        assert waiting.stderr is not None
        ends = time.monotonic() + SAYS_S_MAX
        told = ""
        while ": transcription " not in told:
            assert time.monotonic() < ends
            told = waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        rest = waiting.stderr.read()
        assert waiting.wait(SAYS_S_MAX) == INTERRUPTED
    assert "go on later with: " in rest
    assert rest.rstrip().endswith(f" transcribe {told.split()[-1]}")
    run(simulated, "delete", told.split()[-1])


def test_a_word_that_is_nearly_a_command_is_answered(simulated: GatewayProcess) -> None:
    for words, meant in [
        ("trnscribe", "transcribe"),
        ("lst", "list"),
        ("shw", "show"),
        ("keys lst", "list"),
        ("log sow", "show"),
        ("projections rebild", "rebuild"),
        ("config shw", "show"),
    ]:
        answer = CliRunner().invoke(stenolog, words.split(), standalone_mode=True)
        assert f"Did you mean '{meant}'?" in answer.output
