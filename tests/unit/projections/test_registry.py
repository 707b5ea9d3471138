"""All projections over one event."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.projection import ProjectionInput
from stenolog.projections.rows import Change, Hold, PutView, StatusRow, TranscriptRow
from stenolog.projections.run.registry import project
from tests.unit.projections.answers import answer
from tests.unit.projections.events import MemoryLog
from tests.unit.projections.projecting import changes_of, opened_of


@dataclass(frozen=True)
class Mistaken:
    """A projection with a mistake in it."""

    name: str = "mistaken"
    version: int = 1
    types: frozenset[str] | None = None
    opens: frozenset[str] = frozenset()

    def project(self, source: ProjectionInput, current: StatusRow | None) -> Change | None:
        raise KeyError("secret words")

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        return None


@dataclass(frozen=True)
class Idle(Mistaken):
    """A projection that changes nothing."""

    def project(self, source: ProjectionInput, current: StatusRow | None) -> Change | None:
        return None


def test_a_mistake_of_ours_holds_one_view_of_one_transcription() -> None:
    log = MemoryLog()
    log.done(1, answer())
    opened = opened_of(log, log.events[-1])
    projections = {"mistaken": Mistaken(), "words": PROJECTIONS["words"]}
    held, words = project(["mistaken", "words"], opened, None, projections)
    assert isinstance(held, Hold)
    assert held.reason == "KeyError in the projection"
    assert isinstance(words, PutView)


@dataclass(frozen=True)
class TwiceMistaken(Mistaken):
    """A projection whose way out has the mistake as well."""

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        raise TypeError("secret words")


def test_a_mistake_in_the_fallback_holds_no_more_than_one_in_the_projection() -> None:
    log = MemoryLog()
    log.done(1, answer())
    opened = opened_of(log, log.events[-1])
    (held,) = project(["twice"], opened, None, {"twice": TwiceMistaken(name="twice")})
    assert isinstance(held, Hold)
    assert held.reason == "KeyError in the projection; TypeError in its fallback"


def test_a_projection_may_change_nothing() -> None:
    log = MemoryLog()
    log.request(1)
    opened = opened_of(log, log.events[0])
    assert project(["idle"], opened, None, {"idle": Idle()}) == ()


def test_each_outcome_changes_every_view_once() -> None:
    log = MemoryLog()
    log.done(1, answer())
    names = [change.projection for change in changes_of(log) if not isinstance(change, Hold)]
    assert names == ["transcriptions"] * 5 + [one for one in PROJECTIONS if one != names[0]]


def test_names_are_those_of_the_urls() -> None:
    assert set(PROJECTIONS) == {
        "transcriptions",
        "transcript",
        "words",
        "sentences",
        "paragraphs",
        "utterances",
        "speakers",
        "chapters",
        "sentiment",
        "entities",
        "content-safety",
        "topics",
        "highlights",
        "summary",
        "redactions",
        "quality",
    }
