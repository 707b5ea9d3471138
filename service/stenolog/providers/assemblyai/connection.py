"""Send requests to AssemblyAI's REST API, and know a limit that it calls forbidden."""

from __future__ import annotations

from dataclasses import replace

from stenolog.egress.client import Answer
from stenolog.providers.assemblyai.answers import error_told
from stenolog.providers.connection import Connection
from stenolog.providers.port import RequestKind
from stenolog.wire.assemblyai.sentences import FORBIDDEN, THROTTLED, is_limit

ONE_JOB = "/v2/transcript?limit=1"  # the smallest request that an account over its limit is refused


class AssemblyAIConnection(Connection):
    """One account of AssemblyAI's, or of the engine, which speaks the same."""

    async def judged(self, kind: RequestKind, answer: Answer) -> Answer:
        """Return the answer, a 403 that means 429 as that.

        Over a limit the service can say 403 in the place of 429. That is read as 429, unless a
        list is answered: then the 403 is about this request alone, and holds nobody else up. One
        that is not in the service's own shape says nothing of a limit.
        """
        told = error_told(answer.body) if answer.status == FORBIDDEN else None
        if told is None or not is_limit(told):
            return answer
        if kind != "list":
            listed = await self.ask_beside("list", ONE_JOB)
            if listed is not None and listed.status < FORBIDDEN:
                return answer
        return replace(answer, status=THROTTLED)
