"""Read the answer to a poll: three published variants, and what clients have met besides.

The status words differ by variant and model; the payload is `result` or `output`, the id
`generation_id` or `id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Standing = Literal["queued", "processing", "completed", "error"]

QUEUED = frozenset({"queued", "waiting", "pending", "created", "submitted", "scheduled"})
RUNNING = frozenset(
    {"active", "generating", "processing", "running", "started", "in_progress", "in-progress"}
)
FAILED = frozenset(
    {"error", "failed", "failure", "cancelled", "canceled", "timeout", "rejected", "expired"}
)
COMPLETED = frozenset({"completed", "complete", "succeeded", "success", "done", "finished"})
IDS = ("generation_id", "id")
PAYLOADS = ("result", "output")
# What an answer has beside its payload; any other member is told on.
MEMBERS = frozenset({*IDS, *PAYLOADS, "status", "error"})
SENTENCES_OF_TIMEOUT = "The provider's generation timed out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One answer to a poll.

    Attributes:
        id: The job that it is about; None when it does not say.
        status: How the job stands.
        odd_status: Its word where nobody knows it; then a job without a payload runs.
        payload_name: The member that holds the payload; empty: the whole answer is one, or there
            is none.
        payload: The result; None while there is none. A text alone is `{"text": ...}`.
        error: Why it failed; None unless it has.
        transient: It failed in a way in which the same request may succeed.
    """

    id: str | None
    status: Standing
    odd_status: str | None
    payload_name: str
    payload: Mapping[str, Any] | None
    error: str | None
    transient: bool


def read_envelope(answer: Mapping[str, Any]) -> Envelope:
    """Read an answer; nothing in it is required."""
    name, payload = _payload(answer)
    word = answer.get("status")
    known = word.strip().lower() if isinstance(word, str) else ""
    inner = _inner_status(payload)
    status: Standing
    if known in FAILED or inner == "error":
        status, payload = "error", None
    elif inner in {"queued", "processing"}:
        status, payload = "processing", None
    elif known in QUEUED or known in RUNNING:
        status, payload = ("queued" if known in QUEUED else "processing"), None
    else:
        status = "completed" if payload is not None or known in COMPLETED else "processing"
    said = {"", *QUEUED, *RUNNING, *FAILED, *COMPLETED}
    error = _error(answer, name, known) if status == "error" else None
    return Envelope(
        id=next((value for key in IDS if isinstance(value := answer.get(key), str)), None),
        status=status,
        odd_status=None if isinstance(word, str) and known in said else _shown(word),
        payload_name=name if payload is not None else "",
        payload=payload,
        error=error,
        transient=known == "timeout" or (error is not None and is_transient(error)),
    )


def is_transient(sentence: str) -> bool:
    """Tell whether a failure is of AIMLAPI's servers, so that the same request may succeed."""
    said = sentence.lower()
    return any(
        words in said
        for words in (
            "internal server error",
            "something wrong with the server",
            "generation timeout",
            "timed out",
            "try again",
            "service unavailable",
            "bad gateway",
        )
    )


def _payload(answer: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    for name in PAYLOADS:
        value = answer.get(name)
        if isinstance(value, dict):
            return name, value
        if isinstance(value, str):
            return name, {"text": value}
        if isinstance(value, list):
            return name, {name: value}
    # The legacy call answers with the bare result.
    bare = "status" not in answer and any(one in answer for one in ("text", "results"))
    return "", answer if bare else None


def _inner_status(payload: Mapping[str, Any] | None) -> str:
    """Return the status of an AssemblyAI transcript inside, which has one of its own."""
    word = None if payload is None or "audio_url" not in payload else payload.get("status")
    return word if isinstance(word, str) else ""


def _error(answer: Mapping[str, Any], name: str, word: str) -> str:
    """Return the sentence of a failure: AIMLAPI's, or that of the transcript inside."""
    inner = answer.get(name) if name else None
    told = [answer.get("error"), inner.get("error") if isinstance(inner, dict) else None]
    for one in [*told, answer.get("message")]:
        if isinstance(one, dict):
            one = one.get("message") or one.get("name")  # noqa: PLW2901  the same, one level deeper
        if isinstance(one, str) and one.strip():
            return one
    return SENTENCES_OF_TIMEOUT if word == "timeout" else ""


def _shown(word: object) -> str:
    if word is None:
        return "(none)"
    return word if isinstance(word, str) else f"({type(word).__name__})"
