"""Say which parameters are answered here where a provider lacks them, and what forbids it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from stenolog.enrichment.methods import is_installed
from stenolog.projections.enrichments import ANALYSES
from stenolog.wire.assemblyai.rules import COMPANIONS
from stenolog.wire.assemblyai.summaries import summary_complaints

OFFERED = frozenset(ANALYSES) | COMPANIONS.keys()


def obstacles(params: Mapping[str, object], lacking: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what cannot be made here of the analyses that a provider lacks, and why.

    What is learned of the result alone (its language, no times of words) is told beside it.
    """
    code = params.get("language_code")
    english = not isinstance(code, str) or code.lower().replace("-", "_").split("_")[0] == "en"
    for analysis in ANALYSES:
        if analysis not in lacking:
            continue
        if not english:
            yield (
                analysis,
                f"{analysis} is not offered by the provider's model, and is made here of English "
                "alone",
            )
        elif not is_installed(analysis):
            yield (
                analysis,
                f"{analysis} is not offered by the provider's model, and here it needs the package "
                "wordllama, which the extra [engine] installs on x86-64 with Python 3.11 to 3.13",
            )
    if "summarization" in lacking:
        yield from summary_complaints(params)
