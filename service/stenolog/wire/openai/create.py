"""Read the fields of a transcription's form as OpenAI does: which there are, and their types.

Source: OpenAI's API reference, "Create transcription" (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.errors import InvalidRequest
from stenolog.near_names import suggested
from stenolog.wire.openai.models import Model, model_of

Complaint = tuple[str, str]
Fields = Mapping[str, Sequence[str]]

FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
TIMED_FORMATS = frozenset({"srt", "verbose_json", "vtt", "diarized_json"})
STREAMED_FORMATS = frozenset({"json", "text", "diarized_json"})
GRANULARITIES = ("word", "segment")
SINGLE = frozenset(
    {
        "chunking_strategy",
        "language",
        "model",
        "prompt",
        "response_format",
        "stream",
        "temperature",
    }
)
# A client writes them with `[]` behind the name, once for each item.
LISTS = frozenset({"include", "keywords", "languages", "timestamp_granularities"})
# Nobody here can do these, so whoever needs them is told.
NOT_DONE = frozenset({"include", "known_speaker_names", "known_speaker_references"})
FILE_FIELD = "file"
KNOWN = SINGLE | LISTS | NOT_DONE
FLAGS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False, "": False}
TEMPERATURE_MAX = 1.0
VALUES_MAX = 1_000  # of one list
NAME_SHOWN_MAX = 64  # characters

ONCE = "must be given once"
IS_NOT_DONE = "is not done here: leave it out"
NEEDS_VERBOSE = "word times need response_format=verbose_json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A transcription that OpenAI would make.

    Attributes:
        temperature: Of sampling, 0 to 1; 0 asks for nothing.
        words: The answer has the times of words; `segments`: of sentences.
        stream: The text is to come as events.
    """

    model: str
    response_format: str = "json"
    language: str = ""
    languages: tuple[str, ...] = ()
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    temperature: float = 0.0
    words: bool = False
    segments: bool = True
    stream: bool = False
    own: Mapping[str, object] = field(default_factory=dict)

    @property
    def kind(self) -> Model:
        """What the model's name means here."""
        return model_of(self.model)

    @property
    def speakers(self) -> bool:
        """Whether speakers are told apart."""
        return self.kind.speakers or self.response_format == "diarized_json"


def read_create(values: Fields) -> Create:
    """Read a form's fields, without its file.

    Raises:
        InvalidRequest: Something is wrong, or cannot be done; `fields` has all of it.
    """
    given, complaints = _named(values)
    complaints += _complaints(given)
    if complaints:
        raise InvalidRequest("; ".join(f"{name} {why}" for name, why in complaints), complaints)
    one = {name: items[0] for name, items in given.items() if name in SINGLE}
    granularities = given.get("timestamp_granularities", ())
    model = one["model"]
    return Create(
        model=model,
        response_format=one.get("response_format") or "json",
        language=one.get("language", ""),
        languages=tuple(filter(None, given.get("languages", ()))),
        prompt=one.get("prompt", ""),
        keywords=tuple(filter(None, given.get("keywords", ()))),
        temperature=float(one.get("temperature") or 0),
        words="word" in granularities,
        segments=not granularities or "segment" in granularities,
        stream=model_of(model).streams and FLAGS[one.get("stream", "").lower()],
        own={name: list(items) if name in LISTS else items[0] for name, items in given.items()},
    )


def _named(values: Fields) -> tuple[dict[str, Sequence[str]], list[Complaint]]:
    """Return the values by the names that the reference has, and what is wrong with the names."""
    given: dict[str, Sequence[str]] = {}
    complaints: list[Complaint] = []
    for written, items in values.items():
        name, bracket, _ = written.partition("[")
        if name not in KNOWN or (bracket and name in SINGLE - {"chunking_strategy"}):
            complaints.append((written[:NAME_SHOWN_MAX], _unknown(written)))
        elif name in given:
            complaints.append((name, "is given in two ways"))
        else:
            # Members of the strategy stand in brackets, and `auto` alone is done.
            given[name] = ["in parts"] if bracket and name == "chunking_strategy" else items
    return given, complaints


def _unknown(written: str) -> str:
    near = suggested(written, KNOWN)
    return f"is not a field of this request{f'; did you mean {near}?' if near else ''}"


def _complaints(given: Fields) -> Iterator[Complaint]:
    if not given.get("model", ("",))[0]:
        yield "model", "must be given"
    for name, items in given.items():
        if name in SINGLE and len(items) > 1:
            yield name, ONCE
        elif len(items) > VALUES_MAX:
            yield name, f"has more than {VALUES_MAX} values"
        elif problem := _problem(name, items):
            yield name, problem
    wanted = given.get("response_format", ("json",))[0] or "json"
    if "word" in given.get("timestamp_granularities", ()) and wanted != "verbose_json":
        yield "timestamp_granularities", NEEDS_VERBOSE
    model, stream = given.get("model", ("",))[0], given.get("stream", ("",))[0]
    if FLAGS.get(stream.lower()) and model_of(model).streams and wanted not in STREAMED_FORMATS:
        yield "stream", f"goes with response_format {', '.join(sorted(STREAMED_FORMATS))}"


def _problem(name: str, items: Sequence[str]) -> str:
    """Return what is wrong with a field's values; empty: nothing."""
    value = items[0]
    match name:
        case "response_format" if value and value not in FORMATS:
            return f"must be one of: {', '.join(FORMATS)}"
        case "timestamp_granularities" if not set(items) <= set(GRANULARITIES):
            return f"must be of: {', '.join(GRANULARITIES)}"
        case "temperature" if value and not _is_share(value):
            return "must be a number from 0 to 1"
        case "stream" if value.lower() not in FLAGS:
            return "must be true or false"
        case "chunking_strategy" if value not in ("", "auto"):
            return "must be auto: the provider chooses where audio is cut"
        case _ if name in NOT_DONE and any(items):
            return IS_NOT_DONE
        case _:
            return ""


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) <= TEMPERATURE_MAX
    except ValueError:
        return False
