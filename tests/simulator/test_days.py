"""The account's limits, derived resources, and bad days by name."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from click.testing import CliRunner

from stenolog.cli.main import stenolog
from stenolog.cli.simulate import announcement, announcement_of_aimlapi, serve
from stenolog.errors import CannotStart
from stenolog.simulator.aimlapi.days import DAYS as AIMLAPI_DAYS
from stenolog.simulator.aimlapi.provider import API_KEY as AIMLAPI_KEY
from stenolog.simulator.assemblyai.account import JobQueue, RequestWindow
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.days import DAYS, faults_of, in_turn
from stenolog.simulator.assemblyai.derived import paragraphs, sentences, srt, vtt, word_search
from stenolog.simulator.assemblyai.provider import Simulator
from tests.simulator.conftest import AUDIO, KEY, Bench

STOP_S_MAX = 10


@asynccontextmanager
async def asking(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a simulator that serves."""
    async with (
        simulator.serve() as url,
        httpx.AsyncClient(
            base_url=url, headers={"Authorization": simulator.api_key}, verify=False
        ) as client,
    ):
        yield client


def said(*lines: str, speaker: str | None = None) -> list[dict[str, object]]:
    """Words of a second each."""
    words = " ".join(lines).split(" ")
    return [
        {"text": w, "start": n * 1000, "end": n * 1000 + 900, "confidence": 0.5, "speaker": speaker}
        for n, w in enumerate(words)
    ]


def test_jobs_beyond_the_concurrency_wait_first_come_first_served() -> None:
    queue = JobQueue(2)
    assert [queue.wait_ms(0, 100) for _ in range(5)] == [0, 0, 100, 100, 200]
    assert queue.wait_ms(1_000, None) == 0
    assert queue.wait_ms(1_000, 50) == 0
    assert queue.wait_ms(1_000, 50) == 50
    assert JobQueue(None).wait_ms(0, None) == 0


def test_the_window_slides() -> None:
    window = RequestWindow(2, 1_000)
    assert [window.retry_after_s(now) for now in (0, 900, 950, 1_000, 1_001)] == [
        None,
        None,
        1,
        None,
        1,
    ]


async def test_a_job_that_waits_for_its_turn_is_queued_and_throttled() -> None:
    simulator = Simulator(concurrency=1, behave=lambda body: Behaviour(never_ends=True))
    async with asking(simulator) as client:
        for _ in range(2):
            created = await client.post("/v2/transcript", json={"audio_url": AUDIO})
        body = (await client.get(f"/v2/transcript/{created.json()['id']}")).json()
        assert (body["status"], body["throttled"]) == ("queued", True)
        listed = (await client.get("/v2/transcript", params={"throttled_only": "true"})).json()
        assert [item["id"] for item in listed["transcripts"]] == [body["id"]]


async def test_requests_over_the_window_are_429_with_when_to_come_back() -> None:
    async with asking(Simulator(window=RequestWindow(2))) as client:
        answers = [await client.get("/v2/transcript") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 300
    assert answers[2].json() == {"error": "Too Many Requests"}


async def test_results_expire_after_their_time_to_live() -> None:
    simulator = Simulator(result_ttl_ms=0, behave=lambda body: Behaviour(run_ms=0))
    async with asking(simulator) as client:
        created = await client.post("/v2/transcript", json={"audio_url": AUDIO})
        answer = await client.get(f"/v2/transcript/{created.json()['id']}")
        assert answer.status_code == 400


async def test_a_right_answer_may_claim_to_be_text(bench: Bench) -> None:
    bench.simulator.behave = in_turn(["text-json"])
    answer = await bench.client.get(f"/v2/transcript/{await bench.created()}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.json()["audio_url"] == AUDIO


async def test_a_finished_job_may_answer_any_bytes(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(
        run_ms=0, answer=b'{"id": "{job_id}", "n": 1e400}'
    )
    job = await bench.created()
    answer = await bench.client.get(f"/v2/transcript/{job}")
    assert answer.content == b'{"id": "%b", "n": 1e400}' % job.encode()


async def test_derived_resources_have_the_services_shapes(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(run_ms=0)
    job = await bench.created(speaker_labels=True)
    whole = await bench.read(job)
    base = f"/v2/transcript/{job}"
    for name in ("sentences", "paragraphs"):
        body = (await bench.client.get(f"{base}/{name}")).json()
        assert (body["id"], body["audio_duration"]) == (job, whole["audio_duration"])
        assert " ".join(one["text"] for one in body[name]) == whole["text"]
        assert sum(len(one["words"]) for one in body[name]) == len(whole["words"])
    captions = await bench.client.get(f"{base}/srt", params={"chars_per_caption": "40"})
    assert captions.headers["content-type"].startswith("text/plain")
    assert captions.text.startswith("1\n00:00:00,")
    assert (await bench.client.get(f"{base}/vtt")).text.startswith("WEBVTT\n\n00:00.")
    first = whole["words"][0]
    term = first["text"].strip(".,?").lower()
    found = (await bench.client.get(f"{base}/word-search", params={"words": term})).json()
    assert found["matches"][0]["timestamps"][0] == [first["start"], first["end"]]
    assert found["total_count"] == found["matches"][0]["count"]


@pytest.mark.parametrize(
    "path", ["sentences", "paragraphs", "srt", "vtt", "word-search?words=a", "word-search"]
)
async def test_derived_resources_of_what_is_not_finished_are_refused(
    bench: Bench, path: str
) -> None:
    bench.simulator.behave = lambda body: Behaviour(never_ends=True)
    for job in (await bench.created(), "unknown"):
        answer = await bench.client.get(f"/v2/transcript/{job}/{path}")
        assert answer.status_code == 400
        assert answer.json()["error"]


@pytest.mark.parametrize("query", ["srt?chars_per_caption=0", "vtt?chars_per_caption=x",
                                   "word-search?words=,"])  # fmt: skip
async def test_derived_resources_check_their_query(bench: Bench, query: str) -> None:
    bench.simulator.behave = lambda body: Behaviour(run_ms=0)
    answer = await bench.client.get(f"/v2/transcript/{await bench.created()}/{query}")
    assert answer.status_code == 400


def test_words_become_sentences_paragraphs_captions_and_hits() -> None:
    words = said("Good morning. How are you?", "I am fine")
    assert [one["text"] for one in sentences(words)] == [
        "Good morning.",
        "How are you?",
        "I am fine",
    ]
    assert len(paragraphs(words)) == 1
    assert len(paragraphs([*words, *said("And you?", speaker="B")])) == 2
    assert srt(words, 15).splitlines()[:4] == [
        "1",
        "00:00:00,000 --> 00:00:01,900",
        "Good morning.",
        "",
    ]
    late = [{**word, "start": 3_600_000, "end": 3_601_000} for word in said("Late")]
    assert vtt(late) == "WEBVTT\n\n01:00:00.000 --> 01:00:01.000\nLate\n"
    [match] = word_search(words, ["ARE you", "never"])
    assert match == {"text": "are you", "count": 1, "timestamps": [[3_000, 4_900]], "indexes": [3]}
    assert sentences([]) == []
    assert srt([]) == ""


def test_days_take_turns_and_a_repeated_create_keeps_its_day() -> None:
    behave = in_turn(["create-500", "never"])
    one, two = {"audio_url": "a"}, {"audio_url": "b"}
    assert behave(one) is behave(one) is DAYS["create-500"].behaviour
    assert behave(two) is DAYS["never"].behaviour
    assert behave(two) is DAYS["create-500"].behaviour


def test_a_day_can_be_named_in_the_audio_url() -> None:
    behave = in_turn(["good"])
    assert behave({"audio_url": f"{AUDIO}?a=b&day=never"}) is DAYS["never"].behaviour


async def test_a_day_that_is_none_refuses_the_create_and_lists_the_days() -> None:
    async with asking(Simulator(behave=in_turn(["good"]))) as client:
        body = {"audio_url": f"{AUDIO}?day=no-such-day"}
        answer = await client.post("/v2/transcript", json=body)
        assert answer.status_code == 400
        said = answer.json()["error"]
        assert said.startswith("The simulator has no day 'no-such-day'; its days are: good, ")
        assert said.endswith(", ".join(DAYS))


async def test_the_first_requests_of_a_kind_can_be_answered_wrongly() -> None:
    simulator = Simulator(faults=faults_of(["upload-failed", "list-500", "delete-web-page"]))
    async with asking(simulator) as client:
        created = (await client.post("/v2/transcript", json={"audio_url": AUDIO})).json()
        uploads = [(await client.post("/v2/upload", content=b"x")).status_code for _ in range(2)]
        lists = [(await client.get("/v2/transcript")).status_code for _ in range(2)]
        assert (uploads, lists) == ([422, 200], [500, 200])
        path = f"/v2/transcript/{created['id']}"
        assert (await client.delete(path)).headers["content-type"].startswith("text/html")
        assert (await client.delete(path)).json()["id"] == created["id"]


async def test_answers_can_be_packed(bench: Bench) -> None:
    bench.simulator.behave = in_turn(["gzip"])
    answer = await bench.client.get(f"/v2/transcript/{await bench.created()}")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["audio_url"] == AUDIO


async def test_redacted_audio_can_take_longer_than_the_job(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(run_ms=0, redacted_after_ms=60_000)
    job = await bench.created(
        redact_pii=True, redact_pii_audio=True, redact_pii_policies=["person_name"]
    )
    answer = await bench.client.get(f"/v2/transcript/{job}/redacted-audio")
    assert (answer.status_code, answer.json()) == (202, {"status": "processing"})


UNANSWERED = {"create-dropped", "lost-reply", "list-500", "not-known-yet", "made-twice"}


@pytest.mark.parametrize("name", [n for n in DAYS if n not in {"slow", "late-callback"}])
async def test_every_day_can_be_had(bench: Bench, name: str) -> None:
    bench.simulator.behave = in_turn([name])
    try:
        await bench.create()
        await bench.create()
    except httpx.HTTPError:
        assert name in UNANSWERED
    assert bench.simulator.creates


@contextmanager
def simulated(*words: str) -> Iterator[tuple[str, list[str]]]:
    """The command's address, and what it says when it starts; it ends by a signal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stenolog.cli.main", "simulate", "--port", "0", *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(3)]
    yield lines[0].split()[-1], lines
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_S_MAX) == 0
    process.stdout.close()


def test_the_command_says_where_it_is_and_ends_by_a_signal() -> None:
    with simulated("--api-key", KEY) as (url, lines):
        answer = httpx.get(f"{url}/v2/transcript", headers={"Authorization": KEY})
        assert answer.status_code == 200
        assert lines == announcement(url, KEY, "us").splitlines()


def test_aimlapi_is_simulated_too_with_days_and_an_hour_of_its_own() -> None:
    words = ("--provider", "aimlapi", "--bad-day", "create-429", "--ttl-ms", "0")
    with simulated(*words) as (url, lines):
        assert lines == announcement_of_aimlapi(url, AIMLAPI_KEY).splitlines()
        headers = {"Authorization": f"Bearer {AIMLAPI_KEY}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            asked = {"model": "nova-3", "url": AUDIO}
            assert client.post("/v1/stt/create", json=asked).status_code == 429
            created = client.post("/v1/stt/create", json=asked).json()["generation_id"]
            assert client.get(f"/v1/stt/{created}").status_code == 404
            wrong = client.post("/v1/stt/create", json={**asked, "url": f"{AUDIO}?day=bad"})
            assert (wrong.status_code, "lost-reply" in wrong.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--provider", "aimlapi", "--bad-day", "no-callback"], "its days are: good, pages"),
        (["--provider", "aimlapi", "--concurrency", "1"], "--concurrency goes with"),
        (["--provider", "aimlapi", "--region", "us"], "--region goes with"),
        (["--bad-day", "newer"], "is no day of assemblyai"),
    ],
)
def test_what_the_other_provider_has_is_refused(words: list[str], told: str) -> None:
    result = CliRunner().invoke(stenolog, ["simulate", *words])
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_the_command_names_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(stenolog, ["simulate", "--port", port])
    assert result.exit_code == 3
    assert port in result.stderr


async def test_two_simulators_do_not_share_a_port() -> None:
    async with Simulator().serve() as url:
        with pytest.raises(CannotStart, match="taken by another program"):
            await serve(
                Simulator(), "127.0.0.1", int(url.rpartition(":")[2]), announcement_of_aimlapi
            )


def test_the_command_knows_the_days_and_networks() -> None:
    result = CliRunner().invoke(stenolog, ["simulate", "--help"])
    assert all(name in result.stdout for name in (*DAYS, *AIMLAPI_DAYS))
    wrong = CliRunner().invoke(stenolog, ["simulate", "--allow-network", "here"])
    assert wrong.exit_code == 2
    assert "STENOLOG_ASSEMBLYAI_EU_BASE_URL=http://x" in announcement("http://x", "k", "eu")
