"""What an event may say in clear: the kinds of values, and the shape of a type."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

INTEGER_MAX = 2**53 - 1  # RFC 8785: integers beyond this have no one representation

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ProviderJob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Count = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
SubmissionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
AttemptCount = Annotated[int, Field(ge=0, le=2**31 - 1)]
HttpStatus = Annotated[int, Field(ge=100, le=999)]


class EventData(BaseModel):
    """What an event of one type says in clear."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: ClassVar[str]
    public: ClassVar[bool]
    payload: ClassVar[str]
    """What the payload holds; empty when the type has none."""
