"""A real gateway in front of a simulated AIMLAPI: no callback, no list, and nothing is lost."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from hashlib import sha256
from time import monotonic, sleep
from typing import Any

import pytest
from assemblyai.types import TranscriptResponse

from stenolog.simulator.aimlapi.behaviour import Behaviour, refusal
from stenolog.simulator.aimlapi.provider import API_KEY, AimlapiSimulator
from stenolog.simulator.threaded import ThreadedAimlapiSimulator
from tests.gateway_process import GatewayProcess, gateway

PATIENCE_S = 30.0
FILE = b"RIFF\x00\x00\x00\x00WAVE" + bytes(range(256)) * 10_000
SETTLE_MS = 400
GONE = "gone"  # a day of this test: its create answers, and every read is a 404


def url(name: str, day: str = "good") -> str:
    return f"https://audio.example/{name}.mp3?day={day}"


ANALYSES = {
    "auto_chapters": True,
    "auto_highlights": True,
    "content_safety": True,
    "entity_detection": True,
    "sentiment_analysis": True,
    "speaker_labels": True,
}
CASES: Mapping[str, dict[str, Any]] = {
    "no model": {"audio_url": url("plain"), "speaker_labels": True, "entity_detection": True},
    "nova-3": {"audio_url": url("nova"), "speech_models": ["nova-3"], "speaker_labels": True},
    "text": {"audio_url": url("text"), "speech_models": ["openai/gpt-4o-transcribe"]},
    "unknown": {"audio_url": url("unknown"), "speech_models": ["elevenlabs/scribe_v2"]},
    "own words": {"audio_url": url("own"), "aimlapi": {"model": "#g1_whisper-tiny"}},
    "newer": {"audio_url": url("newer", "newer"), "speech_models": ["nova-3"]},
    "pages": {"audio_url": url("pages", "pages")},
    "above": {"audio_url": url("above"), "speech_models": ["nova-3"], "speech_threshold": 0.1},
    "below": {"audio_url": url("below"), "speech_models": ["nova-3"], "speech_threshold": 0.99},
    "failed": {"audio_url": url("failed", "failed")},
    "refused": {"audio_url": url("refused", "create-400")},
    "once lost": {"audio_url": url("lost", "create-dropped")},
    "always lost": {"audio_url": url("always", "lost-reply")},
    "503": {"audio_url": url("503", "create-503")},
    "read-500": {"audio_url": url("read-500", "read-500")},
    "upload": {"speech_models": ["#g1_whisper-large"]},
    "enriched": {"audio_url": url("enriched"), "speech_models": ["nova-3"], **ANALYSES},
    "summary": {
        "audio_url": url("summary"),
        "speech_models": ["openai/gpt-4o-transcribe"],
        "summarization": True,
    },
}


class Bench:
    """A gateway and the AIMLAPI behind it."""

    def __init__(self, process: GatewayProcess, simulator: AimlapiSimulator) -> None:
        self.process, self.simulator = process, simulator
        self.ids: dict[str, str] = {}

    def call(self, path: str, body: object = None) -> tuple[int, bytes]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": self.process.key}
        request = urllib.request.Request(self.process.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as exc:
            return exc.code, exc.read()

    def asked(self, path: str, body: object = None) -> Any:
        status, answer = self.call(path, body)
        assert status < 300, answer
        return json.loads(answer)

    def ended(self, case: str) -> Any:
        ends = monotonic() + PATIENCE_S
        path = f"/v2/transcript/{self.ids[case]}"
        while (told := self.asked(path))["status"] not in ("completed", "error"):
            assert monotonic() < ends, self.process.said
            sleep(0.05)
        return told

    def native(self, case: str, view: str = "") -> Any:
        return self.asked(f"/api/v1/transcripts/{self.ids[case]}{view}")

    def jobs(self, case: str) -> list[Any]:
        wanted = CASES[case].get("audio_url")
        return [job for job in self.simulator.jobs if job.audio.url == wanted]

    def types(self, case: str) -> list[str]:
        events = self.native(case, "/events?limit=200")["items"]
        return [one["type"] for one in events]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    simulator = AimlapiSimulator()
    with ThreadedAimlapiSimulator(simulator) as base_url:
        settings = {
            "AIMLAPI_API_KEY": API_KEY,
            "AIMLAPI_BASE_URL": f"{base_url}/v1",
            "SETTLE_MS": str(SETTLE_MS),
            "SWEEP_INTERVAL_MS": "300",
        }
        with gateway(tmp_path_factory.mktemp("aimlapi") / "data", settings) as process:
            made = Bench(process, simulator)
            uploaded = made.asked("/v2/upload", FILE)["upload_url"]
            for case, params in CASES.items():
                asked = {"audio_url": uploaded, **params}
                made.ids[case] = made.asked("/v2/transcript", asked)["id"]
            yield made


def test_the_service_says_who_transcribes(bench: Bench) -> None:
    assert "provider  AIMLAPI" in bench.process.said
    assert bench.native("no model")["provider"] == "aimlapi"


def test_assemblyais_family_comes_through_as_it_is(bench: Bench) -> None:
    told = bench.ended("no model")
    (job,) = bench.jobs("no model")
    result = dict(job.answer(10**15)["result"])
    ours = {"id", "audio_url", "speech_model", "webhook_url", "webhook_status_code"}
    assert {name: told[name] for name in result.keys() - ours} == {
        name: value for name, value in result.items() if name not in ours
    }
    assert bench.native("no model", "/entities")["items"]
    assert bench.native("no model", "/speakers")["items"]


def test_deepgrams_family_is_whole_on_both_surfaces(bench: Bench) -> None:
    told = bench.ended("nova-3")
    (job,) = bench.jobs("nova-3")
    assert told["audio_duration"] == 30
    assert told["speech_model_used"] == "nova-3"
    assert told["aimlapi"]["metadata"]["request_id"] == job.id
    assert {one["speaker"] for one in told["utterances"]} == {"A", "B"}
    assert told["words"][0]["end"] > told["words"][0]["start"] > 100
    native = bench.native("nova-3")
    assert (native["words"], native["text"]) == (len(told["words"]), told["text"])
    assert native["audio"]["source"] == "word-times"
    assert len(bench.native("nova-3", "/utterances")["items"]) == len(told["utterances"])
    assert {one["speaker"] for one in bench.native("nova-3", "/speakers")["items"]} == {"A", "B"}
    for view in ("sentences", "paragraphs", "srt", "vtt", "word-search?words=morning"):
        status, answer = bench.call(f"/v2/transcript/{told['id']}/{view}")
        assert status == 200, (view, answer)


@pytest.mark.parametrize("case", ["no model", "nova-3", "text", "unknown", "own words", "newer"])
def test_the_official_client_accepts_every_family(bench: Bench, case: str) -> None:
    read = TranscriptResponse.model_validate(bench.ended(case))
    assert read.status == "completed"
    assert read.text


def test_a_text_alone_has_no_captions_and_says_so(bench: Bench) -> None:
    told = bench.ended("text")
    assert told["text"]
    assert told["words"] is None
    assert told["aimlapi"]["usage"]["type"] == "tokens"
    for view in ("srt", "vtt", "sentences", "word-search?words=morning"):
        status, answer = bench.call(f"/v2/transcript/{told['id']}/{view}")
        assert status == 400
        assert b"has text but no words with times" in answer
    assert bench.native("text", "/words")["reason"] == "unavailable"


def test_a_family_that_nobody_knows_is_found_by_rule_with_a_warning(bench: Bench) -> None:
    told = bench.ended("unknown")
    assert told["words"][0]["text"] == told["text"].split()[0]
    assert told["words"][-1]["end"] <= 30_000
    assert "not known here" in told["metadata"]["warnings"][0]["message"]
    (warning,) = bench.native("unknown")["warnings"]
    assert warning["code"] == "unknown-result"


def test_a_request_in_aimlapis_own_words_is_sent_as_it_is(bench: Bench) -> None:
    bench.ended("own words")
    (job,) = bench.jobs("own words")
    assert job.fields == {"model": "#g1_whisper-tiny"}
    assert bench.native("own words")["warnings"] == []


@pytest.mark.parametrize("case", ["newer", "pages", "503", "read-500"])
def test_other_forms_and_passing_failures_come_to_the_same(bench: Bench, case: str) -> None:
    assert bench.ended(case)["status"] == "completed"
    assert len(bench.jobs(case)) == 1


def test_the_threshold_of_speech_is_computed(bench: Bench) -> None:
    assert bench.ended("above")["status"] == "completed"
    below = bench.ended("below")
    assert below["status"] == "error"
    assert below["error"].startswith("Audio speech threshold 0.")
    events = bench.native("below", "/events?limit=200")["items"]
    assert events[-1]["data"]["reason"] == "unmet"


def test_a_failure_and_a_refusal_are_told_in_their_own_words(bench: Bench) -> None:
    assert bench.ended("failed")["error"] == "No speech."
    assert bench.ended("refused")["error"] == "Body validation error!"
    assert not bench.jobs("refused")


def test_what_the_model_cannot_do_is_refused_at_once(bench: Bench) -> None:
    asked = {"audio_url": url("x"), "speech_models": ["openai/gpt-4o-transcribe"]}
    for more in (
        {"speaker_labels": True},
        {"speech_threshold": 0.5},
        {"entity_detection": True},
    ):
        status, answer = bench.call("/v2/transcript", {**asked, **more})
        assert status == 400
        assert b"openai/gpt-4o-transcribe" in answer


def test_what_the_model_lacks_is_made_here_and_is_there_when_it_is_completed(bench: Bench) -> None:
    told = bench.ended("enriched")
    assert TranscriptResponse.model_validate(told).sentiment_analysis
    assert {one["speaker"] for one in told["sentiment_analysis_results"]} <= {"A", "B"}
    assert told["chapters"]
    assert told["content_safety_labels"]["status"] == "success"
    made = told["stenolog"]["enriched"]
    assert made["sentiment_analysis"] == {"by": "stenolog", "method": "vader", "version": "1"}
    assert made.keys() == ANALYSES.keys() - {"speaker_labels"}
    page = bench.native("enriched", "/sentiment?limit=200")
    judged = [one["text"] for one in told["sentiment_analysis_results"]]
    assert [one["text"] for one in page["items"]] == judged
    assert page["source"] == made["sentiment_analysis"]
    assert bench.native("enriched")["warnings"] == []
    assert bench.types("enriched")[-2:] == ["transcript.enriched", "transcription.completed"]
    assert bench.ended("summary")["summary"]


def test_an_upload_goes_with_its_create(bench: Bench) -> None:
    assert bench.ended("upload")["status"] == "completed"
    files = [job.audio for job in bench.simulator.jobs if job.audio.field]
    assert [one.sha256 for one in files] == [sha256(FILE).hexdigest()]


def test_a_create_of_unknown_outcome_is_repeated_once(bench: Bench) -> None:
    assert bench.ended("once lost")["status"] == "completed"
    assert len(bench.jobs("once lost")) == 1
    assert bench.types("once lost").count("submission.abandoned") == 1
    always = bench.ended("always lost")
    assert always["error"].startswith("The provider did not say whether it took the audio")
    assert len(bench.jobs("always lost")) == 2
    assert b"stenolog_submissions_ambiguous_total 3.0" in bench.call("/metrics")[1]


def test_every_job_is_asked_for_at_growing_intervals(bench: Bench) -> None:
    for case in CASES:
        bench.ended(case)
    reads = [one for one in bench.simulator.requests if one.method == "GET"]
    assert len(reads) < 4 * len(CASES)


def test_results_are_read_though_the_gateway_was_down(bench: Bench) -> None:
    """It is killed with a job accepted, and asks for it at once when it is back."""
    bench.simulator.behave = lambda fields: Behaviour(run_ms=300)
    made = bench.asked("/v2/transcript", {"audio_url": url("down")})["id"]
    bench.ids["down"] = made
    ends = monotonic() + PATIENCE_S
    while "submission.accepted" not in bench.types("down"):
        assert monotonic() < ends
        sleep(0.02)
    bench.process.kill()
    bench.process.start()
    assert bench.ended("down")["status"] == "completed"
    assert len([job for job in bench.simulator.jobs if job.audio.url == url("down")]) == 1


def test_a_result_whose_analyses_were_cut_off_is_made_once_and_the_same_again(
    bench: Bench,
) -> None:
    """Killed when the result was read, and then without its views."""
    whole = bench.ended("enriched")
    bench.simulator.behave = lambda fields: Behaviour(run_ms=0, waiting_ms=0)

    def reads() -> int:
        return sum(one.method == "GET" for one in bench.simulator.requests)

    before = reads()
    asked = {**CASES["enriched"], "audio_url": url("cut off")}
    bench.ids["cut off"] = bench.asked("/v2/transcript", asked)["id"]
    ends = monotonic() + PATIENCE_S
    while reads() == before:
        assert monotonic() < ends
        sleep(0.002)
    bench.process.kill()
    for views in bench.process.data_dir.glob("views.db*"):
        views.unlink()
    bench.process.start()
    told = bench.ended("cut off")
    assert told["sentiment_analysis_results"]
    types = bench.types("cut off")
    assert types[-2:] == ["transcript.enriched", "transcription.completed"]
    assert types.count("transcript.enriched") == 1
    assert bench.ended("enriched") == whole


def test_a_job_that_is_gone_before_its_time_waits_and_is_not_paid_again(bench: Bench) -> None:
    gone = refusal(404, "Not found")
    bench.simulator.behave = lambda fields: Behaviour(run_ms=0, read_faults=(gone,) * 3)
    bench.ids[GONE] = bench.asked("/v2/transcript", {"audio_url": url(GONE)})["id"]
    assert bench.ended(GONE)["status"] == "completed"
    assert len([job for job in bench.simulator.jobs if job.audio.url == url(GONE)]) == 1
