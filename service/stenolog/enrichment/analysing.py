"""Analyse a result: which analyses are missing, what becomes of each. It runs beside the gateway.

Whoever names `analyse` loads nothing: models of text are loaded by the process that calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.enrichment.methods import METHODS, is_installed, made_as
from stenolog.enrichment.reading import Read, read_speech
from stenolog.enrichment.wanted import Result, missing_in
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.log.events.enrichments import Analysis, AnalysisMade, AnalysisOutcome
from stenolog.projections.documents import ProjectionFailed, encode
from stenolog.projections.enrichments import MEMBERS
from stenolog.projections.shaped.conversation import Conversation
from stenolog.wire.assemblyai.summaries import summary_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """What was made: how each analysis ended, and the members that were found, as JSON.

    `faults` says of each that has failed by a mistake of ours which, and the class of the error.
    """

    analyses: tuple[AnalysisMade, ...] = ()
    payload: bytes = b"{}"
    faults: tuple[str, ...] = ()


NOTHING = Enriched()


def analyse(result: Result, asked: Sequence[Analysis]) -> Enriched:
    """Make the analyses that are asked for and that the result lacks.

    One that fails ends as `failed`, and stops no other.

    Raises:
        MemoryError: There was not enough to read the result.
    """
    try:
        conversation, missing = missing_in(result, asked)
        return _made(conversation, result, missing) if missing else NOTHING
    except ProjectionFailed:  # the views say so
        return NOTHING


def given_up(asked: Sequence[Analysis]) -> Enriched:
    """Return what is recorded where no process could look at a result: each has failed.

    Where the provider told of one all the same, that stands.
    """
    return Enriched(analyses=tuple(made_as(one, "failed") for one in asked))


def _made(conversation: Conversation, result: Result, missing: Sequence[Analysis]) -> Enriched:
    said = read_speech(conversation)
    options = ThemeOptions.asked_in(result.params, summary_asked(result.params))
    analyses: list[AnalysisMade] = []
    members: dict[str, object] = {}
    faults: list[str] = []
    for analysis in missing:
        outcome = _obstacle(said, analysis)
        if outcome is None:
            # Loaded here: the gateway's own process knows this module.
            from stenolog.enrichment.findings import found  # noqa: PLC0415  # see above

            try:
                members[MEMBERS[analysis]] = found(analysis, said.speech, options)
                outcome = "found"
            except Exception as exc:  # a mistake of ours must not cost the transcript
                faults.append(f"{analysis}: {type(exc).__name__}")
                outcome = "failed"
        analyses.append(made_as(analysis, outcome))
    return Enriched(analyses=tuple(analyses), payload=encode(members), faults=tuple(faults))


def _obstacle(said: Read, analysis: Analysis) -> AnalysisOutcome | None:
    """Return why it cannot be made of this; None: it can."""
    if said.too_long:
        return "too-long"
    if not said.english:
        return "not-english"
    if not said.timed and not METHODS[analysis].of_text:
        return "no-word-times"
    return None if is_installed(analysis) else "not-installed"
