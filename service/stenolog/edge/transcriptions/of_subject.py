"""Find the transcriptions of a subject, to list them alone."""

from __future__ import annotations

from stenolog.edge.ports import StreamsOfSubject
from stenolog.errors import InvalidRequest
from stenolog.log.events.transcriptions import TRANSCRIPTION

SUBJECT_CHARS_MAX = 256
PAGE = 1_000
TRANSCRIPTIONS_MAX = 10_000
TOO_MANY = (
    f"has more than {TRANSCRIPTIONS_MAX:,} transcripts, which are not listed by it: list them all"
)


async def of_subject(streams_of: StreamsOfSubject, tenant: str, subject: str) -> tuple[str, ...]:
    """Return the ids of all transcriptions of a tenant that were asked for with this subject.

    Erased ones are not among them: nothing is kept of whom they were about.

    Raises:
        InvalidRequest: There are more than can be listed.
        StoreUnavailable: They cannot be read now.
    """
    found: list[str] = []
    after = ""
    while streams := await streams_of(tenant, subject, after=after, limit=PAGE):
        found += [one.removeprefix(TRANSCRIPTION) for one in streams]
        if len(found) > TRANSCRIPTIONS_MAX:
            raise InvalidRequest(f"subject {TOO_MANY}", [("subject", TOO_MANY)])
        after = streams[-1]
    return tuple(found)
