"""Views whatever the events and whatever a provider answers."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.rows import Hold, PutStatus, PutView
from stenolog.projections.run.filling import FillLimits
from stenolog.projections.run.projector import ALL_PROJECTIONS, Projector
from stenolog.projections.run.registry import project
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.log_samples import EXAMPLES
from tests.unit.projections.answers import EVERYTHING, full_answer
from tests.unit.projections.events import MemoryLog, assert_legal, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.projecting import changes_of, opened_of
from tests.unit.projections.running import projecting

TRANSCRIPTIONS = 4
STORIES = 40  # each writes several stores; a few seconds

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["A", "B", "success", "unavailable", "completed"]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.text(max_size=5), children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["start", "end", "speaker", "text", "words", "results", "status"]),
            children,
        )
    ),
    max_leaves=12,
)
FIELDS = (
    "text",
    "words",
    "utterances",
    "chapters",
    "sentiment_analysis_results",
    "entities",
    "content_safety_labels",
    "confidence",
    "audio_duration",
    "speech_model",
    "speaker_labels",
)
ANSWERS = (
    st.builds(lambda odd: full_answer(**odd), st.dictionaries(st.sampled_from(FIELDS), JSON))
    | st.just(full_answer())
    | JSON
    | st.binary(max_size=6)
)
STEPS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=TRANSCRIPTIONS),
        st.sampled_from(
            ["claim", "accept", "call_back", "complete", "fail", "upload", "remove", "erase"]
        ),
        ANSWERS,
    ),
    max_size=14,
)


def legal(steps: list[tuple[int, str, Any]]) -> MemoryLog:
    """A log in which every transcription is requested first and ends at most once."""
    log = MemoryLog()
    submissions: dict[int, int] = {}
    ended: set[int] = set()
    erased: set[int] = set()
    for number, step, answer in steps:
        if number not in submissions:
            log.request(number, **(EVERYTHING if number % 2 else {}))
            submissions[number] = 0
        match step:
            case "upload":
                log.add_to("upload-1", "upload.stored", {"bytes": 1})
            case "erase" if number not in erased:
                ended.add(number)
                erased.add(number)
                log.erase(number)
            case "claim" if number not in ended:
                submissions[number] += 1
                log.claim(number, submissions[number])
            case "accept" if submissions[number]:
                log.accept(number, submissions[number], job=f"job-{number}")
            case "call_back" if submissions[number]:
                log.call_back(number, submissions[number])
            case "remove" if submissions[number]:
                log.add(
                    number,
                    "submission.removed",
                    {**EXAMPLES["submission.removed"], "submission": submissions[number]},
                )
            case "complete" if number not in ended and submissions[number]:
                ended.add(number)
                log.complete(number, answer, submissions[number])
            case "fail" if number not in ended:
                ended.add(number)
                log.fail(number, "a sentence", answer if not isinstance(answer, bytes) else None)
    assert_legal(log)
    return log


async def everything(views: SqliteViews) -> list[object]:
    """All that a reader can see."""
    seen: list[object] = []
    for number in range(1, TRANSCRIPTIONS + 1):
        one = transcription_id(number)
        seen += [
            await views.transcription(one),
            await views.request(one),
            await views.transcript(one),
        ]
        seen += [await views.items(one, view, after=0, limit=200) for view in ITEM_VIEWS]
        seen.append(await views.view_state(one, "transcript"))
    seen += [(one.name, one.position, one.failures) for one in await views.projections()]
    return seen


async def projected(
    log: MemoryLog, path: Path, cuts: list[int], rebuild: str, filling: FillLimits | None = None
) -> list[list[object]]:
    """What can be seen after following the log in pieces, and after a rebuild.

    Views that are filled are left half filled at every cut.
    """
    views = await SqliteViews.open(path, MemoryKeys())
    try:
        async with projecting(log, views, filling=filling) as projector:
            await follow(log, projector, cuts, at_once=filling is None)
            seen = [await everything(views)]
            if rebuild:
                await projector.rebuild(rebuild)
                await projector.catch_up()
                seen.append(await everything(views))
            return seen
    finally:
        await views.close()


async def follow(log: MemoryLog, projector: Projector, cuts: list[int], *, at_once: bool) -> None:
    """Project the log in pieces; `at_once`: each whole, else the first is left to be filled in."""
    events, log.events = log.events, []
    log.erased.clear()
    reached = 0
    for cut in [*sorted(cuts), len(events)]:
        log.events = events[:cut]
        for event in events[reached:cut]:
            if event.type == "erasure.requested":
                # As in the service: the key goes, then what the views have so far.
                log.destroy_key(event.stream)
                await projector.erase(event.stream.removeprefix("transcription-"))
        reached = max(reached, cut)
        if at_once:
            await projector.catch_up()
        elif cut == min([*cuts, cut]):
            await projector.subscription.resume()  # they begin here, and nothing is filled in
        else:
            await projector.subscription.step()
    await projector.catch_up()


@settings(max_examples=STORIES, deadline=None)
@given(
    steps=STEPS,
    cuts=st.lists(st.integers(min_value=0, max_value=30), max_size=4),
    rebuild=st.sampled_from([ALL_PROJECTIONS, *PROJECTIONS]),
)
def test_rebuild_equals_incremental(
    steps: list[tuple[int, str, Any]], cuts: list[int], rebuild: str
) -> None:
    log = legal(steps)
    cuts = [min(cut, len(log.events)) for cut in cuts]
    with tempfile.TemporaryDirectory() as place:
        [at_once] = asyncio.run(projected(log, Path(place) / "a.db", [], ""))
        in_pieces, rebuilt = asyncio.run(projected(log, Path(place) / "b.db", cuts, rebuild))
    assert in_pieces == at_once
    assert rebuilt == at_once


@settings(max_examples=STORIES, deadline=None)
@given(
    steps=STEPS,
    cuts=st.lists(st.integers(min_value=1, max_value=30), max_size=6),
    streams_per_step=st.integers(min_value=1, max_value=3),
    broken=st.sets(st.integers(min_value=1, max_value=20), max_size=1),
)
@example(steps=[(1, "claim", None)], cuts=[1], streams_per_step=1, broken={2})  # rarely found
def test_filling_equals_incremental(
    steps: list[tuple[int, str, Any]], cuts: list[int], streams_per_step: int, broken: set[int]
) -> None:
    log = legal(steps)
    cuts = [min(cut, len(log.events)) for cut in cuts]
    firsts = {event.position for event in log.events if event.version == 1}
    # Whose first record is damaged may be noticed by its later events alone, or not at all.
    log.broken = broken - firsts
    filling = FillLimits(events_min=1, streams_per_step=streams_per_step)
    with tempfile.TemporaryDirectory() as place:
        [at_once] = asyncio.run(projected(log, Path(place) / "a.db", [], ""))
        [filled] = asyncio.run(projected(log, Path(place) / "b.db", cuts, "", filling))
    assert filled == at_once


@given(answer=ANSWERS)
def test_any_answer_is_digested_or_held_and_ends_the_transcription(answer: object) -> None:
    log = MemoryLog()
    log.done(1, answer, **EVERYTHING)
    before = [one for one in changes_of(log, ["transcriptions"]) if isinstance(one, PutStatus)][-2]
    changes = project(list(PROJECTIONS), opened_of(log, log.events[-1]), before.row, PROJECTIONS)
    assert len(changes) == len(PROJECTIONS)
    held = [one for one in changes if isinstance(one, Hold)]
    assert not [one for one in held if " in the projection" in one.reason]
    [status, transcript, *_] = changes
    assert isinstance(status, PutStatus)
    assert isinstance(transcript, PutView | Hold)
    body = transcript.transcript
    assert body is not None
    assert json.loads(body.body)["status"] == status.row.status
