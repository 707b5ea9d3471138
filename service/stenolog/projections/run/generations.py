"""Decide which generations to begin or drop, from what is stored and what this version projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.projections.projection import Projection
from stenolog.projections.views import ViewWriter
from stenolog.projections.views_state import Generation, ViewsState


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A projection needs a new generation; a live one only while nothing was followed yet."""

    projection: str
    version: int
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A projection that this version does not have."""

    projection: str


def due(state: ViewsState, versions: Mapping[str, int]) -> tuple[Begin | Drop, ...]:
    """Decide what must begin or go at start; nothing once it was done, so it can be repeated.

    A projection whose version changed keeps its rows in view until the new ones are complete. A
    new projection has none to show before.
    """
    live = {one.projection: one for one in state.generations if one.state == "live"}
    building = {one.projection: one for one in state.generations if one.state == "building"}
    owed: list[Begin | Drop] = [
        Drop(projection=name) for name in sorted((live.keys() | building.keys()) - versions.keys())
    ]
    for name, version in versions.items():
        shown, coming = live.get(name), building.get(name)
        if shown is None and coming is None and state.checkpoint.position == 0:
            owed.append(Begin(projection=name, version=version, live=True))
        elif _stale(coming, version) if coming is not None else _stale(shown, version):
            owed.append(Begin(projection=name, version=version, live=False))
    return tuple(owed)


async def bring_up(
    views: ViewWriter, projections: Mapping[str, Projection]
) -> tuple[ViewsState, bool]:
    """Begin and drop what is due; return the state then, and whether live views begin anew.

    Raises:
        StoreUnavailable: The views cannot be read or written now; call again.
    """
    state = await views.state()
    owed = due(state, {name: one.version for name, one in projections.items()})
    for action in owed:
        match action:
            case Begin():
                await views.begin(action.projection, action.version, live=action.live)
            case Drop():
                await views.drop(action.projection)
    anew = any(isinstance(action, Begin) and action.live for action in owed)
    return (await views.state() if owed else state), anew


def next_to_build(state: ViewsState) -> tuple[tuple[Generation, ...], int]:
    """Return the generations that are furthest behind, and up to where they go together.

    They go no further than the next ones, so that several rebuilds read the log once.
    """
    building = [one for one in state.generations if one.state == "building"]
    if not building:
        return (), 0
    positions = sorted({one.position for one in building})
    until = positions[1] if len(positions) > 1 else state.checkpoint.position
    return tuple(one for one in building if one.position == positions[0]), until


def _stale(generation: Generation | None, version: int) -> bool:
    return generation is None or generation.version != version


def live(state: ViewsState) -> list[Generation]:
    """Return the generations that readers see."""
    return [one for one in state.generations if one.state == "live"]
