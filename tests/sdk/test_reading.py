"""A transcript is read by people: `show`, `report` and `export`, of a running gateway."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from stenolog.cli.demo_findings import FEATURES
from stenolog.cli.main import stenolog
from stenolog.cli.report import AUDIO_PLACE as PLACE_OF_CLI
from stenolog.edge.report.page import AUDIO_PLACE
from tests.gateway_process import GatewayProcess

NOBODY = "0193a1b2-0000-7000-8000-000000000009"
URL = "https://audio.example/reading.mp3"
DONE, NO, WRONG_USAGE = 0, 1, 2


@pytest.fixture(scope="module")
def analysed(simulated: GatewayProcess) -> str:
    """The id of a transcript for which every feature was asked for."""
    posted = httpx.post(
        f"{simulated.url}/v2/transcript",
        json={"audio_url": URL, **FEATURES},
        headers={"Authorization": simulated.key},
    )
    assert posted.status_code == 200, posted.text
    transcription_id = str(posted.json()["id"])
    assert run(simulated, "transcribe", transcription_id).exit_code == DONE
    return transcription_id


def run(service: GatewayProcess, *words: str) -> Result:
    given = {"STENOLOG_DATA_DIR": str(service.data_dir)}
    answer = CliRunner().invoke(stenolog, list(words), env=given)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


def test_show_has_chapters_sentiment_entities_and_flags(
    simulated: GatewayProcess, analysed: str
) -> None:
    shown = run(simulated, "show", analysed).stdout
    lines = shown.splitlines()
    assert [line for line in lines if line.startswith("1  ")]
    assert [line for line in lines if line.startswith("sentiment  ")]
    assert [line for line in lines if line[8:10] in (" +", " -", " ~")]
    assert [line for line in lines if line.startswith("          ! ")]
    assert [line for line in lines if line.startswith("organization  ")]
    assert "\x1b" not in shown


def test_a_report_is_a_file_with_a_player_in_it(
    simulated: GatewayProcess, analysed: str, recording: Path, tmp_path: Path
) -> None:
    assert PLACE_OF_CLI == AUDIO_PLACE
    place = tmp_path / "report.html"
    answer = run(simulated, "report", analysed, "-o", str(place), "--audio", str(recording))
    assert (answer.exit_code, answer.output) == (DONE, "")
    page = place.read_text()
    assert page.count('<audio controls preload="metadata" src="data:audio/mpeg;base64,') == 1
    printed = run(simulated, "report", analysed).stdout
    assert printed.startswith("<!doctype html>")
    assert AUDIO_PLACE not in printed
    assert "<audio" not in printed
    unplayable = tmp_path / "call.pcm"
    unplayable.touch()
    refused = run(simulated, "report", analysed, "--audio", str(unplayable))
    assert refused.exit_code == NO
    assert "a browser plays" in refused.stderr


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("srt", "1\n00:00:0"),
        ("vtt", "WEBVTT\n"),
        ("txt", "[0:0"),
        ("md", "# Transcript "),
        ("csv", "start,end,speaker,text"),
        ("json", "{"),
    ],
)
def test_an_export_is_printed_or_written(
    simulated: GatewayProcess, analysed: str, tmp_path: Path, form: str, begins: str
) -> None:
    printed = run(simulated, "export", analysed, "--format", form)
    assert printed.exit_code == DONE, printed.output
    assert printed.stdout.startswith(begins)
    place = tmp_path / "out"
    assert run(simulated, "export", analysed, "--format", form, "-o", str(place)).stdout == ""
    assert place.read_bytes().decode().replace("\r\n", "\n") == printed.stdout.replace("\r\n", "\n")


def test_a_view_is_exported_alone(simulated: GatewayProcess, analysed: str) -> None:
    answer = run(simulated, "export", analysed, "--format", "json", "--view", "entities")
    assert {one["entity_type"] for one in json.loads(answer.stdout)} >= {"organization"}


@pytest.mark.parametrize("words", [("report",), ("export", "--format", "txt"), ("show",)])
def test_what_there_is_not_is_said_in_a_line(
    simulated: GatewayProcess, words: tuple[str, ...]
) -> None:
    answer = run(simulated, words[0], NOBODY, *words[1:])
    assert (answer.exit_code, answer.stdout) == (NO, "")
    (line,) = answer.stderr.splitlines()
    assert "stenolog list" in line
