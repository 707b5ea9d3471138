"""A real gateway with all providers beside each other: who is asked, and who when that fails."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from stenolog.engine.availability import engine_unavailable
from stenolog.simulator.aimlapi.behaviour import NO_CREDITS
from stenolog.simulator.aimlapi.behaviour import Behaviour as AimlapiBehaviour
from stenolog.simulator.aimlapi.provider import API_KEY as AIMLAPI_KEY
from stenolog.simulator.aimlapi.provider import AimlapiSimulator
from stenolog.simulator.assemblyai.behaviour import (
    DROPPED,
    UNAVAILABLE,
    Behaviour,
    refusal,
    too_many_requests,
)
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedAimlapiSimulator, ThreadedSimulator
from stenolog.wire.assemblyai import sentences
from tests.gateway_process import GatewayProcess, children, gateway

PATIENCE_S = 30.0
BOTH = ["assemblyai", "aimlapi"]
FILE = b"RIFF\x00\x00\x00\x00WAVE" + bytes(range(256)) * 100
NO_FUNDS = refusal(402, "Your account is out of funds")
ALWAYS = 99
DAYS = {
    "no-funds": Behaviour(create_faults=(NO_FUNDS,) * ALWAYS),
    "not-now": Behaviour(create_faults=(UNAVAILABLE,) * ALWAYS),
    "paused": Behaviour(create_faults=(too_many_requests(60),) * ALWAYS),
    "lost-reply": Behaviour(lost_reply=True, callbacks=()),
    "dropped-once": Behaviour(create_faults=(DROPPED,)),
    "server-error": Behaviour(error=sentences.SERVER_ERROR),
    "invalid": Behaviour(create_faults=(refusal(400, "language_code is wrong"),)),
    "good": Behaviour(),
}


@dataclass(frozen=True)
class Bench:
    """A gateway, and two providers behind it."""

    process: GatewayProcess
    threaded: ThreadedSimulator
    second: AimlapiSimulator

    def asked(self, path: str, body: object = None, **headers: str) -> Any:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"authorization": self.process.key, **headers}
        request = urllib.request.Request(self.process.url + path, data, given)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def ended(self, **params: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A transcription that was asked for and has ended, and its events."""
        identifier = self.asked("/api/v1/transcripts", {"providers": BOTH, **params})["id"]
        return self.end_of(identifier)

    def end_of(self, identifier: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        path, ends = f"/api/v1/transcripts/{identifier}", monotonic() + PATIENCE_S
        while (told := self.asked(path))["status"] not in ("completed", "error"):
            assert monotonic() < ends, self.process.said
            sleep(0.05)
        return told, self.asked(f"{path}/events?limit=200")["items"]

    def first_jobs(self, url: str) -> int:
        return sum(job.request.audio_url == url for job in self.threaded.simulator.jobs)

    def second_jobs(self, url: str) -> int:
        return sum(job.audio.url == url for job in self.second.jobs)


def url(day: str) -> str:
    return f"https://audio.example/{day}.mp3"


def day_of(body: Any) -> Behaviour:
    name = str(body.get("audio_url")).rpartition("/")[2].removesuffix(".mp3")
    return DAYS.get(name, Behaviour())


def claims(events: Sequence[dict[str, Any]]) -> list[str | None]:
    """Whom each claim names; None: the first."""
    return [one["data"]["provider"] for one in events if one["type"] == "submission.claimed"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One gateway for all of a test's days: breakers and pauses are its own."""
    first = ThreadedSimulator(Simulator(behave=day_of))
    second = AimlapiSimulator(behave=lambda fields: AimlapiBehaviour(run_ms=20))
    with first, ThreadedAimlapiSimulator(second) as second_url:
        settings = {
            "ASSEMBLYAI_API_KEY": API_KEY,
            "ASSEMBLYAI_BASE_URL": first.base_url,
            "AIMLAPI_API_KEY": AIMLAPI_KEY,
            "AIMLAPI_BASE_URL": f"{second_url}/v1",
            "SETTLE_MS": "300",
            "SWEEP_INTERVAL_MS": "200",
            "CALLBACK_SILENCE_MS": "200",
        }
        with gateway(tmp_path / "data", settings) as process:
            yield Bench(process, first, second)


def test_what_an_answer_leads_to(bench: Bench) -> None:
    told, events = bench.ended(audio_url=url("good"))
    assert (told["provider"], claims(events)) == ("assemblyai", [None])
    # Nobody else is asked while there may be a job.
    told, events = bench.ended(audio_url=url("lost-reply"))
    assert (told["provider"], claims(events)) == ("assemblyai", [None])
    assert bench.first_jobs(url("lost-reply")) == 1
    told, events = bench.ended(audio_url=url("dropped-once"))
    assert (told["provider"], claims(events)) == ("assemblyai", [None, None])
    told, events = bench.ended(audio_url=url("invalid"))
    assert (told["status"], told["error"]) == ("error", "language_code is wrong")
    assert claims(events) == [None]
    assert not bench.second.jobs
    # A provider's fault.
    told, events = bench.ended(audio_url=url("no-funds"))
    assert (told["status"], told["provider"]) == ("completed", "aimlapi")
    assert claims(events) == [None, "aimlapi"]
    assert told["provider_job"] == bench.second.jobs[-1].id
    assert bench.asked(f"/v2/transcript/{told['id']}")["text"]
    bench.ended(audio_url=url("good"), providers=["assemblyai"])
    told, events = bench.ended(audio_url=url("not-now"))
    assert claims(events) == [None, None, None, "aimlapi"]
    for day in ("no-funds", "not-now"):
        assert (bench.first_jobs(url(day)), bench.second_jobs(url(day))) == (0, 1)
    bench.ended(audio_url=url("good"), providers=["assemblyai"])
    told, events = bench.ended(audio_url=url("server-error"))
    assert (told["status"], told["provider"]) == ("completed", "aimlapi")
    assert claims(events) == [None, "aimlapi"], "the first job ended, without a result"
    counted = 'stenolog_submissions_elsewhere_total{provider="aimlapi"} 3.0'
    with urllib.request.urlopen(f"{bench.process.url}/metrics", timeout=5) as answer:
        assert counted in answer.read().decode().splitlines()


def test_a_provider_that_is_down_or_paused_is_passed_over_and_comes_back(bench: Bench) -> None:
    told, _ = bench.ended(audio_url=url("good"))
    assert told["provider"] == "assemblyai"
    bench.threaded.refuse_connections()
    told, events = bench.ended(audio_url=url("down"))
    assert (told["status"], told["provider"]) == ("completed", "aimlapi")
    assert claims(events) == [None, None, None, "aimlapi"]
    told, events = bench.ended(audio_url=url("down again"))
    assert len(claims(events)) <= 2, "asked once more at most: as the one that probes"
    uploaded = bench.asked("/v2/upload", FILE)["upload_url"]
    told, _ = bench.ended(audio_url=uploaded)
    assert (told["status"], told["provider"]) == ("completed", "aimlapi")
    bench.threaded.accept_connections()
    ends = monotonic() + PATIENCE_S
    while told["provider"] != "assemblyai":
        assert monotonic() < ends
        told, _ = bench.ended(audio_url=url("good"))
    told, events = bench.ended(audio_url=url("paused"))
    assert (told["status"], told["provider"]) == ("completed", "aimlapi")
    assert claims(events) == [None, "aimlapi"], "the provider said not before a minute"
    assert not bench.first_jobs(url("paused"))


def test_what_a_fallback_made_is_deleted_there(bench: Bench) -> None:
    """AIMLAPI first, which refuses; AssemblyAI deletes."""
    bench.second.behave = lambda fields: AimlapiBehaviour(create_faults=(NO_CREDITS,) * ALWAYS)
    audio = url("fallback")
    told, events = bench.ended(audio_url=audio, providers=["aimlapi", "assemblyai"])
    assert (told["status"], told["provider"]) == ("completed", "assemblyai")
    assert (told["region"], claims(events)) == ("us", [None, "assemblyai"])
    request = urllib.request.Request(
        f"{bench.process.url}/api/v1/transcripts/{told['id']}",
        headers={"authorization": bench.process.key},
        method="DELETE",
    )
    urllib.request.urlopen(request, timeout=5).close()
    ends = monotonic() + PATIENCE_S
    [job] = [one for one in bench.threaded.simulator.jobs if one.request.audio_url == audio]
    while not job.deleted:
        assert monotonic() < ends, bench.process.said
        sleep(0.05)
        [job] = [one for one in bench.threaded.simulator.jobs if one.request.audio_url == audio]


def test_clients_of_other_services_have_a_fallback_that_is_asked_in_its_own_words(
    bench: Bench,
) -> None:
    bench.second.behave = lambda fields: AimlapiBehaviour(create_faults=(NO_CREDITS,) * ALWAYS)
    order = {"Stenolog-Providers": "aimlapi, assemblyai"}
    create = {"model": "aai/universal", "url": url("stt"), "speaker_labels": True}
    made = bench.asked("/v1/stt/create", create, **order)["generation_id"]
    _, events = bench.end_of(made)
    assert claims(events) == [None, "assemblyai"]
    result = bench.asked(f"/v1/stt/{made}")["result"]
    assert result["utterances"]
    [job] = [one for one in bench.threaded.simulator.jobs if one.request.audio_url == url("stt")]
    assert "speech_models" not in job.request.params, "it takes AIMLAPI's names no more"
    said = httpx.post(
        f"{bench.process.url}/v1/audio/transcriptions",
        data={"model": "whisper-1"},
        files={"file": FILE},
        headers={"authorization": bench.process.key, **order},
        timeout=PATIENCE_S,
    )
    assert said.json()["text"]
    [audio] = bench.asked("/api/v1/transcripts?limit=1")["items"]
    assert audio["provider"] == "assemblyai"
    last = bench.threaded.simulator.jobs[-1].request.params
    assert "speech_models" not in last


@pytest.mark.skipif(engine_unavailable() is not None, reason="no engine on this platform")
def test_the_engine_is_started_once_something_is_sent_to_it(bench: Bench) -> None:
    from tests.engine import sounds  # noqa: PLC0415  # needs the wheels

    assert bench.process.process is not None
    pid = bench.process.process.pid
    bench.ended(audio_url=url("good"))
    assert not children(pid, "stenolog.engine"), (
        "a gateway with a key stays as light as one without the engine"
    )
    said = bench.asked("/api/v1/providers")["items"]
    assert all(one["configured"] for one in said)
    audio = bench.asked("/v2/upload", sounds.wav(sounds.silence(1.0)))["upload_url"]
    asked = bench.asked("/v2/transcript", {"audio_url": audio}, **{"Stenolog-Provider": "local"})
    told, events = bench.end_of(asked["id"])
    assert (told["status"], told["provider"]) == ("completed", "local")
    assert claims(events) == [None], "nothing was claimed before it was there"
    assert len(children(pid, "stenolog.engine")) == 1
