"""What AIMLAPI's adapter makes of the service's answers, on a real server with bad days."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import (
    PayloadDamaged,
    ProviderHeldBack,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from stenolog.providers.aimlapi.adapter import Aimlapi
from stenolog.providers.aimlapi.answers import read_created, read_job
from stenolog.providers.connection import ServiceAddress
from stenolog.providers.port import AudioFile, CallbackTarget, FetchedJob, UnknownJob
from stenolog.simulator.aimlapi.behaviour import Behaviour, refusal
from stenolog.simulator.aimlapi.days import DAYS
from stenolog.simulator.aimlapi.provider import API_KEY, AimlapiSimulator

pytestmark = pytest.mark.anyio

AUDIO = "https://audio.example/1.mp3"
TARGET = CallbackTarget(url="http://127.0.0.1:9/callbacks/a/b", header_name="X-A", header_value="b")
WORDS = b"RIFF\x00\x00\x00\x00WAVE" + bytes(range(256)) * 8_000


class Bench:
    """A simulated AIMLAPI and an adapter in front of it."""

    def __init__(self, simulator: AimlapiSimulator, egress: Egress) -> None:
        self.simulator, self.egress = simulator, egress
        self.adapter = self.with_key(API_KEY)

    def with_key(self, key: str) -> Aimlapi:
        address = ServiceAddress(base_url=self.simulator.base_url, api_key=key)
        return Aimlapi(address, self.egress, timeout_ms=2_000)

    def day(self, name: str) -> None:
        self.simulator.behave = lambda fields: DAYS[name].behaviour

    async def create(self, audio: AudioFile | None = None, **params: object) -> str:
        url = AUDIO if audio is None else ""
        body = self.adapter.create_body(params, url, TARGET)
        try:
            return await self.adapter.submit(body, audio)
        finally:
            self.adapter.withdraw(body)

    async def fetched(self, job: str) -> FetchedJob:
        found = await self.adapter.fetch(job)
        assert isinstance(found, FetchedJob)
        return found


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[tuple[AimlapiSimulator, Egress]]:
    simulator = AimlapiSimulator()
    async with simulator.serve() as url:
        egress = Egress(AddressPolicy.of(origins=[url]))
        yield simulator, egress
        await egress.aclose()


@pytest.fixture
async def bench(served: tuple[AimlapiSimulator, Egress]) -> Bench:
    made = Bench(*served)
    made.simulator.behave = lambda fields: Behaviour(run_ms=0, waiting_ms=0)
    return made


async def pieces(*given: bytes | Exception) -> AsyncIterator[bytes]:
    for one in given:
        if isinstance(one, Exception):
            raise one
        yield one


def file(*given: bytes | Exception, size: int | None = None) -> AudioFile:
    known = sum(len(one) for one in given if isinstance(one, bytes))
    return AudioFile(size=known if size is None else size, chunks=pieces(*given))


async def test_a_job_is_made_of_a_url_without_a_word_of_us(bench: Bench) -> None:
    job = await bench.create(speech_models=["nova-3"], speaker_labels=True)
    made = bench.simulator.jobs[-1]
    assert (made.id, made.audio.url) == (job, AUDIO)
    assert made.fields == {
        "model": "nova-3",
        "punctuate": True,
        "smart_format": True,
        "diarize": True,
        "utterances": True,
    }
    assert bench.simulator.creates[-1].headers["authorization"] == f"Bearer {API_KEY}"
    found = await bench.fetched(job)
    assert (found.status, found.audio_ms, found.webhook_url) == ("completed", 30_000, None)
    assert found.words > 50
    assert json.loads(found.raw)["generation_id"] == job


@pytest.mark.parametrize(
    ("model", "field"), [("#g1_whisper-large", "audio"), ("openai/gpt-4o-transcribe", "file")]
)
async def test_a_file_goes_with_its_create(bench: Bench, model: str, field: str) -> None:
    await bench.create(file(WORDS[:5], WORDS[5:]), speech_models=[model], punctuate=True)
    made = bench.simulator.jobs[-1]
    assert (made.audio.field, made.audio.filename) == (field, "audio.wav")
    assert made.audio.sha256 == sha256(WORDS).hexdigest()
    assert made.fields["model"] == model


async def test_a_file_that_ends_too_early_makes_no_job(bench: Bench) -> None:
    before = len(bench.simulator.jobs)
    with pytest.raises(PayloadDamaged):
        await bench.create(file(WORDS, PayloadDamaged("a frame"), size=2 * len(WORDS)))
    with pytest.raises(PayloadDamaged):
        await bench.create(file(PayloadDamaged("the first frame"), size=10))
    assert len(bench.simulator.jobs) == before


@pytest.mark.parametrize("name", ["pages", "newer", "other-words", "unknown-word", "good"])
async def test_every_form_of_an_answer_is_read(bench: Bench, name: str) -> None:
    bench.day(name)
    job = await bench.create()
    seen = list[FetchedJob]()
    while not seen or seen[-1].status not in ("completed", "error"):
        seen.append(await bench.fetched(job))
    assert seen[-1].words
    assert {one.status for one in seen} <= {"queued", "processing", "completed"}
    words = {one.odd_status for one in seen} - {None}
    assert words <= ({"thinking", "voilà"} if name == "unknown-word" else set())


@pytest.mark.parametrize(
    ("name", "sentence", "again"),
    [
        ("audio-error", "The audio could not be downloaded.", None),
        ("failed", "No speech.", None),
        ("timeout", "Generation timeout", "server-error"),
    ],
)
async def test_a_failed_job_says_why_and_whether_it_may_succeed(
    bench: Bench, name: str, sentence: str, again: str | None
) -> None:
    failed = DAYS[name].behaviour
    bench.simulator.behave = lambda fields: Behaviour(
        run_ms=0, error=failed.error, failed=failed.failed, variant=failed.variant
    )
    found = await bench.fetched(await bench.create())
    assert (found.status, found.error, found.server_error) == ("error", sentence, again)


@pytest.mark.parametrize(
    ("name", "raises", "status"),
    [
        ("lost-reply", ProviderOutcomeUnknown, None),
        ("create-page", ProviderOutcomeUnknown, None),
        ("create-413-page", ProviderOutcomeUnknown, None),
        ("create-dropped", ProviderOutcomeUnknown, None),
        ("create-500", ProviderOutcomeUnknown, None),
        ("create-504", ProviderOutcomeUnknown, None),
        ("create-503", ProviderUnavailable, 503),
        ("create-400", ProviderRefused, 400),
        ("create-401", ProviderRefused, 401),
        ("create-no-credits", ProviderRefused, 403),
    ],
)
async def test_a_create_that_makes_no_job_says_how_sure_that_is(
    bench: Bench, name: str, raises: type[Exception], status: int | None
) -> None:
    bench.day(name)
    with pytest.raises(raises) as told:
        await bench.create(file(name.encode() * 9))
    error = told.value
    assert getattr(error, "status", None) == status
    if isinstance(error, ProviderRefused):
        assert error.final == (status == 400)
        assert error.concerns == ("request" if status == 400 else "account")
        assert error.sentence
    if isinstance(error, ProviderOutcomeUnknown):
        assert (error.page is not None) == name.endswith("page")


async def test_words_of_the_request_in_a_refusal_say_nothing_of_the_account(bench: Bench) -> None:
    quoting = refusal(400, 'Body validation error! {"url": "https://a.example/balance.mp3"}')
    bench.simulator.behave = lambda fields: Behaviour(create_faults=(quoting,))
    with pytest.raises(ProviderRefused) as told:
        await bench.create(file(b"balance"))
    assert (told.value.final, told.value.concerns) == (True, "request")


async def test_a_429_holds_everything_back_for_as_long_as_it_says(bench: Bench) -> None:
    bench.day("create-429")
    with pytest.raises(ProviderUnavailable) as told:
        await bench.create(file(b"limit"))
    assert (told.value.status, told.value.retry_in_ms) == (429, 1_000)
    with pytest.raises(ProviderHeldBack):
        await bench.adapter.fetch("any")


async def test_an_id_is_unknown_only_in_the_services_own_words(bench: Bench) -> None:
    assert await bench.adapter.fetch("never-made") == UnknownJob()
    wrong = ServiceAddress(base_url=bench.simulator.base_url + "/v1/x", api_key=API_KEY)
    astray = Aimlapi(wrong, bench.egress, timeout_ms=2_000)
    with pytest.raises(ProviderRefused):  # the path is not there, which says nothing of the job
        await astray.fetch("never-made")
    with pytest.raises(ProviderRefused) as told:
        await bench.with_key("wrong").fetch("never-made")
    assert told.value.concerns == "account"


@pytest.mark.parametrize("name", ["read-429", "read-500", "read-cut-off", "read-web-page"])
async def test_a_read_that_fails_says_nothing_of_the_job(bench: Bench, name: str) -> None:
    faults = DAYS[name].behaviour.read_faults
    bench.simulator.behave = lambda fields: Behaviour(run_ms=0, read_faults=faults)
    job = await bench.create()
    with pytest.raises(ProviderUnavailable):
        await bench.adapter.fetch(job)


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        (b"[]", "no-object"),
        (b"{", "not-json"),
        (b'{"id": "another", "status": "completed", "output": {"text": "x"}}', "other-job"),
        (b'{"generation_id": "a", "status": "completed", "result": null}', "no-result"),
    ],
)
def test_an_answer_about_nothing_is_odd(body: bytes, odd: str) -> None:
    with pytest.raises(ProviderUnavailable) as told:
        read_job(body, "a")
    assert told.value.odd == odd


def test_an_id_that_cannot_be_asked_for_is_none() -> None:
    bad: Iterable[object] = ("", ".", "..", "a\nb", "x" * 513, 7, None)
    for one in bad:
        with pytest.raises(ProviderUnavailable):
            read_created(json.dumps({"generation_id": one}).encode())
    assert read_created(b'{"id": "a", "status": "queued"}') == "a"


async def test_the_threshold_of_speech_is_measured_in_words(bench: Bench) -> None:
    found = await bench.fetched(await bench.create(speech_models=["nova-3"]))
    assert found.speech_share is not None
    assert bench.adapter.unmet({"speech_threshold": 0.01}, found) is None
    assert bench.adapter.unmet({}, found) is None
    told = bench.adapter.unmet({"speech_threshold": 1}, found)
    assert told == (
        f"Audio speech threshold {found.speech_share:.4f} is below the requested speech threshold "
        "value 1"
    )
    for model in ("aai/universal", "openai/gpt-4o-transcribe"):
        other = await bench.fetched(await bench.create(speech_models=[model]))
        assert other.speech_share is None


async def test_an_unknown_family_is_read_with_a_warning(bench: Bench) -> None:
    found = await bench.fetched(await bench.create(speech_models=["elevenlabs/scribe_v2"]))
    assert found.words > 50
    assert found.warned
    assert bench.adapter.standing().warned == 1


async def test_what_aimlapi_has_not_is_not_asked_for(bench: Bench) -> None:
    with pytest.raises(ProviderRefused):
        await bench.adapter.redacted_audio("a")
    for call in (
        bench.adapter.delete("a"),
        bench.adapter.list_jobs(status=None, before=None),
        bench.adapter.upload(pieces(), 0),
    ):
        with pytest.raises(ProviderUnavailable):
            await call


def test_a_refusal_in_the_services_words_has_its_own_status() -> None:
    assert b'"statusCode": 403' in refusal(403, "no").body
