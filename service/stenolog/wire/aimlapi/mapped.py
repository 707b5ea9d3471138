"""Hold what a result of AIMLAPI's says in the words of AssemblyAI's transcript."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Shape = Literal["transcript", "deepgram", "text", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One result, mapped.

    Attributes:
        family: The shape that it came in; `transcript` is AssemblyAI's own.
        fields: Members of AssemblyAI's transcript; times in ms.
        rest: What has no place there, as it came.
        duration_ms: How long the audio is; None when the result does not say.
    """

    family: Shape
    fields: Mapping[str, Any]
    rest: Mapping[str, Any]
    duration_ms: int | None

    @property
    def words(self) -> Sequence[Mapping[str, Any]]:
        """Every word; empty without any."""
        return objects(self.fields.get("words"))


def objects(value: object) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list; nothing of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else ()


def with_others(made: Json, given: Mapping[str, Any], shown: Collection[str]) -> Json:
    """Return `made` with the members of `given` that it does not show under another name.

    One whose name is taken by another meaning is told as `original_` and its name.
    """
    for name, value in given.items():
        if name not in shown:
            made[f"original_{name}" if name in made else name] = value
    return made
