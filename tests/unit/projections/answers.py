"""Provider answers in AssemblyAI's shape, with words of our own."""

from __future__ import annotations

from typing import Any

SPOKEN = (
    ("A", "Good morning, this is the clinic."),
    ("B", "Hello, I would like to move my appointment."),
    ("B", "It is on Friday."),
    ("A", "Of course."),
)
WORD_MS, GAP_MS = 300, 100


def answer(**changes: Any) -> dict[str, Any]:
    """A completed transcript without any feature."""
    words = [dict(word, speaker=None) for one in utterances() for word in one["words"]]
    return {
        "id": "provider-job",
        "status": "completed",
        "audio_url": "https://provider.example/upload/9",
        "text": " ".join(text for _, text in SPOKEN),
        "words": words,
        "utterances": None,
        "confidence": 0.95,
        "audio_duration": 10,
        "language_code": "en_us",
        "webhook_url": "https://gateway.example/callbacks/assemblyai/our-token",
        "webhook_status_code": 204,
        "webhook_auth": True,
        "webhook_auth_header_name": "X-Stenolog-Callback",
        "webhook_auth_header_value": "our-secret",
        "speech_model": "universal-3-pro",
        "speech_model_used": "universal-2",
        "speaker_labels": False,
        "sentiment_analysis": False,
        "sentiment_analysis_results": None,
        "auto_chapters": False,
        "chapters": None,
        "entity_detection": False,
        "entities": None,
        "content_safety": False,
        "content_safety_labels": {"status": "unavailable", "results": [], "summary": {}},
        "not_in_any_document": {"kept": [1, 2.5, None]},
        **changes,
    }


def utterances() -> list[dict[str, Any]]:
    made, at = [], 200
    for speaker, text in SPOKEN:
        words = []
        for word in text.split():
            words.append(
                {
                    "text": word,
                    "start": at,
                    "end": at + WORD_MS,
                    "confidence": 0.9,
                    "speaker": speaker,
                }
            )
            at += WORD_MS + GAP_MS
        made.append(
            {
                "speaker": speaker,
                "text": text,
                "start": words[0]["start"],
                "end": words[-1]["end"],
                "confidence": 0.9,
                "words": words,
            }
        )
    return made


CHAPTERS = [
    {
        "gist": "An appointment",
        "headline": "A caller moves an appointment.",
        "summary": "The caller asks the clinic for another day.",
        "start": 200,
        "end": 7_500,
        "mood": "calm",
    }
]
SENTIMENT = [
    {
        "text": "Good morning, this is the clinic.",
        "start": 200,
        "end": 2_500,
        "sentiment": "POSITIVE",
        "confidence": 0.8,
        "speaker": "A",
    },
    {
        "text": "It is on Friday.",
        "start": 5_800,
        "end": 7_300,
        "sentiment": "NEUTRAL",
        "confidence": 0.7,
        "speaker": "B",
    },
]
ENTITIES = [{"entity_type": "date", "text": "Friday", "start": 7_000, "end": 7_300}]
CONTENT_SAFETY = {
    "status": "success",
    "results": [
        {
            "text": "Good morning, this is the clinic.",
            "labels": [{"label": "health_issues", "confidence": 0.9, "severity": 0.1}],
            "sentences_idx_start": 0,
            "sentences_idx_end": 0,
            "timestamp": {"start": 200, "end": 2_500},
        }
    ],
    "summary": {"health_issues": 0.9},
    "severity_score_summary": {"health_issues": {"low": 0.9, "medium": 0.1, "high": 0.0}},
}

TOPICS = {
    "status": "success",
    "results": [
        {
            "text": "Good morning, this is the clinic.",
            "labels": [{"relevance": 0.75, "label": "MedicalHealth"}],
            "timestamp": {"start": 200, "end": 2_500},
        }
    ],
    "summary": {"MedicalHealth": 1.0},
}
HIGHLIGHTS = {
    "status": "success",
    "results": [
        {
            "count": 1,
            "rank": 0.5,
            "text": "my appointment",
            "timestamps": [{"start": 5_000, "end": 5_700}],
        }
    ],
}
EVERYTHING: dict[str, Any] = {
    "speaker_labels": True,
    "auto_chapters": True,
    "sentiment_analysis": True,
    "entity_detection": True,
    "content_safety": True,
    "iab_categories": True,
    "auto_highlights": True,
    "summarization": True,
    "redact_pii": True,
}


def full_answer(**changes: Any) -> dict[str, Any]:
    """A completed transcript with every feature that has a view."""
    return answer(
        **{
            **EVERYTHING,
            "utterances": utterances(),
            "chapters": CHAPTERS,
            "sentiment_analysis_results": SENTIMENT,
            "entities": ENTITIES,
            "content_safety_labels": CONTENT_SAFETY,
            "iab_categories_result": TOPICS,
            "auto_highlights_result": HIGHLIGHTS,
            "summary": "A caller moves an appointment.",
            "summary_type": "headline",
            "summary_model": "informative",
            **changes,
        }
    )


def hour(words: int = 9_000, per_utterance: int = 25) -> dict[str, Any]:
    """An hour of speech with every feature."""
    spoken = [
        {
            "text": f"word{at % 977}",
            "start": at * 400,
            "end": at * 400 + 300,
            "confidence": 0.9 + (at % 97) / 1000,
            "speaker": "AB"[at // per_utterance % 2],
        }
        for at in range(words)
    ]
    turns = [spoken[at : at + per_utterance] for at in range(0, words, per_utterance)]
    said = [
        {
            "speaker": turn[0]["speaker"],
            "text": " ".join(str(word["text"]) for word in turn),
            "start": turn[0]["start"],
            "end": turn[-1]["end"],
            "confidence": 0.93,
            "words": turn,
        }
        for turn in turns
    ]
    return full_answer(
        words=spoken,
        utterances=said,
        text=" ".join(str(one["text"]) for one in said),
        sentiment_analysis_results=[
            {**SENTIMENT[0], "text": one["text"], "start": one["start"], "end": one["end"]}
            for one in said
        ],
        entities=[{**ENTITIES[0], "start": at * 10_000} for at in range(360)],
        chapters=[{**CHAPTERS[0], "start": at * 300_000} for at in range(12)],
        content_safety_labels={
            **CONTENT_SAFETY,
            "results": [
                {**CONTENT_SAFETY["results"][0], "timestamp": {"start": at * 40_000, "end": 0}}  # type: ignore[index]  # JSON, not typed
                for at in range(90)
            ],
        },
    )
