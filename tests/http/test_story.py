"""What happened to a transcription, told over HTTP, on the command line and on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stenolog.cli.answers import checked
from stenolog.cli.explain import StoryStep, lines_of
from stenolog.commands.api_keys import DEFAULT_TENANT
from stenolog.log.actors import DELIVERY
from stenolog.log.catalogue import EVENT_TYPES
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliverySucceeded
from stenolog.log.recorder import Cause, Fact
from stenolog.projections.past.sentences import UNKNOWN, sentence_of
from tests.house.composed import Composed, composed
from tests.http.asking import get, pages
from tests.http.spoken import BASE, completed
from tests.log_samples import EXAMPLES
from tests.unit.projections.events import MemoryLog


async def delivered(service: Composed, transcription_id: str) -> None:
    """Record that the customer's webhook took the outcome."""
    state = await service.handler.load(transcription_id)
    cause = Cause(tenant=state.tenant, actor=DELIVERY, correlation_id=state.correlation_id)
    fact = Fact(data=DeliverySucceeded(kind="outcome", attempts=2, status=200))
    await service.facts.record(state.stream, [fact], cause)


async def test_a_story_has_every_step_with_its_time_its_actor_and_how_long_it_took(
    service: Composed,
) -> None:
    transcription_id = await completed(service, {}, text="a secret")
    await delivered(service, transcription_id)
    path = f"{BASE}/{transcription_id}"
    page = (await service.client.get(f"{path}/report")).text
    await service.client.delete(path)
    steps = await pages(service, f"{path}/story", 3)
    assert [(one["step"], one["actor"]) for one in steps] == [
        ("request", "api-key"),
        ("claim", "reconciler"),
        ("claim", "reconciler"),
        ("callback", "provider"),
        ("fetch", "reconciler"),
        ("view", "gateway"),
        ("delivery", "delivery"),
        ("erasure", "api-key"),
    ]
    assert steps[0]["actor_name"]
    assert steps[6]["said"] == "the customer's webhook took the outcome at attempt 2, status 200"
    assert [one["after_ms"] is None for one in steps] == [True] + [False] * 7
    assert all(one["after_ms"] >= 0 for one in steps[1:])
    assert sorted(steps, key=lambda one: str(one["time"])) == steps
    assert "secret" not in str(steps)
    lines = list(lines_of([checked(StoryStep, one) for one in steps]))
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"{steps[0]['time'][:10]} (UTC)"
    assert any("requested over /v2, of AssemblyAI" in line for line in lines)
    for step in steps[:7]:
        assert step["said"].replace("'", "&#x27;") in page
    stranger = await service.new_key("other", "transcripts:read")
    answer = await service.client.get(f"{path}/story", headers={"Authorization": stranger})
    assert answer.status_code == 404


async def test_reads_are_told_to_whom_they_may_be_told(tmp_path: Path) -> None:
    async with composed(tmp_path, access_log="strict") as service:
        transcription_id = await completed(service, {})
        path = f"{BASE}/{transcription_id}"
        key = await service.new_key(DEFAULT_TENANT, "transcripts:read")
        await get(service, f"{path}/words")

        async def reads(**how: Any) -> list[str]:
            answer = await service.client.get(f"{path}/story", **how)
            return [one["said"] for one in answer.json()["items"] if one["step"] == "read"]

        assert await reads() == ["content was shown: words"]
        assert await reads(headers={"Authorization": key}) == []
        assert "content was shown" not in (await service.client.get(f"{path}/report")).text


async def test_a_revoked_or_foreign_actor_is_shown_without_a_name(service: Composed) -> None:
    key = await service.new_key()
    body = {"audio_url": "https://audio.example/a.mp3"}
    answer = await service.client.post(BASE, json=body, headers={"Authorization": key})
    [step] = (await get(service, f"{BASE}/{answer.json()['id']}/story"))["items"]
    assert (step["actor"], step["actor_name"]) == ("api-key", "test")


def test_every_type_of_event_has_a_sentence() -> None:
    log = MemoryLog()
    for name in EVENT_TYPES:
        event = log.add(1, name, EXAMPLES[name])
        said = sentence_of(event)
        assert said not in ("", UNKNOWN), name
        assert not said.endswith("."), name
    event = log.add(1, "transcription.sung", {})
    assert isinstance(event, Event)
    assert sentence_of(event) == UNKNOWN
