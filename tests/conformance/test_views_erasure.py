"""What every store of views must do when a transcription is erased."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stenolog.projections.rows import Change, Forget, Hold, PutStatus, PutView, TranscriptRow
from tests.conformance.test_views import Views, advance, head_of, opener, put, row, views, words

__all__ = ["opener", "views"]  # fixtures

SAID = "what was said"
SPOKEN = TranscriptRow(
    text=SAID, confidence=0.5, language_code="en", words=3, body=b'{"text":"what was said"}'
)


def everything(number: int) -> list[Change]:
    """A transcription that is done, with everything that a customer may have given."""
    full = replace(row(number, status="completed"), subject="Ada", metadata='{"a":1}')
    return [
        PutStatus(projection="transcriptions", row=full, request=b'{"params":{}}'),
        PutView(projection="transcript", transcription=full.id, reason=None, transcript=SPOKEN),
        replace(words(full.id, 250), around=b"{}"),
    ]


async def assert_empty(views: Views, transcription: str) -> None:
    shown = await views.transcription(transcription)
    assert shown is not None
    assert (shown.erased, shown.audio_url, shown.subject, shown.metadata, shown.error) == (
        True,
        "",
        None,
        None,
        None,
    )
    assert await views.request(transcription) is None
    assert await views.transcript(transcription) is None
    assert await views.customer_body(transcription) is None
    page = await views.items(transcription, "words", after=0, limit=10)
    assert (page.items, page.reason, page.around) == ((), "erased", None)


async def test_every_generation_forgets_and_others_keep_theirs(
    views: Views, tmp_path: Path
) -> None:
    await advance(views, [*everything(1), *everything(2)])
    await views.begin("words", 2, live=False)
    building = (await views.state()).generations[-1].generation
    await views.build([building], [words("id-0001", 250)], after=0, position=1)
    await views.erase("id-0001")
    await views.erase("id-0001")
    await assert_empty(views, "id-0001")
    assert await views.transcript("id-0002") == head_of(SPOKEN)
    assert await views.request("id-0002") == b'{"params":{}}'


async def test_one_that_is_not_there_is_erased_without_a_word(views: Views) -> None:
    await views.erase("id-0009")
    assert await views.transcription("id-0009") is None


async def test_a_view_that_failed_says_erased_and_is_no_failure_any_more(views: Views) -> None:
    held = Hold(projection="words", transcription="id-0001", position=1, reason="odd")
    await advance(views, [*put(row(1)), held])
    forgotten = Forget(projection="words", transcription="id-0001")
    await advance(views, [forgotten])
    assert await views.view_state("id-0001", "words") == "erased"
    assert [one.failures for one in await views.projections() if one.name == "words"] == [0]
    generations = [one.generation for one in (await views.state()).generations]
    assert (await views.known(None, generations, ["id-0001"])).held == frozenset()


async def test_an_erased_row_takes_the_request_with_it(views: Views) -> None:
    await advance(views, everything(1))
    erased = replace(row(1, status="completed"), erased=True)
    await advance(views, [PutStatus(projection="transcriptions", row=erased)])
    assert await views.request("id-0001") is None
