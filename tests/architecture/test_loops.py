"""The ports between edge and loops are ready to become a border between processes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from stenolog.edge import loops
from stenolog.log.events.vocabulary import WakeReason

PLAIN = {
    Mapping[str, int],
    str,
    int,
    bool,
    type(None),
    Sequence[str],
    WakeReason,
    str | None,
    int | None,
    loops.QueuePlace | None,
    loops.PushStanding,
    Sequence[loops.PushAttempt],
    Sequence[Mapping[str, object]] | None,
    Mapping[str, object],
    tuple[int, int] | None,
}
# A process of its own already, which takes a function of a module by its name; and a stream.
OTHERWISE = {"SideWork", "AudioStream"}


def calls() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every call of every port, with its name."""
    for name, port in inspect.getmembers(loops, inspect.isclass):
        if getattr(port, "_is_protocol", False) and port.__module__ == loops.__name__:
            for called, call in vars(port).items():
                if inspect.isfunction(call) and (called == "__call__" or called[0] != "_"):
                    yield f"{name}.{called}", call


PORTS = {name: call for name, call in calls() if name.partition(".")[0] not in OTHERWISE}


def is_answered_later(call: Callable[..., object]) -> bool:
    """Whether its caller awaits what it answers."""
    answer = typing.get_type_hints(call)["return"]
    return inspect.iscoroutinefunction(call) or hasattr(answer, "__aenter__")


@pytest.mark.parametrize("name", PORTS)
def test_what_goes_over_the_border_is_plain(name: str) -> None:
    hints = typing.get_type_hints(PORTS[name])
    answer = hints.pop("return")
    assert set(hints.values()) <= PLAIN
    assert answer in PLAIN or hasattr(answer, "__aenter__")


def test_what_is_answered_is_awaited() -> None:
    """A wake-up is not answered at all."""
    assert [name for name, call in PORTS.items() if not is_answered_later(call)] == [
        "Wake.__call__"
    ]
