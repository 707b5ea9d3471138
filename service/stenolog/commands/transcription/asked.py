"""Say in events who was asked for a submission: only where that is not whom the request names."""

from __future__ import annotations

from stenolog.commands.transcription.state import Place, Transcription
from stenolog.log.events.transcriptions import FailureReason, TranscriptionFailed
from stenolog.log.events.vocabulary import ProviderName, WakeReason


def named_in_events(state: Transcription, place: Place) -> ProviderName | None:
    """Return the place's provider; None: it is the one that the request names."""
    return None if not state.places or place == state.places[0] else place[0]


def asked_in_events(state: Transcription, number: int) -> ProviderName | None:
    """Return the provider of a submission, in the same way."""
    return named_in_events(state, state.place_of(number))


def failed(
    state: Transcription, number: int, reason: FailureReason, wake: WakeReason
) -> TranscriptionFailed:
    """Return the end without a result that this submission brought."""
    return TranscriptionFailed(
        submission=number, reason=reason, wake=wake, provider=asked_in_events(state, number)
    )
