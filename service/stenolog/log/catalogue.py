"""List every type of event: its name, its data, whether it is public, whether it has a payload.

`data` is hashed for ever, so it holds nothing that describes a person: only ids, enumerations,
integers, booleans, times, and digests of these. Everything else is a payload. A released type never
changes shape, and its publicity never changes, because `sequence` counts public events: add a type,
or an upcaster with a golden file, and raise the log's format number (`log.format`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from stenolog.errors import SchemaTooNew
from stenolog.log.event_data import EventData
from stenolog.log.events.accesses import TranscriptRead
from stenolog.log.events.api_keys import ApiKeyCreated, ApiKeyRevoked
from stenolog.log.events.callbacks import CallbackReceived, CallbackUnmatched
from stenolog.log.events.deliveries import (
    DeliveryFailed,
    DeliveryResendRequested,
    DeliverySucceeded,
)
from stenolog.log.events.endpoints import (
    EndpointChanged,
    EndpointCreated,
    EndpointDeleted,
    EndpointDisabled,
    EndpointEnabled,
    EndpointRecoveryRequested,
    EndpointReplayRequested,
    EndpointWarned,
)
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.log.events.erasures import (
    ErasureEnded,
    ErasureListed,
    ErasureOrdered,
    ErasurePerformed,
)
from stenolog.log.events.holds import HoldApplied, HoldExtended, HoldPlaced, HoldReleased
from stenolog.log.events.logs import (
    ClockJumped,
    DamageAccepted,
    LogBegun,
    LogRestored,
    LogSealed,
    SweepCompleted,
)
from stenolog.log.events.retention import RetentionAssigned
from stenolog.log.events.signing import SigningSecretMade, SigningSecretRemoved
from stenolog.log.events.submissions import (
    SubmissionAbandoned,
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionDelayed,
    SubmissionDuplicated,
    SubmissionFailed,
    SubmissionRefused,
    SubmissionRemoved,
    SubmissionSearched,
    SubmissionSuperseded,
    SubmissionUnanswered,
)
from stenolog.log.events.transcriptions import (
    ErasureCompleted,
    ErasureRequested,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.log.events.uploads import UploadReleased, UploadStored, UploadUsed

EVENT_TYPES: Mapping[str, type[EventData]] = {
    data.type: data
    for data in (
        TranscriptionRequested,
        TranscriptionCompleted,
        TranscriptionFailed,
        TranscriptionCompletedLate,
        TranscriptEnriched,
        SubmissionClaimed,
        SubmissionAccepted,
        SubmissionRefused,
        SubmissionFailed,
        SubmissionUnanswered,
        SubmissionAbandoned,
        SubmissionDelayed,
        SubmissionSuperseded,
        SubmissionDuplicated,
        SubmissionSearched,
        SubmissionRemoved,
        CallbackReceived,
        CallbackUnmatched,
        UploadStored,
        UploadUsed,
        DeliverySucceeded,
        DeliveryFailed,
        UploadReleased,
        ErasureRequested,
        ErasureCompleted,
        ErasureOrdered,
        ErasureListed,
        ErasurePerformed,
        ErasureEnded,
        HoldPlaced,
        HoldExtended,
        HoldReleased,
        HoldApplied,
        RetentionAssigned,
        LogBegun,
        LogRestored,
        ClockJumped,
        DamageAccepted,
        SweepCompleted,
        LogSealed,
        ApiKeyCreated,
        ApiKeyRevoked,
        SigningSecretMade,
        SigningSecretRemoved,
        TranscriptRead,
        DeliveryResendRequested,
        EndpointCreated,
        EndpointChanged,
        EndpointDisabled,
        EndpointEnabled,
        EndpointWarned,
        EndpointReplayRequested,
        EndpointRecoveryRequested,
        EndpointDeleted,
    )
}


def is_public(event_type: str) -> bool:
    """Tell whether events of this type count in their tenant's `sequence`."""
    return EVENT_TYPES[event_type].public


def read_data(event_type: str, data: Mapping[str, Any]) -> EventData:
    """Return the typed data of a stored event.

    Raises:
        SchemaTooNew: The type, or its shape, is not known to this version.
    """
    known = EVENT_TYPES.get(event_type)
    if known is None:
        raise SchemaTooNew(f"event type {event_type} is not known to this version: upgrade")
    try:
        return known.model_validate(dict(data))
    except ValidationError as exc:
        raise SchemaTooNew(f"an event of type {event_type} has a shape unknown here") from exc
