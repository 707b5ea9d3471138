"""What is owed at start, and what is built next."""

from __future__ import annotations

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.run.generations import Begin, Drop, due, next_to_build
from stenolog.projections.views_state import Generation, GenerationState, ViewsState


def state(*generations: Generation, position: int = 9) -> ViewsState:
    checkpoint = Checkpoint(position=position, event_id="e" if position else "")
    return ViewsState(checkpoint=checkpoint, generations=generations)


def generation(
    number: int, projection: str, state_: GenerationState, *, version: int = 1, position: int = 9
) -> Generation:
    return Generation(
        generation=number, projection=projection, version=version, position=position, state=state_
    )


def test_an_empty_store_gets_live_generations() -> None:
    assert due(state(position=0), {"a": 1, "b": 2}) == (
        Begin(projection="a", version=1, live=True),
        Begin(projection="b", version=2, live=True),
    )


def test_a_crash_between_the_first_beginnings_costs_nothing() -> None:
    begun = generation(1, "a", "live", position=0)
    assert due(state(begun, position=0), {"a": 1, "b": 1}) == (
        Begin(projection="b", version=1, live=True),
    )


def test_nothing_is_owed_when_all_is_as_it_should_be() -> None:
    assert due(state(generation(1, "a", "live")), {"a": 1}) == ()


def test_a_new_version_is_built_beside_the_old_one() -> None:
    old = generation(1, "a", "live")
    assert due(state(old), {"a": 2}) == (Begin(projection="a", version=2, live=False),)
    begun = generation(2, "a", "building", version=2, position=3)
    assert due(state(old, begun), {"a": 2}) == ()


def test_a_build_by_another_version_begins_again() -> None:
    old = generation(1, "a", "live")
    begun = generation(2, "a", "building", version=2, position=3)
    assert due(state(old, begun), {"a": 3}) == (Begin(projection="a", version=3, live=False),)


def test_a_rebuild_of_the_same_version_goes_on() -> None:
    begun = generation(2, "a", "building", position=3)
    assert due(state(generation(1, "a", "live"), begun), {"a": 1}) == ()


def test_a_projection_that_is_new_in_this_version_is_built() -> None:
    assert due(state(generation(1, "a", "live")), {"a": 1, "b": 1}) == (
        Begin(projection="b", version=1, live=False),
    )


def test_a_projection_that_is_no_more_is_dropped() -> None:
    assert due(state(generation(1, "a", "live"), generation(2, "old", "live")), {"a": 1}) == (
        Drop(projection="old"),
    )


def test_nothing_is_built_when_all_is_live() -> None:
    assert next_to_build(state(generation(1, "a", "live"))) == ((), 0)


def test_the_furthest_behind_goes_first_and_no_further_than_the_next() -> None:
    first = generation(2, "a", "building", position=2)
    second = generation(3, "b", "building", position=2)
    ahead = generation(4, "c", "building", position=5)
    assert next_to_build(state(first, second, ahead)) == ((first, second), 5)
    assert next_to_build(state(first, second)) == ((first, second), 9)
