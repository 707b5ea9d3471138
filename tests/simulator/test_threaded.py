"""The simulator in a thread, with the official SDK, and as a process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import assemblyai as aai
import httpx
import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedReceiver, ThreadedSimulator

ROOT = Path(__file__).parents[2]
KEY = "a-key"
AUDIO = "https://example.com/a.mp3"

# The SDK uses methods of pydantic that pydantic would like it to give up.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")


@pytest.fixture
def threaded() -> Iterator[ThreadedSimulator]:
    server = ThreadedSimulator(Simulator(api_key=KEY, behave=lambda body: Behaviour(run_ms=20)))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sdk(threaded: ThreadedSimulator) -> Iterator[aai.Client]:
    settings = aai.Settings(api_key=KEY, base_url=threaded.base_url, polling_interval=0.1)
    client = aai.Client(settings=settings)
    yield client
    client.http_client.close()


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


def test_the_official_sdk_transcribes_a_url(threaded: ThreadedSimulator, sdk: aai.Client) -> None:
    config = aai.TranscriptionConfig(
        speaker_labels=True, auto_chapters=True, entity_detection=True, sentiment_analysis=True
    )
    done = aai.Transcriber(client=sdk, config=config).transcribe(AUDIO)
    assert done.status == aai.TranscriptStatus.completed
    assert done.utterances and done.chapters and done.entities  # noqa: PT018  one question
    assert len(threaded.simulator.jobs) == 1
    assert threaded.simulator.creates[0].headers["authorization"] == KEY


def test_the_official_sdk_uploads_and_deletes(
    threaded: ThreadedSimulator, sdk: aai.Client, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF" * 100)
    done = aai.Transcriber(client=sdk).transcribe(str(path))
    assert done.status == aai.TranscriptStatus.completed
    assert threaded.simulator.uploads[0].bytes_count == 400
    gone = httpx.delete(
        f"{threaded.base_url}/v2/transcript/{done.id}", headers={"Authorization": KEY}
    )
    assert gone.json()["text"] == "Deleted by user."
    assert threaded.simulator.uploads == ()


def test_the_official_sdk_lists_page_by_page(sdk: aai.Client) -> None:
    transcriber = aai.Transcriber(client=sdk)
    ids = [transcriber.submit(f"{AUDIO}?{n}").id for n in range(3)]
    parameters = aai.ListTranscriptParameters(limit=2)
    page = transcriber.list_transcripts(parameters)
    parameters.before_id = page.page_details.before_id_of_prev_url
    older = transcriber.list_transcripts(parameters)
    assert [item.id for item in (*page.transcripts, *older.transcripts)] == ids[::-1]


def test_the_official_sdk_sees_a_failure(threaded: ThreadedSimulator, sdk: aai.Client) -> None:
    threaded.simulator.behave = lambda body: Behaviour(run_ms=0, error="No speech.")
    done = aai.Transcriber(client=sdk).transcribe(AUDIO)
    assert (done.status, done.error) == (aai.TranscriptStatus.error, "No speech.")


def test_a_thread_refuses_accepts_and_releases(
    threaded: ThreadedSimulator, sdk: aai.Client
) -> None:
    threaded.refuse_connections()
    with pytest.raises(httpx.ConnectError):
        httpx.get(threaded.base_url)
    threaded.accept_connections()
    threaded.simulator.behave = lambda body: Behaviour(run_ms=0, held_reply_ms=60_000)
    transcriber = aai.Transcriber(client=sdk)
    pending = transcriber.transcribe_async(AUDIO)
    until(lambda: threaded.simulator.jobs)
    assert not pending.done()
    threaded.release()
    assert pending.result(5).id == threaded.simulator.jobs[0].id


def test_a_receiver_in_a_thread_gets_the_callback(
    threaded: ThreadedSimulator, sdk: aai.Client
) -> None:
    receiver = ThreadedReceiver()
    with receiver as url:
        config = aai.TranscriptionConfig().set_webhook(f"{url}/hook", "X-Token", "secret")
        aai.Transcriber(client=sdk).submit(AUDIO, config)
        until(lambda: receiver.receiver.deliveries)
    assert receiver.receiver.deliveries[0].headers["x-token"] == "secret"


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stenolog.simulator", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("end", ["stdin", "SIGTERM"])
def test_as_a_process_it_serves_until_its_input_closes_or_it_is_told(end: str) -> None:
    with run("--api-key", KEY) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        asked = urllib.request.Request(f"{url}/v2/transcript", headers={"Authorization": KEY})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert answer.status == 200
        if end == "stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_as_a_process_it_says_that_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with run("--port", str(taken.getsockname()[1])) as process:
            assert process.stderr is not None
            assert "cannot listen" in process.stderr.read()
            assert process.wait(10) == 3
