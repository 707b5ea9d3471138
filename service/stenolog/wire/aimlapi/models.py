"""List AIMLAPI's speech-to-text models, and what follows from a model's family.

Source: AIMLAPI's documentation of speech-to-text and the schemas beside it (2026-08). Names that
nobody here knows are normal: a new family appears every few months.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Family = Literal["assemblyai", "nova-3", "nova-2", "whisper", "openai", "microsoft", "unknown"]

MODEL_DEFAULT = "aai/universal"  # it takes AssemblyAI's parameters, and answers in its shape
NOVA_2 = (
    "general",
    "automotive",
    "conversationalai",
    "drivethru",
    "finance",
    "medical",
    "meeting",
    "phonecall",
    "video",
    "voicemail",
)
WHISPER = ("tiny", "base", "small", "medium", "large")
# The `#` is a part of the id.
MODELS: Mapping[str, Family] = {
    "aai/universal": "assemblyai",
    "aai/slam-1": "assemblyai",
    **{name: "nova-3" for name in ("nova-3", "nova-3-general", "nova-3-medical")},
    **{f"#g1_nova-2-{name}": "nova-2" for name in NOVA_2},
    **{f"#g1_whisper-{name}": "whisper" for name in WHISPER},
    "openai/gpt-4o-transcribe": "openai",
    "openai/gpt-4o-mini-transcribe": "openai",
    "microsoft/mai-transcribe-1.5": "microsoft",
}
# What schemas and AssemblyAI's own clients call some of them.
ALIASES: Mapping[str, str] = {
    "universal": "aai/universal",
    "slam-1": "aai/slam-1",
    "nova-2-general": "#g1_nova-2-general",
    **{f"whisper-{name}": f"#g1_whisper-{name}" for name in WHISPER},
}
# A model that is not listed is recognised by how its maker's models are named.
PREFIXES: Mapping[str, Family] = {
    "aai/": "assemblyai",
    "nova-3": "nova-3",
    "#g1_nova-2": "nova-2",
    "#g1_whisper": "whisper",
    "openai/": "openai",
    "microsoft/": "microsoft",
}
DEEPGRAM: frozenset[Family] = frozenset({"nova-3", "nova-2", "whisper"})
ASSEMBLYAI: frozenset[Family] = frozenset({"assemblyai"})
TEXT_ONLY: frozenset[Family] = frozenset({"openai", "microsoft"})
MODEL = re.compile(r"[A-Za-z0-9#._/:-]{1,128}")  # as all of them are formed


def family_of(model: str) -> Family:
    """Return the family of a model; `unknown` for one that nobody here knows."""
    known = MODELS.get(model)
    if known is not None:
        return known
    return next(
        (family for prefix, family in PREFIXES.items() if model.startswith(prefix)), "unknown"
    )


def model_named(name: str) -> str | None:
    """Return the model that a name means; None where it names none of AIMLAPI's.

    A name with a maker, as in `elevenlabs/scribe_v2`, is taken for a model that is not listed yet.
    """
    name = ALIASES.get(name, name)
    return name if name in MODELS or "/" in name or family_of(name) != "unknown" else None


def file_field(model: str) -> str:
    """Return the name of the form's field that holds the audio."""
    return "file" if family_of(model) == "openai" else "audio"


def waiting_words(model: str) -> tuple[str, str]:
    """Return what an unfinished job is called: not begun yet, and at work.

    The documented clients of each family wait while they read these words, and no others.
    """
    return ("queued", "generating") if family_of(model) in TEXT_ONLY else ("waiting", "active")
