"""Say what is wrong with a value that a model refused, in our own words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN_CHARS_MAX = 60

# By pydantic's name of the error; what stands in braces is what the model asks for.
SENTENCES: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "path_type": "must be a path",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has not the form that it must have",
}
OTHER = "is not what it must be"


def said_of(error: Mapping[str, Any], *, shown: bool = False) -> str:
    """Return a sentence without a subject: `must be at least 1`.

    `error` is one of what pydantic's `ValidationError.errors()` returns. `shown` repeats the value
    where it is a short text or a number: never for a secret.
    """
    context: Mapping[str, Any] = error.get("ctx") or {}
    if error["type"] in ("value_error", "assertion_error"):  # a check of ours, in our words
        return str(context.get("error", OTHER))
    sentence = SENTENCES.get(error["type"], OTHER).format_map(context)
    value = error.get("input")
    if not shown or not isinstance(value, str | int | float):
        return sentence
    text = str(value)
    if len(text) > SHOWN_CHARS_MAX or not text.isprintable():
        return sentence
    return (
        f"{sentence}, and is {text!r}" if isinstance(value, str) else f"{sentence}, and is {text}"
    )
