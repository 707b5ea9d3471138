"""Hold what a customer can say about a transcription besides AssemblyAI's parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """Values beside the parameters; each is None where nothing was said.

    `providers` are several, in the order in which they are to be asked; never beside `provider`.
    """

    provider: str | None = None
    providers: tuple[str, ...] = ()
    region: str | None = None
    subject: str | None = None
    retention: str | None = None
    metadata: dict[str, object] | None = None
