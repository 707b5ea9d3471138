"""What changed between two moments of a transcription, and what today's mapping would change."""

from __future__ import annotations

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.past.differences import difference
from stenolog.projections.past.shown import ShownView
from tests.house.composed import Composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, WORDS, completed
from tests.http.test_as_of import ASKED, FIELDS


async def test_what_came_between_two_moments_is_told_view_by_view(service: Composed) -> None:
    transcription_id = await completed(service, {"speaker_labels": True})
    path = f"{BASE}/{transcription_id}"
    *_, accepted, called, outcome = await service.stream(transcription_id)
    found = await get(service, f"{path}/diff", **{"from": called.position, "to": outcome.time})
    assert found["from"] == {"position": called.position, "time": called.time}
    changed = {one["member"]: (one["from"], one["to"]) for one in found["changed"]}
    assert changed["status"] == ("processing", "completed")
    assert changed["text"] == (None, "all of it")
    views = {one["view"]: one for one in found["views"]}
    words = views["words"]
    assert words["reason"] == {"from": "not_ready", "to": None}
    assert words["counts"] == {"added": len(WORDS), "removed": 0, "changed": 0}
    assert [word["text"] for word in words["added"]] == [word["text"] for word in WORDS]
    assert words["versions"] == {"from": PROJECTIONS["words"].version} | {
        "to": PROJECTIONS["words"].version
    }
    back = await get(
        service, f"{path}/diff", **{"from": outcome.position, "to": called.position}, view="words"
    )
    assert [one["counts"]["removed"] for one in back["views"]] == [len(WORDS)]
    short = await get(service, f"{path}/diff", **{"from": called.position}, limit=1)
    assert len({one["view"]: one for one in short["views"]}["words"]["added"]) == 1
    same = await get(service, f"{path}/diff", **{"from": accepted.position}, to=accepted.position)
    assert (same["changed"], same["views"]) == ([], [])


async def test_todays_mapping_gives_what_is_shown(service: Composed) -> None:
    transcription_id = await completed(service, ASKED, **FIELDS)
    found = await get(service, f"{BASE}/{transcription_id}/diff")
    assert (found["changed"], found["views"]) == ([], [])
    assert found["from"]["time"] is None
    waiting, _ = await service.submitted(audio_url="https://audio.example/b.mp3")
    await service.projected()
    found = await get(service, f"{BASE}/{waiting}/diff")
    assert (found["changed"], found["views"]) == ([], [])


async def test_nothing_of_an_erased_transcription_comes_back(service: Composed) -> None:
    transcription_id = await completed(service, {}, text="a secret")
    path = f"{BASE}/{transcription_id}"
    outcome = await service.events.head()
    assert (await service.client.delete(path)).status_code == 200
    await service.projected()
    for given in ({"from": outcome}, {"from": outcome - 1, "to": outcome}, {}):
        answer = await service.client.get(f"{path}/diff", params=given)
        assert answer.json()["views"] == []
        assert answer.json()["erased_at"]
        assert "secret" not in answer.text


async def test_a_moment_or_a_view_that_is_none_is_a_problem(service: Composed) -> None:
    transcription_id = await completed(service, {})
    path = f"{BASE}/{transcription_id}/diff"
    first = (await service.stream(transcription_id))[0].position
    for query, status in [
        ({"from": "then"}, 400),
        ({"view": "colours"}, 400),
        ({"limit": "0"}, 400),
        ({"as_of": "1"}, 400),
        ({"from": first - 1}, 404),
        ({"to": first + 1_000}, 409),
    ]:
        problem = await refusal(service, "GET", path, params=query)
        assert problem["status"] == status, query


def test_an_item_at_the_same_place_is_changed_and_others_come_and_go() -> None:
    before = ShownView(lines=(b'{"start":1,"text":"a"}', b'{"start":2}', b'{"start":2}'))
    after = ShownView(lines=(b'{"start":1,"text":"b"}', b'{"start":2}', b'{"start":3}'))
    found = difference(before, after)
    assert found.changed == [(before.lines[0], after.lines[0])]
    assert (found.removed, found.added) == ([b'{"start":2}'], [b'{"start":3}'])
    talk = (b'{"speaker":"A","words":1}',), (b'{"speaker":"A","words":2}',)
    assert len(difference(*(ShownView(lines=one) for one in talk)).changed) == 1
    assert not difference(before, before).any
    assert difference(before, ShownView(lines=before.lines, around=b"{}")).any
