"""What was made is seen wherever the provider's findings are, and whose it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.log.catalogue import read_data
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.projections.enrichments import Enrichment
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.rows import Change, Hold, PutView
from stenolog.projections.run.opening import EventOpener
from stenolog.projections.run.registry import OpenedEvent, project
from tests.enrichment.answers import ALL, answer, made_of
from tests.unit.projections.events import MemoryLog, OpenSealer
from tests.unit.projections.projecting import lines_of


def a_log(given: bytes, params: dict[str, Any], **told: Any) -> MemoryLog:
    """One transcription of an enriched result."""
    log = MemoryLog()
    log.request(1, **params)
    log.claim(1)
    log.accept(1)
    made = made_of(given, params)
    data = TranscriptEnriched(submission=1, analyses=list(made.analyses)).model_dump()
    log.add(1, "transcript.enriched", data, made.payload)
    completed = {"submission": 1, "reason": "callback", "audio_ms": 9_500, "words": 20}
    log.add(1, "transcription.completed", {**completed, "enriched": True, **told}, given)
    return log


async def opened_in(log: MemoryLog) -> OpenedEvent:
    opener = EventOpener(log, OpenSealer(log), PROJECTIONS, log)
    outcome = next(one for one in log.events if one.type in OUTCOMES)
    return await opener.read(outcome, list(PROJECTIONS))


async def views_of(log: MemoryLog) -> dict[str, Change]:
    changes = project(PROJECTIONS, await opened_in(log), None, PROJECTIONS)
    return {one.projection: one for one in changes if isinstance(one, PutView | Hold)}


def items(change: Change) -> list[Any]:
    assert isinstance(change, PutView)
    return [json.loads(line) for line in lines_of(change.chunks) if line]


async def test_findings_of_ours_fill_the_views_and_the_answer() -> None:
    views = await views_of(a_log(answer(entities=None), ALL))
    assert [one["text"] for one in items(views["entities"])][:2] == ["Olivia Flores", "Leeds"]
    assert items(views["sentiment"])[0]["sentiment"] == "POSITIVE"
    transcript = views["transcript"]
    assert isinstance(transcript, PutView)
    assert transcript.transcript is not None
    body = json.loads(transcript.transcript.body)
    assert [one["text"] for one in body["entities"]] == [
        one["text"] for one in items(views["entities"])
    ]
    assert body["stenolog"]["enriched"]["entity_detection"] == {
        "by": "stenolog",
        "method": "rules",
        "version": "1",
    }
    assert transcript.transcript.warnings == ()


async def test_what_could_not_be_made_is_unavailable_with_a_warning() -> None:
    views = await views_of(a_log(answer(language_code="de"), {"entity_detection": True}))
    entities, transcript = views["entities"], views["transcript"]
    assert isinstance(entities, PutView)
    assert entities.reason == "unavailable"
    assert isinstance(transcript, PutView)
    assert transcript.transcript is not None
    ((code, sentence),) = transcript.transcript.warnings
    assert code == "not-analysed"
    assert sentence.startswith("entity_detection is missing: the analyses made here are of English")


async def test_what_the_provider_told_is_never_replaced() -> None:
    """The event may say that an analysis failed of which nobody looked whether it is there."""
    log = a_log(answer(), {"entity_detection": True})
    opened = await opened_in(log)
    told = json.loads(answer(entities=[{"text": "Theirs", "start": 1, "end": 2}]))
    changed = replace(opened, payload=json.dumps(told).encode())
    (view,) = project(["entities"], changed, None, PROJECTIONS)
    assert [one["text"] for one in items(view)] == ["Theirs"]


async def test_an_enrichment_that_is_damaged_holds_its_transcription() -> None:
    log = a_log(answer(), ALL)
    log.damaged.add(4)
    assert {type(one) for one in (await views_of(log)).values()} == {Hold}


async def test_an_outcome_without_what_it_says_is_before_it_is_held() -> None:
    log = MemoryLog()
    log.request(1)
    data = {"submission": 1, "reason": "poll", "audio_ms": 1, "words": 1, "enriched": True}
    log.add(1, "transcription.completed", data, answer())
    assert {type(one) for one in (await views_of(log)).values()} == {Hold}


def test_the_payload_counts_as_memory() -> None:
    made = made_of(answer(), ALL)
    log = a_log(answer(), ALL)
    data = read_data("transcript.enriched", log.events[3].data)
    assert isinstance(data, TranscriptEnriched)
    opened = OpenedEvent(
        event=log.events[4], enrichment=Enrichment(data=data, payload=made.payload)
    )
    assert opened.size == len(made.payload)
