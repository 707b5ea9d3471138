"""Declare what an event may say in clear: the kinds of values, and the shape of a type."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stenolog.log.open_work import OpenWork

PROVIDER_JOB = r"[A-Za-z0-9_-]{1,64}"
INTEGER_MAX = 2**53 - 1  # RFC 8785: integers beyond this have no one representation

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
# Of what is hashed in clear anyway: never of content, nor of what names someone.
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# DECISIONS 5: only a handle of this shape is hashed; any other is in the payload.
ProviderJob = Annotated[str, StringConstraints(pattern=rf"^{PROVIDER_JOB}$")]
Count = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
SubmissionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
AttemptCount = Annotated[int, Field(ge=0, le=2**31 - 1)]
HttpStatus = Annotated[int, Field(ge=100, le=999)]


PayloadIs = Literal["always", "optional", "without a job"]
"""`without a job`: exactly when `provider_job` is null, whose content it has."""
PayloadRule = PayloadIs | Literal["never"]


class EventData(BaseModel):
    """What an event of one type says in clear."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: ClassVar[str]
    public: ClassVar[bool]
    payload: ClassVar[str]
    """What the payload holds; empty when the type has none."""
    payload_is: ClassVar[PayloadIs] = "always"
    """Whether an event of a type that has payloads has one."""
    opens_stream: ClassVar[bool] = False
    """Whether a stream may begin with it; any other first event is refused."""

    @classmethod
    def payload_rule(cls) -> PayloadRule:
        """Say when an event of this type has a payload."""
        return cls.payload_is if cls.payload else "never"

    def may_have_payload(self, there: bool) -> bool:
        """Tell whether an event that says this may stand with a payload, or without one."""
        match self.payload_rule():
            case "always":
                return there
            case "never":
                return not there
            case "optional":
                return True
            case "without a job":
                return there == (getattr(self, "provider_job", None) is None)

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return what is owed to the event's transcription once this has happened."""
        return before


def is_provider_job(text: str) -> bool:
    """Tell whether a provider's handle may stand in clear; any other goes into the payload."""
    return re.fullmatch(PROVIDER_JOB, text) is not None
