"""Say in the log what became of a submission, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from stenolog.commands.transcription.state import Transcription
from stenolog.errors import Concern

ADVICE: Mapping[Concern, str] = {
    "request": "the provider does not take this request; others go on",
    "account": "mend the provider's key or account; nothing is submitted before",
}
UNANSWERED_ADVICE = {
    True: "none is needed: the provider's list tells whether the job is there",
    False: "the provider has no list, so nobody can tell whether it has the job: it is asked for "
    "once more, and may be paid for twice",
}

log = structlog.get_logger()


def tell_elsewhere(state: Transcription, number: int) -> bool:
    """Tell, in a line too, whether submission `number` is at another place than the one before."""
    before = state.submission(number - 1)
    if before is None or before.place in {None, state.place}:
        return False
    log.warning(
        "submission.elsewhere",
        submission=number,
        provider=state.provider,
        before=before.outcome,
        refusal=before.refusal,
        advice="`stenolog doctor` asks the provider that was asked before",
    )
    return True
