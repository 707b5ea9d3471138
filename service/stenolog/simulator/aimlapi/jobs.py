"""Tell what a job of AIMLAPI's says of itself at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.simulator.aimlapi.behaviour import Behaviour
from stenolog.simulator.aimlapi.results import result_for
from stenolog.wire.aimlapi.models import waiting_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What a job was made of: a URL, or a file of which only length and hash are kept.

    Attributes:
        field: The form's field that the file was in; empty for a URL.
    """

    url: str = ""
    field: str = ""
    filename: str = ""
    bytes_count: int = 0
    sha256: str = ""


@dataclass(slots=True, kw_only=True)
class Job:
    """One job; `fields` are those of its create, a form's as strings.

    `reads` counts how often it was asked for.
    """

    id: str
    number: int
    fields: Mapping[str, object]
    audio: Audio
    behaviour: Behaviour
    created_ms: int
    reads: int = 0

    @property
    def model(self) -> str:
        """The model that it was created with."""
        return str(self.fields["model"])

    def is_known(self, now_ms: int) -> bool:
        """Tell whether it is not forgotten yet."""
        return now_ms < self.created_ms + self.behaviour.expires_ms

    def answer(self, now_ms: int) -> Mapping[str, object]:
        """Return the answer to a poll."""
        behaviour, age_ms = self.behaviour, now_ms - self.created_ms
        waiting, active = waiting_words(self.model)
        if age_ms < behaviour.run_ms or behaviour.never_ends:
            early = age_ms < behaviour.waiting_ms
            word = (behaviour.waiting or waiting) if early else (behaviour.active or active)
            return self._envelope(word)
        if behaviour.error is not None:
            error = {"name": "Error", "message": behaviour.error}
            return self._envelope(behaviour.failed, error=error)
        result = behaviour.result
        if result is None:
            result = result_for(
                self.id, behaviour.result_model or self.model, self.fields, behaviour.seconds
            )
        return self._envelope(behaviour.completed, result=result)

    def _envelope(
        self,
        status: str,
        result: Mapping[str, object] | None = None,
        error: Mapping[str, object] | None = None,
    ) -> Mapping[str, object]:
        match self.behaviour.variant:
            case "pages":
                told: dict[str, object] = {"status": status}
                return told | ({} if result is None else {"result": result})
            case "newer":
                return {"id": self.id, "status": status, "output": result, "error": error}
            case "older":
                return {
                    "generation_id": self.id,
                    "status": status,
                    "result": result,
                    "error": error,
                }
